//! The columns that the models read, as feature expressions: geometry, distance and calendar.
//!
//! What is absent, and why: the seconds of the pickup and the fields that only some ways of booking fill in tell which
//! kind of record a ride is, which nobody who books a ride can know; zone ids as numbers or categories gain nothing
//! beside where the zones are (docs/accuracy.md).

use curbside::features::{
    Calendar, CalendarPart, Column, DistanceEstimate, End, Expr, FeatureSpec, NodeId, SpecError, ZoneAttribute,
};
pub(crate) use curbside_evaluate::zone_table as zones;

/// Distances are divided by at least this many miles.
const SHORTEST_DENOMINATOR: f64 = 0.2;

/// More than any zone id, so that a cross of two ids is one number a pair.
pub(crate) const IDS: u32 = 266;

/// Columns of [`boosted`] that are categories.
const CATEGORICAL: [&str; 2] = ["pickup_borough", "dropoff_borough"];

/// Which of these columns are categories.
pub(crate) fn categorical(names: &[String]) -> Vec<usize> {
    (0..names.len()).filter(|index| CATEGORICAL.contains(&names[*index].as_str())).collect()
}

/// The last column of [`boosted`]: for the scale of the error alone, so that a rider who sends the assumed distance back gets
/// the same estimate.
const DISTANCE_ASSUMED: &str = "distance_assumed";

/// A spec that has neither tables nor columns yet.
pub(crate) fn empty(estimate: DistanceEstimate) -> FeatureSpec {
    FeatureSpec::new(Calendar::new_york(), estimate)
}

/// Adds the columns of the boosted trees to a spec that may have tables; `usual` is what they say of the ride's duration.
pub(crate) fn boosted(mut spec: FeatureSpec, usual: Option<NodeId>) -> Result<FeatureSpec, SpecError> {
    use CalendarPart::{Holiday, MinuteOfDay, Weekday};
    use End::{Dropoff, Pickup};
    use ZoneAttribute::{Area, Borough, Id, Latitude, Longitude};

    let distance = spec.column("trip_distance", Expr::TripDistanceOrEstimate)?;
    let great_circle = spec.column("great_circle", Expr::GreatCircle)?;
    spec.column("ratio", Expr::Ratio { a: distance, b: great_circle, floor: SHORTEST_DENOMINATOR })?;
    spec.column("bearing", Expr::Bearing)?;
    let (pickup, dropoff) = (spec.node(Expr::Zone(Pickup, Id))?, spec.node(Expr::Zone(Dropoff, Id))?);
    spec.column("same_zone", Expr::Equal { a: pickup, b: dropoff })?;
    let pickup_latitude = spec.column("pickup_latitude", Expr::Zone(Pickup, Latitude))?;
    let pickup_longitude = spec.column("pickup_longitude", Expr::Zone(Pickup, Longitude))?;
    let dropoff_latitude = spec.column("dropoff_latitude", Expr::Zone(Dropoff, Latitude))?;
    let dropoff_longitude = spec.column("dropoff_longitude", Expr::Zone(Dropoff, Longitude))?;
    spec.column("northward", Expr::Difference { a: dropoff_latitude, b: pickup_latitude })?;
    spec.column("eastward", Expr::Difference { a: dropoff_longitude, b: pickup_longitude })?;
    spec.column("pickup_area", Expr::Zone(Pickup, Area))?;
    spec.column("dropoff_area", Expr::Zone(Dropoff, Area))?;
    spec.column("pickup_borough", Expr::Zone(Pickup, Borough))?;
    spec.column("dropoff_borough", Expr::Zone(Dropoff, Borough))?;
    spec.column("minute_of_day", Expr::Calendar(MinuteOfDay))?;
    spec.column("weekday", Expr::Calendar(Weekday))?;
    spec.column("holiday", Expr::Calendar(Holiday))?;
    if let Some(node) = usual {
        spec.columns.push(Column { name: "usual_duration".to_owned(), node });
    }
    let of = spec.node(Expr::TripDistance)?;
    spec.column(DISTANCE_ASSUMED, Expr::IsMissing { of })?;
    Ok(spec)
}

/// The features of the linear baseline: the pair of zones as a category, and the distance.
pub(crate) fn linear(estimate: DistanceEstimate, pairs: Vec<u32>) -> Result<FeatureSpec, SpecError> {
    let mut spec = empty(estimate);
    spec.column("trip_distance", Expr::TripDistanceOrEstimate)?;
    let pickup = spec.node(Expr::Zone(End::Pickup, ZoneAttribute::Id))?;
    let dropoff = spec.node(Expr::Zone(End::Dropoff, ZoneAttribute::Id))?;
    let pair = spec.node(Expr::Cross { a: pickup, b: dropoff, size: IDS })?;
    spec.column("zone_pair", Expr::Category { of: pair, vocabulary: pairs })?;
    Ok(spec)
}

/// The number of a pair of zones in the vocabulary of [`linear`].
pub(crate) fn pair_number(pu_location_id: u16, do_location_id: u16) -> u32 {
    u32::from(pu_location_id) * IDS + u32::from(do_location_id)
}

/// The feature that the distance estimate is fitted on: miles between centres.
pub(crate) fn great_circle() -> Result<FeatureSpec, SpecError> {
    let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
    let mut spec = empty(nothing);
    spec.column("great_circle", Expr::GreatCircle)?;
    Ok(spec)
}
