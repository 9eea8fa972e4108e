//! Boosted trees: choosing parameters by folds of whole days, then the final fit.

use std::rc::Rc;

use curbside::Limits;
use curbside::bundle::Metrics;
use curbside::features::Encoder;
use curbside::model::{Node, Rule, TreeEnsemble};
use curbside::num::nearest_f32;
use curbside_evaluate::{ErrorSums, Rides};
use ndarray::{Array2, Axis, concatenate};

use crate::columns;
use crate::error::{TrainError, TrainErrorKind};
use crate::folds::{self, FOLDS};
use crate::lightgbm::{Booster, Dataset};
use crate::parameters::BoostingParameters;
use crate::progress::Progress;

/// Between which minutes estimates are kept.
pub(crate) const BOUNDS: (f64, f64) = (1.0, 60.0);

/// News every so many trees.
const NEWS: usize = 50;

/// The encoded rides.
pub(crate) struct Examples {
    /// One row a ride, as the caller asked.
    given: Array2<f64>,
    /// The same rides without their distance.
    without_distance: Array2<f64>,
    minutes: Vec<f64>,
    folds: Vec<usize>,
    names: Vec<String>,
    categorical: Vec<usize>,
}

/// What the folds said of the chosen parameters.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) parameters: BoostingParameters,
    /// On the days left out, clipped, with the distance as recorded.
    pub(crate) folds: Metrics,
    /// The same rides without a distance.
    pub(crate) folds_without_distance: Metrics,
}

/// One candidate's models, each with the fold it has not seen.
struct FoldModels {
    parameters: BoostingParameters,
    boosters: Vec<(usize, Booster)>,
    rmse: f64,
}

impl Examples {
    pub(crate) fn new(rides: &Rides, encoder: &Encoder) -> Examples {
        let names: Vec<String> = encoder.spec().columns.iter().map(|column| column.name.clone()).collect();
        let is_categorical = |name: &String| columns::CATEGORICAL.contains(&name.as_str());
        Examples {
            given: encoder.encode_batch(rides.trips.iter()),
            without_distance: encoder.encode_batch(rides.without_distance().iter()),
            minutes: rides.minutes.clone(),
            folds: folds::by_day(&rides.days),
            categorical: (0..names.len()).filter(|index| is_categorical(&names[*index])).collect(),
            names,
        }
    }

    /// The rows of some rides as asked; with a weight, then again without their distance, each counting that much.
    fn dataset(
        &self,
        rows: &[usize],
        again: Option<f32>,
        parameters: &str,
        reference: Option<&Dataset>,
    ) -> Result<Dataset, TrainError> {
        let given = self.given.select(Axis(0), rows);
        let mut labels: Vec<f32> = rows.iter().map(|row| nearest_f32(self.minutes[*row])).collect();
        let mut weights = vec![1.0; rows.len()];
        let matrix = if let Some(weight) = again.filter(|weight| *weight > 0.0) {
            labels.extend_from_within(..);
            weights.resize(2 * rows.len(), weight);
            concatenate![Axis(0), given, self.without_distance.select(Axis(0), rows)]
        } else {
            given
        };
        Ok(Dataset::new(&matrix.view(), &self.names, &labels, &weights, parameters, reference)?)
    }

    fn rows(&self, keep: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.folds.len()).filter(|row| keep(self.folds[*row])).collect()
    }

    /// Tries every candidate on folds of whole days, and says which one errs least on the days left out, with how many
    /// trees.
    pub(crate) fn choose(
        &self,
        candidates: &[BoostingParameters],
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<Chosen, TrainError> {
        let mut best: Option<FoldModels> = None;
        for (index, candidate) in candidates.iter().enumerate() {
            let place = (index + 1, candidates.len());
            let models = self.try_candidate(*candidate, place, progress)?;
            progress(&Progress::Candidate {
                parameters: models.parameters.to_string(),
                trees: models.parameters.num_iterations,
                rmse: models.rmse,
            });
            if best.as_ref().is_none_or(|best| models.rmse < best.rmse) {
                best = Some(models);
            }
        }
        let none = || TrainError::new(TrainErrorKind::Config, "expected at least one candidate, found none");
        let best = best.ok_or_else(none)?;
        Ok(Chosen {
            parameters: best.parameters,
            folds: self.out_of_fold(&best, &self.given)?,
            folds_without_distance: self.out_of_fold(&best, &self.without_distance)?,
        })
    }

    fn try_candidate(
        &self,
        mut parameters: BoostingParameters,
        (candidate, candidates): (usize, usize),
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<FoldModels, TrainError> {
        let text = parameters.to_lightgbm(&self.categorical);
        // Squared errors of all folds by number of trees.
        let mut squared = vec![0.0; parameters.num_iterations];
        let mut boosters = Vec::new();
        for fold in 0..FOLDS {
            let (inside, outside) = (self.rows(|f| f != fold), self.rows(|f| f == fold));
            if inside.is_empty() || outside.is_empty() {
                let message = "expected rides of at least 5 days to choose by folds of whole days, found fewer";
                return Err(TrainError::new(TrainErrorKind::NoRides, message));
            }
            let train = Rc::new(self.dataset(&inside, Some(parameters.without_distance_weight), &text, None)?);
            let valid = Rc::new(self.dataset(&outside, None, &text, Some(&train))?);
            let mut booster = Booster::new(&train, Some(&valid), self.names.len(), &text)?;
            let mut grows = true;
            for (trees, sum) in squared.iter_mut().enumerate() {
                grows = grows && booster.update()?;
                let mean = booster.validation_metric()?;
                *sum += mean * count(outside.len());
                if (trees + 1) % NEWS == 0 {
                    let (fold, trees, rmse) = (fold + 1, trees + 1, mean.sqrt());
                    progress(&Progress::Fold { candidate, candidates, fold, folds: FOLDS, trees, rmse });
                }
            }
            boosters.push((fold, booster));
        }
        let least = squared.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        let (trees, sum) = least.map_or((1, 0.0), |(index, sum)| (index + 1, sum));
        parameters.num_iterations = trees;
        Ok(FoldModels { parameters, boosters, rmse: (sum / count(self.minutes.len())).sqrt() })
    }

    /// Error of each ride's estimate by the model that has not seen its day, clipped as estimates are.
    fn out_of_fold(&self, models: &FoldModels, matrix: &Array2<f64>) -> Result<Metrics, TrainError> {
        let mut sums = ErrorSums::default();
        for (fold, booster) in &models.boosters {
            let rows = self.rows(|f| f == *fold);
            let estimates = booster.predict(&matrix.select(Axis(0), &rows).view(), models.parameters.num_iterations)?;
            for (row, estimate) in rows.iter().zip(estimates) {
                sums.add(estimate.clamp(BOUNDS.0, BOUNDS.1), self.minutes[*row]);
            }
        }
        Ok(sums.metrics())
    }

    /// The model of all rides, as LightGBM's text says it.
    pub(crate) fn fit(
        &self,
        parameters: BoostingParameters,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<TreeEnsemble, TrainError> {
        let text = parameters.to_lightgbm(&self.categorical);
        let again = Some(parameters.without_distance_weight);
        let train = Rc::new(self.dataset(&self.rows(|_| true), again, &text, None)?);
        let mut booster = Booster::new(&train, None, self.names.len(), &text)?;
        for tree in 1..=parameters.num_iterations {
            if !booster.update()? {
                break;
            }
            if tree % NEWS == 0 {
                progress(&Progress::Final { trees: tree, of: parameters.num_iterations });
            }
        }
        let model = curbside_import::lightgbm::read(&booster.to_text()?, &Limits::default())?;
        if model.feature_names != self.names {
            let message =
                format!("expected LightGBM to keep the columns {:?}, found {:?}", self.names, model.feature_names);
            return Err(TrainError::new(TrainErrorKind::LightGbm, message));
        }
        Ok(model.ensemble)
    }
}

/// The same ensemble with leaves and thresholds rounded to `f32`: half the bytes on the wire. This is the model that is
/// measured and shipped.
///
/// Leaves go to the nearest, thresholds down: a threshold between two neighbouring `f32` values, as two zone centres may be,
/// would else land on the upper one and let it pass.
pub(crate) fn rounded(ensemble: &TreeEnsemble) -> TreeEnsemble {
    let mut ensemble = ensemble.clone();
    for node in ensemble.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
        match node {
            Node::Leaf(value) => *value = f64::from(nearest_f32(*value)),
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
fn count(rides: usize) -> f64 {
    rides as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;
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
        let spec = columns::boosted(crate::distance::fit(&rides, &table).unwrap()).unwrap();
        let examples = Examples::new(&rides, &Encoder::new(spec.clone(), &table).unwrap());

        let parameters = BoostingParameters { num_iterations: 30, ..BoostingParameters::default() };
        let text = parameters.to_lightgbm(&examples.categorical);
        let again = Some(parameters.without_distance_weight);
        let dataset = Rc::new(examples.dataset(&examples.rows(|_| true), again, &text, None).unwrap());
        let mut booster = Booster::new(&dataset, None, examples.names.len(), &text).unwrap();
        for _ in 0..parameters.num_iterations {
            booster.update().unwrap();
        }
        let ensemble = examples.fit(parameters, &mut |_| ()).unwrap();
        let has_sets = ensemble.splits().any(|split| matches!(split.rule, Rule::Categorical { .. }));
        assert!(has_sets, "boroughs are categories, so some split must be over a set of them");
        let bundle = Bundle {
            card: Card::default(),
            target: Target { name: "duration".into(), unit: "minutes".into(), low: -1e9, high: 1e9 },
            features: spec,
            zones: table,
            pairs: ZonePairs::default(),
            model: Model::Ensemble(ensemble),
            calibration: Calibration::default(),
            golden: Vec::new(),
        };
        let estimator = Estimator::from_bundle(bundle, &Limits::default()).unwrap();
        for matrix in [&examples.given, &examples.without_distance] {
            let theirs = booster.predict(&matrix.view(), parameters.num_iterations).unwrap();
            let ours = estimator.predict_matrix(&matrix.view()).unwrap();
            let differ = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours.to_bits() != theirs.to_bits()).count();
            assert_eq!(differ, 0, "of {} rides", theirs.len());
        }
    }
}
