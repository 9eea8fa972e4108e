//! What the trees are grown by.

use std::fmt;

use crate::statistics::Statistics;

/// Parameters of one boosted model: all but the last are LightGBM's, in its names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoostingParameters {
    /// Most trees; the folds may stop earlier.
    pub num_iterations: usize,
    /// Most leaves of a tree.
    pub num_leaves: usize,
    /// Shrinkage of each tree.
    pub learning_rate: f64,
    /// Penalty on squared leaf values.
    pub lambda_l2: f64,
    /// Fewest rides in a leaf.
    pub min_data_in_leaf: usize,
    /// Share of columns that a tree may use.
    pub feature_fraction: f64,
    /// Share of rides that a tree learns from, drawn anew for each tree.
    pub bagging_fraction: f64,
    /// Of all random choices.
    pub seed: u32,
    /// Every ride is learnt from twice: as recorded, and, counting this much, as asked for by someone who does not know the
    /// distance. 0 leaves the second out.
    pub without_distance_weight: f32,
    /// The statistics tables that the trees read.
    pub statistics: Statistics,
}

impl Default for BoostingParameters {
    /// What folds of whole days of January 2021 chose (docs/accuracy.md).
    fn default() -> BoostingParameters {
        BoostingParameters {
            num_iterations: 300,
            num_leaves: 31,
            learning_rate: 0.14,
            lambda_l2: 20.0,
            min_data_in_leaf: 30,
            feature_fraction: 0.9,
            bagging_fraction: 0.8,
            seed: 1,
            without_distance_weight: 0.2,
            statistics: Statistics::DETOURS,
        }
    }
}

impl BoostingParameters {
    /// What is wrong with the parameters, if anything is.
    pub(crate) fn fault(&self) -> Option<String> {
        let share = |x: f64| x > 0.0 && x <= 1.0;
        let rows = [
            ((1..=10_000).contains(&self.num_iterations), "num_iterations", "1 to 10,000"),
            ((2..=4096).contains(&self.num_leaves), "num_leaves", "2 to 4,096"),
            (self.learning_rate > 0.0 && self.learning_rate <= 1.0, "learning_rate", "above 0, at most 1"),
            (self.lambda_l2 >= 0.0 && self.lambda_l2.is_finite(), "lambda_l2", "a finite number, not negative"),
            (self.min_data_in_leaf >= 1, "min_data_in_leaf", "at least 1"),
            (share(self.feature_fraction), "feature_fraction", "above 0, at most 1"),
            (share(self.bagging_fraction), "bagging_fraction", "above 0, at most 1"),
            ((0.0..=1.0).contains(&self.without_distance_weight), "without_distance_weight", "0 to 1"),
        ];
        rows.iter().find(|row| !row.0).map(|(_, name, expected)| format!("{name}: expected {expected}, found {self}"))
    }

    /// As LightGBM reads them, with what makes two runs give the same bits.
    ///
    /// `categorical` are the indices of the columns that are categories.
    pub(crate) fn to_lightgbm(self, categorical: &[usize]) -> String {
        let mut text = format!(
            "objective=regression metric=l2 {} deterministic=true force_row_wise=true num_threads=1 verbosity=-1",
            self.growing()
        );
        if !categorical.is_empty() {
            let indices: Vec<String> = categorical.iter().map(ToString::to_string).collect();
            text.push_str(" categorical_feature=");
            text.push_str(&indices.join(","));
        }
        text
    }

    /// Name and value of each, for the card.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        self.to_string()
            .split(' ')
            .filter_map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect()
    }
}

impl BoostingParameters {
    /// Those of LightGBM, as it reads them.
    fn growing(&self) -> String {
        format!(
            "num_iterations={} num_leaves={} learning_rate={} lambda_l2={} min_data_in_leaf={} feature_fraction={} \
             bagging_fraction={} bagging_freq=1 seed={}",
            self.num_iterations,
            self.num_leaves,
            self.learning_rate,
            self.lambda_l2,
            self.min_data_in_leaf,
            self.feature_fraction,
            self.bagging_fraction,
            self.seed
        )
    }
}

impl fmt::Display for BoostingParameters {
    /// All of them as `name=value`, LightGBM's first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (weight, statistics) = (self.without_distance_weight, self.statistics);
        write!(f, "{} without_distance_weight={weight} statistics={statistics}", self.growing())
    }
}
