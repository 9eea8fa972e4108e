//! The way from files to a bundle: read, fit, measure once, pack.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{Datelike, NaiveDate};
use curbside::bundle::{Card, Metrics, Month};
use curbside::features::{DistanceEstimate, FeatureSpec, ZonePairs, Zones};
use curbside::model::{Background, Calibration, Model, Target};
use curbside::{Bundle, Estimator, Limits};
use curbside_evaluate::{
    self as evaluate, ErrorSums, Measured, Months, PackedBundle, Rides, Within, golden_rides, measure,
};
use curbside_import::lightgbm::LightGbmModel;

use crate::boosting::{BOUNDS, Candidate, Chosen, Examples, rounded};
use crate::config::{Algorithm, TrainConfig};
use crate::encoded::Encoded;
use crate::error::{TrainError, TrainErrorKind};
use crate::interval;
use crate::linear::Baseline;
use crate::parameters::BoostingParameters;
use crate::progress::Progress;
use crate::statistics::Statistics;
use crate::{columns, distance};

/// A model with the features it reads, before it has met the months it is measured on.
struct Fitted {
    features: FeatureSpec,
    model: Model,
    /// The model before its numbers were rounded, to say what rounding costs.
    unrounded: Option<Model>,
    background: Option<Background>,
    calibration: Calibration,
    algorithm: String,
    folds: Option<Metrics>,
    folds_without_distance: Option<Metrics>,
    parameters: Vec<(String, String)>,
    notes: Vec<String>,
}

/// Trains a bundle, and says meanwhile how it goes.
///
/// Everything is chosen on the training files; those to measure on are read before, to refuse what would fool whoever trusts
/// the figures, and estimated once, after that. The order in which files are given does not matter.
///
/// # Errors
///
/// [`TrainError`]: a file that cannot be read, a month on both sides, nothing to learn from, parameters that LightGBM
/// refuses.
pub fn train(config: &TrainConfig, progress: &mut dyn FnMut(&Progress)) -> Result<PackedBundle, TrainError> {
    config.check()?;
    let zones = config.zones.read()?;
    let within = match config.algorithm {
        Algorithm::Boosting(_) => Within::NamedMonth,
        // The reference filters by duration alone.
        Algorithm::Linear => Within::File,
    };
    let sides = Sides::read(config, within, progress)?;
    // In the order in which they are learnt from, so that the card's command does not depend on the one given.
    let config = &TrainConfig { from: sides.from, validate: sides.validate, ..config.clone() };
    let rides = sides.rides;
    let estimate = distance::fit(&rides, &zones)?;
    progress(&Progress::Note(format!(
        "assumed distance: {} + {} x great circle, {} without a place",
        estimate.intercept, estimate.slope, estimate.without_place
    )));
    let (fitted, baseline) = match &config.algorithm {
        Algorithm::Boosting(candidates) => {
            (boost(&rides, &zones, estimate, (candidates, config.coverage), progress)?, None)
        }
        Algorithm::Linear => {
            let baseline = Baseline::fit(&rides);
            (linear(&baseline, estimate)?, Some(baseline))
        }
    };
    let mut bundle = assemble(config, &rides, zones, sides.trained_on, &fitted);
    bundle.card.warnings = sides.warnings;
    let bundle = measured(bundle, sides.measured_on, &fitted, baseline.as_ref(), progress)?;
    let estimator = Estimator::from_bundle(bundle.clone(), &Limits::default())?;
    let trained = PackedBundle::new(Bundle { golden: golden_rides(&rides.trips, &estimator), ..bundle })?;
    let (stored, bytes) = (trained.stored.len(), trained.bytes);
    progress(&Progress::Note(format!("bundle: {stored} bytes stored, {bytes} before the gzip")));
    Ok(trained)
}

/// What is learnt from and what is measured on, read and kept apart.
struct Sides {
    /// Files to learn from in order.
    from: Vec<PathBuf>,
    trained_on: Vec<Month>,
    rides: Rides,
    /// Files to measure on in order.
    validate: Vec<PathBuf>,
    measured_on: Option<(Rides, Vec<Month>)>,
    /// What a user of the figures must know.
    warnings: Vec<String>,
}

impl Sides {
    fn read(config: &TrainConfig, within: Within, progress: &mut dyn FnMut(&Progress)) -> Result<Sides, TrainError> {
        let mut read = |paths: &[PathBuf], within| -> Result<Months, TrainError> {
            let months = evaluate::read(paths, within, &mut |month| progress(&Progress::Month(month.clone())))?;
            if let Some(note) = months.note() {
                progress(&Progress::Note(note));
            }
            Ok(months)
        };
        let learn = read(&config.from, within)?;
        let measure = if config.validate.is_empty() { None } else { Some(read(&config.validate, Within::File)?) };
        let warnings = match &measure {
            Some(measure) => evaluate::kept_apart(&learn, measure)?,
            None => Vec::new(),
        };
        for warning in &warnings {
            progress(&Progress::Note(format!("warning: {warning}")));
        }
        Ok(Sides {
            from: learn.paths(),
            trained_on: learn.accounts(),
            rides: learn.into_rides(),
            validate: measure.as_ref().map_or_else(Vec::new, Months::paths),
            measured_on: measure
                .map(|months| (months.accounts(), months))
                .map(|(of, months)| (months.into_rides(), of)),
            warnings,
        })
    }
}

fn boost(
    rides: &Rides,
    zones: &Zones,
    line: DistanceEstimate,
    (candidates, coverage): (&[BoostingParameters], f64),
    progress: &mut dyn FnMut(&Progress),
) -> Result<Fitted, TrainError> {
    let mut best: Option<(f64, Encoded<'_>, Chosen)> = None;
    for (statistics, candidates) in by_statistics(candidates) {
        let encoded = Encoded::new(rides, zones, line, statistics)?;
        let (rmse, chosen) = Examples::new(&encoded).choose(&candidates, progress)?;
        if best.as_ref().is_none_or(|(least, ..)| rmse < *least) {
            best = Some((rmse, encoded, chosen));
        }
    }
    let none = || TrainError::new(TrainErrorKind::Config, "expected at least one candidate, found none");
    let (_, encoded, chosen) = best.ok_or_else(none)?;
    let metrics = |estimates: &[f64]| ErrorSums::of(estimates, &rides.minutes).metrics();
    let (folds, blind) = (metrics(&chosen.given), metrics(&chosen.without_distance));
    let what = |what: &str| format!("folds of whole days, {what}");
    progress(&Progress::Measured { what: what("as recorded"), metrics: folds });
    progress(&Progress::Measured { what: what("without distance"), metrics: blind });

    let rows = encoded.leaving_out(None)?;
    let LightGbmModel { ensemble: exact, background, .. } =
        Examples::new(&encoded).fit(&rows, chosen.parameters, progress)?;
    let (trees, leaves) = (exact.trees.len(), exact.leaves().count());
    let interval = interval::fit(&encoded, &rows, &chosen, coverage)?;
    Ok(Fitted {
        features: encoded.features()?,
        model: Model::Ensemble(rounded(&exact)),
        unrounded: Some(Model::Ensemble(exact)),
        background,
        calibration: Calibration { interval: Some(interval), ..Calibration::default() },
        algorithm: format!("LightGBM 4.7, {trees} trees of {leaves} leaves in all, rounded"),
        folds: Some(folds),
        folds_without_distance: Some(blind),
        parameters: chosen.parameters.pairs(),
        notes: vec![
            "The distance in the training rides is metered after the ride, so figures with a distance are optimistic: \
             a rider can only know a planned one."
                .to_owned(),
        ],
    })
}

/// Candidates that read the same tables, in the order in which those first appear.
fn by_statistics(candidates: &[BoostingParameters]) -> Vec<(Statistics, Vec<Candidate>)> {
    let mut groups: Vec<(Statistics, Vec<Candidate>)> = Vec::new();
    for (index, parameters) in candidates.iter().enumerate() {
        let candidate = Candidate { parameters: *parameters, place: (index + 1, candidates.len()) };
        match groups.iter_mut().find(|(statistics, _)| *statistics == parameters.statistics) {
            Some((_, group)) => group.push(candidate),
            None => groups.push((parameters.statistics, vec![candidate])),
        }
    }
    groups
}

fn linear(baseline: &Baseline, estimate: DistanceEstimate) -> Result<Fitted, TrainError> {
    Ok(Fitted {
        features: columns::linear(estimate, baseline.vocabulary())?,
        model: Model::Linear(baseline.model()),
        unrounded: None,
        background: Some(baseline.background()),
        calibration: Calibration::default(),
        algorithm: "least squares over one-hot zone pairs and the distance as recorded".to_owned(),
        folds: None,
        folds_without_distance: None,
        parameters: Vec::new(),
        notes: vec![
            "The reference's baseline, solved exactly; distances are learnt as recorded, absurd ones included.".into(),
        ],
    })
}

/// The last day of training. The baseline learns from strays too, and a ride of a wrong clock makes no later month: one that has
/// a hundredth of the rides or less is not asked.
fn last_day(days: &[NaiveDate]) -> Option<NaiveDate> {
    let month = |day: &NaiveDate| (day.year(), day.month());
    let mut rides = BTreeMap::new();
    for day in days {
        *rides.entry(month(day)).or_insert(0) += 1;
    }
    let is_stray = |day: &&NaiveDate| rides[&month(day)] * 100 <= days.len();
    days.iter().filter(|day| !is_stray(day)).max().or(days.iter().max()).copied()
}

fn assemble(config: &TrainConfig, rides: &Rides, zones: Zones, trained_on: Vec<Month>, fitted: &Fitted) -> Bundle {
    let mut pairs = ZonePairs::default();
    rides.trips.iter().for_each(|trip| pairs.insert(trip.pu_location_id(), trip.do_location_id()));
    let created = last_day(&rides.days).map_or_else(String::new, |day| day.to_string());
    // `YYYY-MM` of `YYYY-MM-DD`.
    let month = created.get(..7).unwrap_or_default().to_owned();
    Bundle {
        card: Card {
            name: config.name.clone(),
            version: config.version.clone().unwrap_or(month),
            created,
            algorithm: fitted.algorithm.clone(),
            command: config.command(),
            mlflow_run: config.mlflow_run.clone(),
            trained_on,
            folds: fitted.folds,
            folds_without_distance: fitted.folds_without_distance,
            parameters: fitted.parameters.clone(),
            notes: fitted.notes.clone(),
            ..Card::default()
        },
        target: Target { name: "duration".to_owned(), unit: "minutes".to_owned(), low: BOUNDS.0, high: BOUNDS.1 },
        features: fitted.features.clone(),
        zones,
        pairs,
        model: fitted.model.clone(),
        background: fitted.background.clone(),
        calibration: fitted.calibration.clone(),
        golden: Vec::new(),
    }
}

/// Estimates the months kept apart, once, and writes the figures into the card.
fn measured(
    mut bundle: Bundle,
    months: Option<(Rides, Vec<Month>)>,
    fitted: &Fitted,
    baseline: Option<&Baseline>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Bundle, TrainError> {
    let Some((rides, months)) = months else { return Ok(bundle) };
    let found = measure(&Estimator::from_bundle(bundle.clone(), &Limits::default())?, &rides);
    report(&found, progress);
    if let Some(exact) = &fitted.unrounded {
        let exact = Bundle { model: exact.clone(), ..bundle.clone() };
        let exact = measure(&Estimator::from_bundle(exact, &Limits::default())?, &rides);
        let change = found.all.rmse - exact.all.rmse;
        progress(&Progress::Note(format!("rounding leaves and thresholds changed RMSE by {change:+.2e} min")));
        bundle.card.notes.push(format!("Rounding leaves and thresholds changed RMSE by {change:+.0e} minutes."));
    }
    if let Some(baseline) = baseline {
        let metrics = ErrorSums::of(&baseline.predict_recorded(&rides), &rides.minutes).metrics();
        progress(&Progress::Measured {
            what: "distances as recorded, not clipped (the reference's measure)".into(),
            metrics,
        });
        bundle.card.notes.push(format!(
            "As the reference measures, distances as recorded and estimates not clipped: RMSE {:.4}, MAE {:.4}.",
            metrics.rmse, metrics.mae
        ));
    }
    found.record(&mut bundle.card, months);
    Ok(bundle)
}

fn report(found: &Measured, progress: &mut dyn FnMut(&Progress)) {
    progress(&Progress::Measured { what: "as recorded".to_owned(), metrics: found.all });
    progress(&Progress::Measured { what: "without distance".to_owned(), metrics: found.without_distance });
    for (what, interval) in [("as recorded", found.interval), ("without distance", found.interval_without_distance)] {
        if let Some(interval) = interval {
            progress(&Progress::Note(format!(
                "intervals {what}: {:.2} % of {} rides within, {:.3} minutes wide",
                100.0 * interval.covered,
                interval.rides,
                interval.mean_width
            )));
        }
    }
    for borough in &found.boroughs {
        progress(&Progress::Measured { what: format!("from {}", borough.borough), metrics: borough.metrics });
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::last_day;

    #[test]
    fn a_stray_is_not_the_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let january = vec![day("2021-01-30"); 150];
        assert_eq!(last_day(&[january.clone(), vec![day("2041-08-17")]].concat()), Some(day("2021-01-30")));
        assert_eq!(last_day(&[january, vec![day("2021-02-01"); 2]].concat()), Some(day("2021-02-01")));
        // A day of each of many months: none is more than a stray.
        let many: Vec<NaiveDate> = (1990..2120).map(|year| day(&format!("{year}-01-01"))).collect();
        assert_eq!(last_day(&many), Some(day("2119-01-01")));
        assert_eq!(last_day(&[]), None);
    }
}
