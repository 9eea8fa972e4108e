//! Months of rides to feature matrices: `learn.f64` with `minutes.f64`, and `rows.f64` of a later month.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use curbside::features::{Calendar, DistanceEstimate, Encoder, FeatureSpec};
use curbside::num::nearest_f32;
use curbside_evaluate::{Rides, Within, read};
use curbside_import::bind;
use curbside_publish::BundleFile;

use crate::matrix;

/// Where the zones come from, as for `curbside pack`.
const SHIPPED: &str = "models/green-tripdata-duration.curb";
/// Rides that are scored: enough for no branch predictor to learn, few enough for every engine's caches to hold.
const MEASURED: usize = 4096;

/// The verb.
pub(crate) fn run(columns: &Path, out: &Path, learn: &Path, measure: &Path) -> Result<()> {
    let encoder = encoder(columns)?;
    fs::create_dir_all(out)?;
    let names: Vec<&str> = encoder.spec().columns.iter().map(|column| column.name.as_str()).collect();
    fs::write(out.join("columns.txt"), names.join("\n") + "\n")?;
    let rides = rides(learn)?;
    write_rows(&out.join("learn.f64"), &encoder, &rides, rides.len())?;
    matrix::write(&out.join("minutes.f64"), rides.minutes.iter().copied())?;
    write_rows(&out.join("rows.f64"), &encoder, &self::rides(measure)?, MEASURED)
}

fn encoder(columns: &Path) -> Result<Encoder> {
    let text = fs::read_to_string(columns).with_context(|| format!("cannot read {}", columns.display()))?;
    let mut tables: BTreeMap<String, BTreeMap<String, String>> =
        toml::from_str(&text).with_context(|| format!("{}: expected a table [columns]", columns.display()))?;
    let given: Vec<(String, String)> = tables.remove("columns").unwrap_or_default().into_iter().collect();
    let names: Vec<String> = given.iter().map(|(name, _)| name.clone()).collect();
    let shipped = BundleFile::open(Path::new(SHIPPED))?.estimator()?;
    let distance = DistanceEstimate { detour: None, ..shipped.encoder().spec().distance_estimate };
    let spec = bind(&names, &given, FeatureSpec::new(Calendar::new_york(), distance))?;
    Encoder::new(spec, shipped.zones()).map_err(|fault| anyhow::anyhow!("{}: {fault}", columns.display()))
}

fn rides(month: &Path) -> Result<Rides> {
    Ok(read(&[month.to_owned()], Within::NamedMonth, &mut |_| ())?.into_rides())
}

/// Writes `count` rows, taken at even distances. Values are rounded to single precision, which is all that some engines have,
/// so that none of them sees other rows than the library that learns.
fn write_rows(path: &Path, encoder: &Encoder, rides: &Rides, count: usize) -> Result<()> {
    let count = count.min(rides.len());
    let trips: Vec<_> = (0..count).map(|index| &rides.trips[index * rides.len() / count]).collect();
    let rows = encoder.encode_batch(trips.into_iter());
    matrix::write(path, rows.iter().map(|value| f64::from(nearest_f32(*value))))
}
