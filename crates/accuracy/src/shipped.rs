//! The bundle in the repository, on every month that it has not learnt from.

use std::path::Path;

use anyhow::{Context, Result};
use curbside::bundle::Card;
use curbside::features::DistanceEstimate;
use curbside::{Bundle, Estimator, Limits};
use curbside_evaluate::{Rides, Within, measure, not_learnt_from};
use curbside_publish::BundleFile;
use curbside_tlc::MonthName;
use serde::Serialize;

use crate::figures::Both;
use crate::months::Archive;
use crate::slices::{Slices, slices};
use crate::work::{self, Task};

/// Where it is, from the root of the repository.
pub(crate) const PATH: &str = "models/green-tripdata-duration.curb";

/// What is said of the shipped bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Shipped {
    pub(crate) path: &'static str,
    pub(crate) sha256: String,
    pub(crate) stored: usize,
    pub(crate) card: Card,
    /// Month names of what it has learnt from.
    pub(crate) learnt_from: Vec<String>,
    /// The month that its card and the parts are of.
    pub(crate) test: String,
    pub(crate) months: Vec<Month>,
    pub(crate) slices: Slices,
    pub(crate) distance: AssumedDistance,
}

/// One month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Month {
    pub(crate) name: String,
    /// Whether it begins before the last month learnt from.
    pub(crate) looks_back: bool,
    pub(crate) both: Both,
}

/// How a distance that is not given is assumed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AssumedDistance {
    pub(crate) intercept: f64,
    pub(crate) slope: f64,
    pub(crate) without_place: f64,
    pub(crate) detours: bool,
}

/// The bundle and the rides of its test month.
pub(crate) struct Opened {
    stored: Vec<u8>,
    pub(crate) estimator: Estimator,
    features: DistanceEstimate,
    pub(crate) test: MonthName,
    pub(crate) rides: Rides,
}

/// Opens the bundle and reads the month that its card is measured on.
///
/// # Errors
/// When it does not open, or its test month is not there.
pub(crate) fn open(root: &Path, archive: &Archive) -> Result<Opened> {
    let file = BundleFile::open(&root.join(PATH))?;
    let bundle = Bundle::from_bytes(file.bytes(), &Limits::default())?;
    let estimator = file.estimator()?;
    let test = bundle.card.measured_on.last().and_then(|month| MonthName::from_file_name(month.file.as_ref()));
    let test = test.with_context(|| format!("{PATH}: expected a card with a test month, found none"))?;
    let rides = archive.read(test, Within::File)?.into_rides();
    Ok(Opened {
        stored: file.stored().into_owned(),
        estimator,
        features: bundle.features.distance_estimate,
        test,
        rides,
    })
}

/// Measures it.
///
/// # Errors
/// When a month cannot be read.
pub(crate) fn measured(opened: &Opened, archive: &Archive) -> Result<Shipped> {
    let card = opened.estimator.card().clone();
    let learnt: Vec<MonthName> =
        card.trained_on.iter().filter_map(|month| MonthName::from_file_name(month.file.as_ref())).collect();
    let last = learnt.iter().max().copied();
    let unseen = archive.months().filter(|month| !learnt.contains(month));
    let task = |month: MonthName| {
        let card = &card;
        Task::new(format!("{PATH} on {month}"), move || {
            let months = archive.read(month, Within::File)?;
            not_learnt_from(&card.trained_on, &months, "to measure on")?;
            let both = measure(&opened.estimator, &months.into_rides()).into();
            Ok(Month { name: month.to_string(), looks_back: last.is_some_and(|last| month < last), both })
        })
    };
    let months = work::run(unseen.map(task).collect())?;
    let DistanceEstimate { intercept, slope, without_place, detour } = opened.features;
    Ok(Shipped {
        path: PATH,
        sha256: BundleFile::sha256(&opened.stored),
        stored: opened.stored.len(),
        learnt_from: learnt.iter().map(ToString::to_string).collect(),
        test: opened.test.to_string(),
        months,
        slices: slices(&opened.estimator, &opened.rides),
        distance: AssumedDistance { intercept, slope, without_place, detours: detour.is_some() },
        card,
    })
}
