//! What is learnt about a model from rides that it has not learnt from: how far it is off on the whole, and how sure it is.
//!
//! It is apart from training because the model stays what it is: a month old model is made to fit this month in seconds and
//! without LightGBM. The interval's method and its sources are in [`curbside::model::calibration`](curbside::model::Calibration).
//!
//! - [`quantiles`], [`correction`]: the two estimates that everything rests on.
//! - [`fit`]: both for a bundle on some rides. [`recalibrate`]: a new bundle whose card says so.

mod card;
mod correction;
mod quantiles;

use curbside::model::{Calibration, Correction, IntervalModel, Linear, Model, Quantiles};
use curbside::trip::Distance;
use curbside::{Bundle, Estimator, Limits, Trip};

use crate::error::{EvaluateError, EvaluateErrorKind};
use crate::golden::answered_again;
use crate::measure::measure;
use crate::months::{FEWEST_RIDES, Months, kept_apart, not_learnt_from};
use crate::output::PackedBundle;
use crate::rides::Rides;

pub use correction::correction;
pub use quantiles::quantiles;

/// The nominal coverage of a bundle that had no interval, where nothing else is asked for.
pub const COVERAGE: f64 = 0.8;

/// How to recalibrate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recalibration {
    /// The nominal coverage; `None` is the bundle's own, or [`COVERAGE`] if it has none.
    pub coverage: Option<f64>,
    /// The new bundle's version; `None` is the old one's and the last month calibrated on, such as `2021-01+2021-03`.
    pub version: Option<String>,
    /// The command, for the card.
    pub command: String,
}

/// A bundle like `base` whose correction and interval are learnt from the rides of `on`; its card says so and tells how good
/// it is on `validate`. The model and the scale of its errors stay to the bit, golden rides are answered anew.
///
/// What an earlier recalibration has learnt is forgotten, so the result does not depend on it.
///
/// # Errors
///
/// `EVALUATE_CONFIG` for a coverage that is no share; `EVALUATE_LEAKAGE` where the card names rides of `on` or `validate` as learnt from,
/// or they are not kept apart; `EVALUATE_TOO_FEW_RIDES` for fewer than [`FEWEST_RIDES`] rides with a distance; the
/// [`OpenError`](curbside::OpenError) of a base that does not open.
pub fn recalibrate(
    base: &[u8],
    on: Months,
    validate: Option<Months>,
    how: &Recalibration,
) -> Result<PackedBundle, EvaluateError> {
    let limits = Limits::default();
    // Whatever is calibrated has been validated: the estimator opens first.
    let estimator = Estimator::open(base)?;
    let mut bundle = Bundle::from_bytes(base, &limits)?;
    not_learnt_from(&bundle.card.trained_on, &on, "to calibrate on")?;
    let mut warnings: Vec<String> = card::calibrated_back(&bundle.card, &on).into_iter().collect();
    if let Some(validate) = &validate {
        not_learnt_from(&bundle.card.trained_on, validate, "to measure on")?;
        let back = kept_apart(&on, validate)?;
        warnings.extend(card::measured_back(&bundle.card, validate).or_else(|| back.into_iter().next()));
    }
    let coverage = how.coverage.or(estimator.coverage()).unwrap_or(COVERAGE);
    let (accounts, rides) = (on.accounts(), on.into_rides());
    bundle.calibration = fit(&bundle, &rides, coverage)?;
    let days = rides.days.iter().max();
    card::rewrite(&mut bundle.card, &card::base_of(base, &estimator)?, accounts, days, how);
    bundle.card.warnings.append(&mut warnings);
    let golden = std::mem::take(&mut bundle.golden);
    let estimator = Estimator::from_bundle(bundle.clone(), &limits)?;
    bundle.golden = answered_again(&golden, &estimator);
    if let Some(validate) = validate {
        let accounts = validate.accounts();
        measure(&estimator, &validate.into_rides()).record(&mut bundle.card, accounts);
    }
    PackedBundle::new(bundle)
}

/// The calibration of a bundle's model on rides that it has not learnt from: a line from the model's numbers to the truth, and
/// of what it leaves over the quantiles, in multiples of the bundle's own scale, for rides with and without a distance.
///
/// A bundle without an interval gets the same scale for every ride. The calibration that the bundle has is not looked at, but for
/// its scale.
///
/// # Errors
///
/// `EVALUATE_CONFIG` for a coverage that is not above 0 and below 1; `EVALUATE_TOO_FEW_RIDES` for fewer than
/// [`FEWEST_RIDES`] rides whose distance is known; `EVALUATE_BUNDLE` for parts that do not fit each other.
pub fn fit(bundle: &Bundle, rides: &Rides, coverage: f64) -> Result<Calibration, EvaluateError> {
    if !(coverage > 0.0 && coverage < 1.0) {
        let message =
            format!("coverage: expected a share above 0 and below 1, such as 0.8, found {coverage}: give another");
        return Err(EvaluateError::new(EvaluateErrorKind::Config, message));
    }
    let (trips, truths) = given(rides);
    if trips.len() < FEWEST_RIDES {
        let (found, all) = (trips.len(), rides.len());
        let message = format!(
            "expected at least {FEWEST_RIDES} rides with a distance to calibrate on, found {found} of {all} rides: give more \
             months, or files whose trip_distance is filled in"
        );
        return Err(EvaluateError::new(EvaluateErrorKind::TooFewRides, message));
    }
    let interval = bundle.calibration.interval.clone().unwrap_or_else(|| IntervalModel {
        coverage,
        scale: Model::Linear(Linear { intercept: 1.0, terms: Vec::new() }),
        smallest_scale: 1.0,
        given: Quantiles { low: 0.0, high: 0.0 },
        assumed: Quantiles { low: 0.0, high: 0.0 },
    });
    let plain = Calibration { correction: Correction::IDENTITY, interval: Some(interval.clone()) };
    let model = frozen(bundle, plain)?;
    let numbers = model.raw_matrix(&model.encoder().encode_batch(trips.iter()).view());
    let numbers = numbers.map_err(|fault| EvaluateError::new(EvaluateErrorKind::Bundle, fault))?;
    // From the same rides as the quantiles: a line's two numbers learn nothing of a single one of a thousand rides or more.
    let correction = correction(&numbers.to_vec(), &truths);
    let corrected = frozen(bundle, Calibration { correction, interval: Some(interval.clone()) })?;
    let given = group(&corrected, &trips, &truths, coverage)?;
    let assumed = group(&corrected, &rides.without_distance(), &rides.minutes, coverage)?;
    Ok(Calibration { correction, interval: Some(IntervalModel { coverage, given, assumed, ..interval }) })
}

/// The rides whose distance a caller can give, and their minutes.
fn given(rides: &Rides) -> (Vec<Trip>, Vec<f64>) {
    let known = |(trip, _): &(&Trip, &f64)| matches!(trip.trip_distance(), Distance::Miles(_));
    rides.trips.iter().zip(&rides.minutes).filter(known).unzip()
}

fn frozen(bundle: &Bundle, calibration: Calibration) -> Result<Estimator, EvaluateError> {
    // Golden rides promise the old calibration's answers.
    let bundle = Bundle { calibration, golden: Vec::new(), ..bundle.clone() };
    let mut estimator = Estimator::from_bundle(bundle, &Limits::default())?;
    // For thousands of rides at least, where it takes as long as walking a thousand or two.
    estimator.prepare();
    Ok(estimator)
}

/// The quantiles of some rides' scores.
fn group(estimator: &Estimator, trips: &[Trip], truths: &[f64], coverage: f64) -> Result<Quantiles, EvaluateError> {
    let matrix = estimator.encoder().encode_batch(trips.iter());
    let unusable = |fault: String| EvaluateError::new(EvaluateErrorKind::Bundle, fault);
    let estimates = estimator.predict_matrix(&matrix.view()).map_err(unusable)?;
    let scales = estimator.scale_matrix(&matrix.view()).map_err(unusable)?;
    let rows = truths.iter().zip(&estimates).zip(&scales);
    let mut scores: Vec<f64> = rows.map(|((truth, estimate), scale)| (truth - estimate) / scale).collect();
    quantiles(&mut scores, coverage).ok_or_else(|| unusable("expected rides to calibrate on, found none".to_owned()))
}
