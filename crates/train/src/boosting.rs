//! Boosted trees: choosing parameters by folds of whole days, then the final fit.

use std::rc::Rc;

use curbside::Limits;
use curbside::model::{Node, Rule, TreeEnsemble};
use curbside::num::nearest_f32;
use curbside_import::lightgbm::LightGbmModel;
use ndarray::{Array2, Axis, concatenate, s};

use crate::columns;
use crate::encoded::{Encoded, Rows};
use crate::error::{TrainError, TrainErrorKind};
use crate::folds::FOLDS;
use crate::importance;
use crate::lightgbm::{Booster, Dataset};
use crate::parameters::BoostingParameters;
use crate::progress::Progress;

/// Between which minutes estimates are kept.
pub(crate) const BOUNDS: (f64, f64) = (1.0, 60.0);

/// Leaves are multiples of one in so many minutes: the sum over 300 trees is then off by half a second at most by chance.
const LEAF_STEPS: f64 = 1024.0;

/// News every so many trees.
const NEWS: usize = 50;

/// What the folds said of the chosen parameters.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) parameters: BoostingParameters,
    /// Minutes estimated of each ride by the model that has not seen its day, clipped, with the distance as recorded.
    pub(crate) given: Vec<f64>,
    /// The same rides without a distance.
    pub(crate) without_distance: Vec<f64>,
}

/// Parameters to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) parameters: BoostingParameters,
    /// Which it is, from 1, and of how many.
    pub(crate) place: (usize, usize),
}

/// One candidate's models, one for each fold that it has not seen.
struct FoldModels {
    parameters: BoostingParameters,
    place: (usize, usize),
    boosters: Vec<Booster>,
    /// Squared errors of all folds by number of trees.
    squared: Vec<f64>,
}

/// The rides of one fold, encoded as its models would meet them.
struct LeftOut {
    rows: Vec<usize>,
    given: Array2<f64>,
    without_distance: Array2<f64>,
}

/// Rides with some set of statistics, ready to grow trees from.
pub(crate) struct Examples<'a> {
    encoded: &'a Encoded<'a>,
    /// The columns that the trees read: all but the last.
    names: &'a [String],
    categorical: Vec<usize>,
}

impl<'a> Examples<'a> {
    pub(crate) fn new(encoded: &'a Encoded<'a>) -> Examples<'a> {
        let names = encoded.names().split_last().map_or(&[][..], |(_, names)| names);
        Examples { encoded, names, categorical: columns::categorical(names) }
    }

    /// Tries every candidate on folds of whole days, and says which one errs least on the days left out, with how many
    /// trees; gives its error too.
    pub(crate) fn choose(
        &self,
        candidates: &[Candidate],
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<(f64, Chosen), TrainError> {
        let mut models: Vec<FoldModels> = candidates.iter().map(|candidate| FoldModels::new(*candidate)).collect();
        let mut folds = Vec::new();
        for fold in 0..FOLDS {
            let inside = self.encoded.rows(|f| f != fold);
            let rows = self.encoded.rows(|f| f == fold);
            let encoded = self.encoded.leaving_out(Some(fold))?;
            for models in &mut models {
                self.grow_fold(models, (fold, &inside, &rows), &encoded, progress)?;
            }
            let select = |matrix: &Array2<f64>| self.columns_of(matrix, &rows);
            let (given, without_distance) = (select(&encoded.given), select(&encoded.without_distance));
            folds.push(LeftOut { rows, given, without_distance });
        }
        let rides = count(self.encoded.minutes().len());
        let mut best: Option<(f64, FoldModels)> = None;
        for mut models in models {
            let least = models.squared.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
            let (trees, sum) = least.map_or((1, 0.0), |(index, sum)| (index + 1, sum));
            models.parameters.num_iterations = trees;
            let rmse = (sum / rides).sqrt();
            let by_trees = models.squared.iter().map(|sum| (sum / rides).sqrt()).collect();
            let (parameters, (candidate, _)) = (models.parameters.to_string(), models.place);
            progress(&Progress::Candidate { candidate, parameters, trees, rmse, by_trees });
            if best.as_ref().is_none_or(|(least, _)| rmse < *least) {
                best = Some((rmse, models));
            }
        }
        let none = || TrainError::new(TrainErrorKind::Config, "expected at least one candidate, found none");
        let (rmse, best) = best.ok_or_else(none)?;
        let (mut given, mut without_distance) = (vec![0.0; self.encoded.minutes().len()], Vec::new());
        without_distance.clone_from(&given);
        for (fold, booster) in folds.iter().zip(&best.boosters) {
            let trees = best.parameters.num_iterations;
            for (matrix, minutes) in [(&fold.given, &mut given), (&fold.without_distance, &mut without_distance)] {
                for (row, estimate) in fold.rows.iter().zip(booster.predict(&matrix.view(), trees)?) {
                    minutes[*row] = estimate.clamp(BOUNDS.0, BOUNDS.1);
                }
            }
        }
        Ok((rmse, Chosen { parameters: best.parameters, given, without_distance }))
    }

    fn grow_fold(
        &self,
        models: &mut FoldModels,
        (fold, inside, outside): (usize, &[usize], &[usize]),
        encoded: &Rows,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<(), TrainError> {
        let parameters = models.parameters;
        let text = parameters.to_lightgbm(&self.categorical);
        let train = Rc::new(self.dataset(encoded, inside, Some(parameters.without_distance_weight), &text, None)?);
        let valid = Rc::new(self.dataset(encoded, outside, None, &text, Some(&train))?);
        let mut booster = Booster::new(&train, Some(&valid), self.names.len(), &text)?;
        let (mut grows, mut curve) = (true, Vec::with_capacity(models.squared.len()));
        for (trees, sum) in models.squared.iter_mut().enumerate() {
            grows = grows && booster.update()?;
            let mean = booster.validation_metric()?;
            curve.push(mean.sqrt());
            *sum += mean * count(outside.len());
            if (trees + 1) % NEWS == 0 {
                let (candidate, candidates) = models.place;
                let (fold, trees, rmse) = (fold + 1, trees + 1, mean.sqrt());
                progress(&Progress::Fold { candidate, candidates, fold, folds: FOLDS, trees, rmse });
            }
        }
        progress(&Progress::FoldGrown { candidate: models.place.0, fold: fold + 1, rmse: curve });
        models.boosters.push(booster);
        Ok(())
    }

    /// The model of all rides, as LightGBM's text says it.
    pub(crate) fn fit(
        &self,
        encoded: &Rows,
        parameters: BoostingParameters,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<LightGbmModel, TrainError> {
        let text = parameters.to_lightgbm(&self.categorical);
        let again = Some(parameters.without_distance_weight);
        let train = Rc::new(self.dataset(encoded, &self.encoded.rows(|_| true), again, &text, None)?);
        let mut booster = Booster::new(&train, None, self.names.len(), &text)?;
        for tree in 1..=parameters.num_iterations {
            if !booster.update()? {
                break;
            }
            if tree % NEWS == 0 {
                progress(&Progress::Final { trees: tree, of: parameters.num_iterations });
            }
        }
        progress(&Progress::Gains(importance::gains(self.names, &booster.gains()?)));
        model_of(&booster, self.names)
    }

    /// What the trees read of some rides.
    fn columns_of(&self, matrix: &Array2<f64>, rows: &[usize]) -> Array2<f64> {
        matrix.slice(s![.., ..self.names.len()]).select(Axis(0), rows)
    }

    /// The rows of some rides as asked; with a weight, then again without their distance, each counting that much.
    fn dataset(
        &self,
        encoded: &Rows,
        rows: &[usize],
        again: Option<f32>,
        parameters: &str,
        reference: Option<&Dataset>,
    ) -> Result<Dataset, TrainError> {
        let given = self.columns_of(&encoded.given, rows);
        let mut labels: Vec<f32> = rows.iter().map(|row| nearest_f32(self.encoded.minutes()[*row])).collect();
        let mut weights = vec![1.0; rows.len()];
        let matrix = if let Some(weight) = again.filter(|weight| *weight > 0.0) {
            labels.extend_from_within(..);
            weights.resize(2 * rows.len(), weight);
            concatenate![Axis(0), given, self.columns_of(&encoded.without_distance, rows)]
        } else {
            given
        };
        Ok(Dataset::new(&matrix.view(), self.names, &labels, &weights, parameters, reference)?)
    }
}

impl FoldModels {
    fn new(Candidate { parameters, place }: Candidate) -> FoldModels {
        FoldModels { parameters, place, boosters: Vec::new(), squared: vec![0.0; parameters.num_iterations] }
    }
}

/// The trees that LightGBM has grown over these columns.
pub(crate) fn model_of(booster: &Booster, names: &[String]) -> Result<LightGbmModel, TrainError> {
    let model = curbside_import::lightgbm::read(&booster.to_text()?, &Limits::default())?;
    if model.feature_names != names {
        let message = format!("expected LightGBM to keep the columns {names:?}, found {:?}", model.feature_names);
        return Err(TrainError::new(TrainErrorKind::LightGbm, message));
    }
    Ok(model)
}

/// The same ensemble with its thresholds rounded to `f32` and its leaves to [`LEAF_STEPS`] of a minute: a third of the bytes
/// on the wire. This is the model that is measured and shipped.
///
/// Thresholds go down: a threshold between two neighbouring `f32` values, as two zone centres may be, would else land on the
/// upper one and let it pass.
pub(crate) fn rounded(ensemble: &TreeEnsemble) -> TreeEnsemble {
    let mut ensemble = ensemble.clone();
    for node in ensemble.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
        match node {
            Node::Leaf(value) => *value = f64::from(nearest_f32((*value * LEAF_STEPS).round() / LEAF_STEPS)),
            Node::Split(split) => {
                if let Rule::Numeric { threshold, .. } = &mut split.rule {
                    *threshold = largest_f32_up_to(*threshold);
                }
            }
        }
    }
    ensemble
}

/// The largest `f32` that is not above `x`; a finite `x` stays finite.
fn largest_f32_up_to(x: f64) -> f64 {
    let nearest = nearest_f32(x);
    let below = if f64::from(nearest) > x { nearest.next_down() } else { nearest };
    f64::from(below.max(f32::MIN))
}

/// A number of rides as a double.
#[expect(clippy::cast_precision_loss, reason = "rides are counted in millions, far below 2^53")]
pub(crate) fn count(rides: usize) -> f64 {
    rides as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;
    use crate::statistics::Statistics;
    use curbside::bundle::Card;
    use curbside::features::ZonePairs;
    use curbside::model::{Calibration, Model, Target};
    use curbside::{Bundle, Estimator};
    use curbside_evaluate::Within;
    use curbside_tlc::Taxi;
    use curbside_tlc::simulate::{SimulationConfig, simulate, write_parquet};
    use curbside_tlc::zones;

    #[test]
    fn thresholds_are_rounded_down() {
        // Two neighbouring f32 values, and the threshold that LightGBM puts between them: as an f32 it must keep them apart.
        let (low, high) = (40.818_256_f32, 40.818_256_f32.next_up());
        let between = f64::midpoint(f64::from(low), f64::from(high)).next_up();
        assert_eq!(nearest_f32(between).to_bits(), high.to_bits(), "the nearest would not");
        for (x, expected) in [
            (between, f64::from(low)),
            (-between, -f64::from(high)),
            (0.5, 0.5),
            (-0.0, -0.0),
            (1e300, f64::from(f32::MAX)),
            (-1e300, f64::from(f32::MIN)),
        ] {
            assert_eq!(largest_f32_up_to(x).to_bits(), f64::to_bits(expected), "{x}");
        }
    }

    #[test]
    fn the_engine_predicts_what_lightgbm_predicts_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("green_tripdata_simulated_2021-01.parquet");
        let month = "2021-01".parse().unwrap();
        let config = SimulationConfig { seed: 3, month, rides: 4000, taxi: Taxi::Green };
        write_parquet(&path, &config, simulate(&config, &zones::grid()).unwrap()).unwrap();
        let rides = curbside_evaluate::read(&[path], Within::NamedMonth, &mut |_| ()).unwrap().into_rides();
        let table = columns::zones(&zones::grid());
        let line = crate::distance::fit(&rides, &table).unwrap();
        let statistics = Statistics { zone_hours: true, ..Statistics::PAIRS };
        let encoded = Encoded::new(&rides, &table, line, statistics).unwrap();
        let rows = encoded.leaving_out(None).unwrap();
        let examples = Examples::new(&encoded);

        let parameters = BoostingParameters { num_iterations: 30, statistics, ..BoostingParameters::default() };
        let text = parameters.to_lightgbm(&examples.categorical);
        let again = Some(parameters.without_distance_weight);
        let everything = encoded.rows(|_| true);
        let dataset = Rc::new(examples.dataset(&rows, &everything, again, &text, None).unwrap());
        let mut booster = Booster::new(&dataset, None, examples.names.len(), &text).unwrap();
        for _ in 0..parameters.num_iterations {
            booster.update().unwrap();
        }
        let LightGbmModel { ensemble, background, .. } = examples.fit(&rows, parameters, &mut |_| ()).unwrap();
        assert!(background.is_some(), "how many rides each leaf had");
        let has_sets = ensemble.splits().any(|split| matches!(split.rule, Rule::Categorical { .. }));
        assert!(has_sets, "boroughs are categories, so some split must be over a set of them");
        let bundle = Bundle {
            card: Card::default(),
            target: Target { name: "duration".into(), unit: "minutes".into(), low: -1e9, high: 1e9 },
            features: encoded.features().unwrap(),
            zones: table.clone(),
            pairs: ZonePairs::default(),
            model: Model::Ensemble(ensemble),
            background,
            calibration: Calibration::default(),
            golden: Vec::new(),
        };
        let estimator = Estimator::from_bundle(bundle, &Limits::default()).unwrap();
        for matrix in [&rows.given, &rows.without_distance] {
            let theirs = examples.columns_of(matrix, &everything);
            let theirs = booster.predict(&theirs.view(), parameters.num_iterations).unwrap();
            let ours = estimator.predict_matrix(&matrix.view()).unwrap();
            let differ = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours.to_bits() != theirs.to_bits()).count();
            assert_eq!(differ, 0, "of {} rides", theirs.len());
        }
    }
}
