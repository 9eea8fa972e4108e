//! The distance assumed for a ride whose distance is not given: a line over the miles between centres.

use curbside::features::{DistanceEstimate, Encoder, Zones};
use curbside::trip::Distance;
use curbside_evaluate::Rides;

use crate::columns;
use crate::error::{TrainError, TrainErrorKind};

/// Slopes tried: nobody drives less than the great circle, nor three times it on average.
const SLOPES: (f64, f64) = (0.5, 3.0);

/// Fewer known distances than this make no line.
const FEWEST: usize = 100;

/// Fits the line that has the least mean absolute error over the rides whose distance is plausible. Absolute and not
/// squared, because metered distances have a long tail of detours that no rider plans.
pub(crate) fn fit(rides: &Rides, zones: &Zones) -> Result<DistanceEstimate, TrainError> {
    let encoder = Encoder::new(columns::great_circle()?, zones)?;
    let centres = encoder.encode_batch(rides.trips.iter());
    let (mut points, mut without_place) = (Vec::new(), Vec::new());
    for (trip, row) in rides.trips.iter().zip(centres.rows()) {
        if let Distance::Miles(miles) = trip.trip_distance() {
            match row[0] {
                centre if centre.is_nan() => without_place.push(miles),
                centre => points.push((centre, miles)),
            }
        }
    }
    if points.len() < FEWEST {
        let message = format!(
            "expected at least {FEWEST} rides whose distance is known, above 0 and at most 50 miles, between zones with a place, found {} \
             of {}: give files whose trip_distance is filled in",
            points.len(),
            rides.len()
        );
        return Err(TrainError::new(TrainErrorKind::NoRides, message));
    }
    let (intercept, slope) = least_absolute_line(&points);
    let fallback = if without_place.is_empty() { points.iter().map(|point| point.1).collect() } else { without_place };
    Ok(DistanceEstimate { intercept, slope, without_place: rounded(median(fallback)), detour: None })
}

/// The line y = intercept + slope x of least mean absolute error, to four decimals.
///
/// For a given slope the best intercept is the median of the residuals, and the error is convex in the slope: a ternary
/// search finds it.
fn least_absolute_line(points: &[(f64, f64)]) -> (f64, f64) {
    let intercept = |slope: f64| median(points.iter().map(|(x, y)| y - slope * x).collect());
    let error = |slope: f64| {
        let a = intercept(slope);
        points.iter().map(|(x, y)| (y - a - slope * x).abs()).sum::<f64>()
    };
    let (mut low, mut high) = SLOPES;
    // (2/3)^32 of the interval is below 1e-5.
    for _ in 0..32 {
        let third = (high - low) / 3.0;
        if error(low + third) <= error(high - third) { high -= third } else { low += third }
    }
    let slope = rounded(f64::midpoint(low, high));
    (rounded(intercept(slope)), slope)
}

fn rounded(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

/// The lower of the two middle values; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_without_distances_are_refused() {
        let zones = columns::zones(&curbside_tlc::zones::grid());
        let error = fit(&Rides::default(), &zones).unwrap_err();
        assert!(error.to_string().contains("expected at least 100 rides whose distance is known"), "{error}");
    }

    #[test]
    fn an_outlier_does_not_move_the_line() {
        // y = 0.5 + 1.4 x, but for one taximeter that ran on.
        let mut points: Vec<(f64, f64)> = (0..20).map(|i| (f64::from(i), 0.5 + 1.4 * f64::from(i))).collect();
        points.push((3.0, 49.0));
        let (intercept, slope) = least_absolute_line(&points);
        assert!((intercept - 0.5).abs() < 2e-3 && (slope - 1.4).abs() < 2e-4, "{intercept} + {slope} x");
    }

    #[test]
    fn medians() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-15);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.0).abs() < 1e-15);
    }
}
