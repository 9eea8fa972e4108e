//! Where a packed model's rides take place: the zones, and the distance that is assumed between them.

use std::path::Path;

use curbside::features::{DistanceEstimate, Zones};
use curbside_evaluate::zone_table;
use curbside_publish::BundleFile;

use crate::failure::Failure;
use crate::place;

/// What a model file does not hold.
pub(super) struct Place {
    pub(super) zones: Zones,
    pub(super) distance: DistanceEstimate,
}

/// For zones that come without a line: that of green-taxi rides of 2022 to 2024, as the trainer fits it, rounded.
const DISTANCE: DistanceEstimate = DistanceEstimate { intercept: 0.03, slope: 1.28, without_place: 9.3, detour: None };

impl Place {
    /// From a bundle, whose distances are assumed by its own line (without its detours, which are tables of its columns), or
    /// from a folder of the TLC's files.
    pub(super) fn find(source: Option<&Path>) -> Result<Place, Failure> {
        let Some(source) = source else {
            let shipped = place::shipped().ok_or_else(|| {
                let message = "expected the shipped bundle here or in a folder above, found none; give --zones";
                Failure::usage("--zones", message)
            })?;
            return Place::of_bundle(&shipped);
        };
        if !source.is_dir() {
            return Place::of_bundle(source);
        }
        let records =
            curbside_tlc::zones::read(&source.join("taxi_zones.geojson"), &source.join("taxi_zone_lookup.csv"))?;
        Ok(Place { zones: zone_table(&records), distance: DISTANCE })
    }

    fn of_bundle(path: &Path) -> Result<Place, Failure> {
        let estimator = BundleFile::open(path)?.estimator()?;
        let distance = DistanceEstimate { detour: None, ..estimator.encoder().spec().distance_estimate };
        Ok(Place { zones: estimator.zones().clone(), distance })
    }
}
