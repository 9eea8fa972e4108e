//! How sure the model is: a second, small ensemble for the size of its error, and quantiles of what is left.
//!
//! Everything is learnt from rides of days that the models at work had not seen: the errors come from the folds' models, and
//! the sizes that they are divided by from ensembles that have not seen the fold either.

use std::rc::Rc;

use curbside::model::{IntervalModel, Model, Quantiles};
use curbside::num::nearest_f32;
use curbside::trip::Distance;
use curbside_evaluate::calibrate::quantiles;
use ndarray::{Array2, Axis, concatenate};

use crate::boosting::{Chosen, model_of, rounded};
use crate::columns;
use crate::encoded::{Encoded, Rows};
use crate::error::{TrainError, TrainErrorKind};
use crate::folds::FOLDS;
use crate::lightgbm::{Booster, Dataset};
use crate::parameters::BoostingParameters;
use crate::statistics::Statistics;

/// No error is expected to be smaller than this, in minutes: times are recorded to the minute or the second, and trees that
/// sum to nearly nothing would make an interval of no width.
const SMALLEST_SCALE: f64 = 0.5;

/// How the ensemble for the size of the error grows: a fifth of the trees of the model and half of their leaves.
fn parameters(of_model: BoostingParameters) -> BoostingParameters {
    BoostingParameters {
        num_iterations: 60,
        num_leaves: 15,
        learning_rate: 0.06,
        statistics: Statistics::NONE,
        ..of_model
    }
}

/// Errors of the folds' models, in minutes.
struct Errors {
    given: Vec<f64>,
    without_distance: Vec<f64>,
}

/// Fits the interval that promises to hold the share `coverage` of rides.
pub(crate) fn fit(
    encoded: &Encoded<'_>,
    rows: &Rows,
    chosen: &Chosen,
    coverage: f64,
) -> Result<IntervalModel, TrainError> {
    let of = |estimates: &[f64]| encoded.minutes().iter().zip(estimates).map(|(truth, e)| truth - e).collect();
    let errors = Errors { given: of(&chosen.given), without_distance: of(&chosen.without_distance) };
    let parameters = parameters(chosen.parameters);
    let everything = encoded.rows(|_| true);
    let scale = model_of(&grow(encoded, rows, &errors, &everything, parameters)?, encoded.names())?;

    // Of each fold, quantiles of the errors in multiples of a size that the fold did not help to guess.
    let (mut given, mut assumed) = (Vec::new(), Vec::new());
    for fold in 0..FOLDS {
        let (inside, outside) = (encoded.rows(|f| f != fold), encoded.rows(|f| f == fold));
        let booster = grow(encoded, rows, &errors, &inside, parameters)?;
        let scores = |of: &[usize], matrix: &Array2<f64>, errors: &[f64]| -> Result<Vec<f64>, TrainError> {
            let sizes = booster.predict(&matrix.select(Axis(0), of).view(), parameters.num_iterations)?;
            Ok(of.iter().zip(sizes).map(|(row, size)| errors[*row] / size.max(SMALLEST_SCALE)).collect())
        };
        let measured = |row: &&usize| matches!(encoded.trips()[**row].trip_distance(), Distance::Miles(_));
        let with_distance: Vec<usize> = outside.iter().filter(measured).copied().collect();
        given.extend(quantiles(&mut scores(&with_distance, &rows.given, &errors.given)?, coverage));
        assumed.extend(quantiles(&mut scores(&outside, &rows.without_distance, &errors.without_distance)?, coverage));
    }
    Ok(IntervalModel {
        coverage,
        scale: Model::Ensemble(rounded(&scale.ensemble)),
        smallest_scale: SMALLEST_SCALE,
        given: of_folds(&given)?,
        assumed: of_folds(&assumed)?,
    })
}

/// On each side the mean of the folds', one standard error further out. Rides of one day share its weather and its jams, so that
/// days are what the promise is made over, and a fold of days says how much they differ: pooled, the rides would promise as
/// if they were all from days of their own. With few days the error is large and with many it is next to nothing.
fn of_folds(folds: &[Quantiles]) -> Result<Quantiles, TrainError> {
    if folds.is_empty() {
        let message = "expected rides whose distance is known, found none: no interval can be learnt";
        return Err(TrainError::new(TrainErrorKind::NoRides, message));
    }
    let (low, low_error) = mean_and_error(folds.iter().map(|fold| fold.low));
    let (high, high_error) = mean_and_error(folds.iter().map(|fold| fold.high));
    Ok(Quantiles { low: low - low_error, high: high + high_error })
}

/// The mean of some numbers, and its standard error: the sample's deviation over the root of how many there are.
fn mean_and_error(numbers: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = numbers.clone().fold(0.0, |count, _| count + 1.0);
    let mean = numbers.clone().sum::<f64>() / count;
    let squares: f64 = numbers.map(|number| (number - mean).powi(2)).sum();
    (mean, (squares / f64::max(count - 1.0, 1.0) / count).sqrt())
}

/// An ensemble that guesses the size of the error of some rides, with their distance and without.
fn grow(
    encoded: &Encoded<'_>,
    rows: &Rows,
    errors: &Errors,
    of: &[usize],
    parameters: BoostingParameters,
) -> Result<Booster, TrainError> {
    let sizes = |errors: &[f64]| of.iter().map(|row| nearest_f32(errors[*row].abs())).collect::<Vec<f32>>();
    let labels = [sizes(&errors.given), sizes(&errors.without_distance)].concat();
    // A weight of nothing would leave LightGBM without a gain to split by.
    let blind = parameters.without_distance_weight.max(0.01);
    let weights: Vec<f32> = [vec![1.0; of.len()], vec![blind; of.len()]].concat();
    let matrix = concatenate![Axis(0), rows.given.select(Axis(0), of), rows.without_distance.select(Axis(0), of)];
    let names = encoded.names();
    let text = parameters.to_lightgbm(&columns::categorical(names));
    let dataset = Rc::new(Dataset::new(&matrix.view(), names, &labels, &weights, &text, None)?);
    let mut booster = Booster::new(&dataset, None, names.len(), &text)?;
    for _ in 0..parameters.num_iterations {
        if !booster.update()? {
            break;
        }
    }
    Ok(booster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_folds_by_hand() {
        // Lows -1, -2, -3: mean -2, deviation 1, error 1 / root 3. Highs 4, 4, 4: no error.
        let folds = [-1.0, -2.0, -3.0].map(|low| Quantiles { low, high: 4.0 });
        let Quantiles { low, high } = of_folds(&folds).unwrap();
        assert!((low - (-2.0 - 1.0 / 3f64.sqrt())).abs() < 1e-15 && (high - 4.0).abs() < 1e-15, "{low} {high}");
        let Quantiles { low, high } = of_folds(&folds[..1]).unwrap();
        assert!((low + 1.0).abs() < 1e-15 && (high - 4.0).abs() < 1e-15, "{low} {high}");
        assert!(of_folds(&[]).is_err());
    }
}
