//! Statistics tables: what rides of one place, hour or pair of places have in common, as numbers that expressions look up.
//!
//! Two statistics. The *detour* of a pair of zones is how much longer the metered way between them is than the line over the
//! great circle says; it makes the assumed distance. The *usual duration* is an additive model of the logarithm of the
//! minutes, one number for each bin of distance, hour of the week, zone and pair, fitted by backfitting (Hastie and Tibshirani,
//! "Generalized Additive Models", 1986) with every number shrunk toward 0 by how few rides it rests on; their sum is one
//! column of the trees.
//!
//! A ride must not meet a number that its own day helped to make: [`Encoded`](crate::encoded::Encoded) learns the tables without it.

use std::fmt;

use curbside::Trip;
use curbside::features::{
    CalendarPart, DistanceEstimate, Encoder, End, Expr, FeatureSpec, NodeId, SpecError, Table, ZoneAttribute, Zones,
};
use curbside::trip::Distance;

use crate::boosting::count;
use crate::columns::{self, IDS};
use crate::error::TrainError;
use curbside_evaluate::Rides;

/// Which statistics a model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a table or a group of tables that can be had alone")]
pub struct Statistics {
    /// The usual duration by distance, hour of the week and both zones.
    pub usual_duration: bool,
    /// The pair of zones in it too.
    pub pairs: bool,
    /// Each zone by hour of the day and weekend in it too.
    pub zone_hours: bool,
    /// The detour of each pair of zones in the assumed distance.
    pub detours: bool,
}

/// Pairs with fewer rides than this are not listed.
const FEWEST_OF_PAIR: u32 = 5;

/// Rounds of backfitting; a third changes nothing that can be measured.
const ROUNDS: usize = 2;

/// A detour outside of this is a slip of the meter.
const DETOURS: (f64, f64) = (0.3, 4.0);

/// So many rides of the usual detour are added to those of a pair.
const DETOUR_PRIOR: f64 = 5.0;

impl Statistics {
    /// None.
    pub const NONE: Statistics = Statistics { usual_duration: false, pairs: false, zone_hours: false, detours: false };
    /// The detours alone, which pay even where there is but one month.
    pub const DETOURS: Statistics = Statistics { detours: true, ..Statistics::NONE };
    /// Those that pay for their bytes where there are many months.
    pub const PAIRS: Statistics = Statistics { usual_duration: true, pairs: true, zone_hours: false, detours: true };

    /// Whether any table is needed.
    pub fn any(self) -> bool {
        self != Statistics::NONE
    }

    fn terms(self) -> Vec<Term> {
        if !self.usual_duration {
            return Vec::new();
        }
        let mut terms = vec![Term::Distance, Term::HourOfWeek, Term::Pickup, Term::Dropoff];
        if self.zone_hours {
            terms.extend([Term::PickupHour, Term::DropoffHour]);
        }
        if self.pairs {
            terms.push(Term::Pair);
        }
        terms
    }
}

impl fmt::Display for Statistics {
    /// Names joined by `+`, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = [
            (self.usual_duration, "usual_duration"),
            (self.pairs, "pairs"),
            (self.zone_hours, "zone_hours"),
            (self.detours, "detours"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect();
        f.write_str(&if names.is_empty() { "none".to_owned() } else { names.join("+") })
    }
}

/// One part of the usual duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Term {
    Distance,
    HourOfWeek,
    Pickup,
    Dropoff,
    PickupHour,
    DropoffHour,
    Pair,
}

impl Term {
    fn name(self) -> &'static str {
        match self {
            Term::Distance => "usual_duration_distance",
            Term::HourOfWeek => "usual_duration_hour_of_week",
            Term::Pickup => "usual_duration_pickup",
            Term::Dropoff => "usual_duration_dropoff",
            Term::PickupHour => "usual_duration_pickup_hour",
            Term::DropoffHour => "usual_duration_dropoff_hour",
            Term::Pair => "usual_duration_pair",
        }
    }

    /// So many rides that are like all others are added to those of a category.
    fn prior(self) -> f64 {
        match self {
            Term::Distance | Term::HourOfWeek | Term::Pickup | Term::Dropoff => 20.0,
            Term::PickupHour | Term::DropoffHour => 30.0,
            Term::Pair => 15.0,
        }
    }

    fn fewest(self) -> u32 {
        match self {
            Term::Pair => FEWEST_OF_PAIR,
            _ => 1,
        }
    }

    /// The expression of its category.
    fn key(self, spec: &mut FeatureSpec) -> Result<NodeId, SpecError> {
        let zone = |end| Expr::Zone(end, ZoneAttribute::Id);
        match self {
            Term::Distance => {
                let of = spec.node(Expr::TripDistanceOrEstimate)?;
                spec.node(Expr::Bin { of, edges: distance_edges() })
            }
            Term::HourOfWeek => {
                cross(spec, Expr::Calendar(CalendarPart::Weekday), Expr::Calendar(CalendarPart::Hour), 24)
            }
            Term::Pickup => spec.node(zone(End::Pickup)),
            Term::Dropoff => spec.node(zone(End::Dropoff)),
            Term::PickupHour => zone_hour(spec, zone(End::Pickup)),
            Term::DropoffHour => zone_hour(spec, zone(End::Dropoff)),
            Term::Pair => pair(spec),
        }
    }
}

/// Bins of distance, each a tenth wider than the one before: from 0.15 miles to 50.
fn distance_edges() -> Vec<f64> {
    std::iter::successors(Some(0.15), |edge| Some(edge * 1.1)).take_while(|edge| *edge < 50.0).collect()
}

fn cross(spec: &mut FeatureSpec, a: Expr, b: Expr, size: u32) -> Result<NodeId, SpecError> {
    let (a, b) = (spec.node(a)?, spec.node(b)?);
    spec.node(Expr::Cross { a, b, size })
}

fn zone_hour(spec: &mut FeatureSpec, zone: Expr) -> Result<NodeId, SpecError> {
    let a = cross(spec, zone, Expr::Calendar(CalendarPart::Hour), 24)?;
    let b = spec.node(Expr::Calendar(CalendarPart::Weekend))?;
    spec.node(Expr::Cross { a, b, size: 2 })
}

fn pair(spec: &mut FeatureSpec) -> Result<NodeId, SpecError> {
    let zone = |end| Expr::Zone(end, ZoneAttribute::Id);
    cross(spec, zone(End::Pickup), zone(End::Dropoff), IDS)
}

/// The features of the boosted trees with the statistics of some of the rides.
///
/// `line` is the assumed distance without detours.
pub(crate) fn learn(
    rides: &Rides,
    rows: &[usize],
    zones: &Zones,
    line: DistanceEstimate,
    statistics: Statistics,
) -> Result<FeatureSpec, TrainError> {
    let mut spec = columns::empty(line);
    if statistics.detours {
        let detours = detours(rides, rows, zones, line)?;
        let of = pair(&mut spec)?;
        let table = spec.table(detours)?;
        spec.distance_estimate.detour = Some(spec.node(Expr::Lookup { of, table })?);
    }
    let terms = statistics.terms();
    let mut usual = None;
    if !terms.is_empty() {
        let trips: Vec<Trip> = rows.iter().map(|row| rides.trips[*row]).collect();
        let minutes: Vec<f64> = rows.iter().map(|row| rides.minutes[*row]).collect();
        for (term, table) in terms.iter().zip(usual_duration(&terms, &spec, zones, &trips, &minutes)?) {
            let of = term.key(&mut spec)?;
            let table = spec.table(table)?;
            let number = spec.node(Expr::Lookup { of, table })?;
            usual = Some(match usual {
                None => number,
                Some(sum) => spec.node(Expr::Sum { a: sum, b: number })?,
            });
        }
    }
    columns::boosted(spec, usual).map_err(TrainError::from)
}

/// By pair of zones: metered miles over the assumed ones.
fn detours(rides: &Rides, rows: &[usize], zones: &Zones, line: DistanceEstimate) -> Result<Table, TrainError> {
    let encoder = Encoder::new(columns::great_circle()?, zones)?;
    let mut sums: Vec<(u32, f64)> = vec![(0, 0.0); (IDS * IDS) as usize];
    for row in rows {
        let trip = &rides.trips[*row];
        let Distance::Miles(miles) = trip.trip_distance() else { continue };
        let mut great_circle = [f64::NAN];
        encoder.encode(&encoder.settle(trip), &mut great_circle);
        let usual = line.intercept + line.slope * great_circle[0];
        if usual.is_finite() && usual > 0.0 {
            let (rides, sum) = &mut sums[columns::pair_number(trip.pu_location_id(), trip.do_location_id()) as usize];
            *rides += 1;
            *sum += (miles / usual).clamp(DETOURS.0, DETOURS.1);
        }
    }
    let entries = (0u32..).zip(&sums).filter(|(_, (rides, _))| *rides >= FEWEST_OF_PAIR);
    let shrunk = |(rides, sum): &(u32, f64)| (sum + DETOUR_PRIOR) / (f64::from(*rides) + DETOUR_PRIOR);
    let entries: Vec<(u32, f64)> = entries.map(|(key, sums)| (key, shrunk(sums))).collect();
    Ok(Table::new("detour_pair", &entries, 1.0)?)
}

/// One table a term, by backfitting.
fn usual_duration(
    terms: &[Term],
    spec: &FeatureSpec,
    zones: &Zones,
    trips: &[Trip],
    minutes: &[f64],
) -> Result<Vec<Table>, TrainError> {
    let mut categories = spec.clone();
    for term in terms {
        let node = term.key(&mut categories)?;
        categories.columns.push(curbside::features::Column { name: term.name().to_owned(), node });
    }
    let keys = Encoder::new(categories, zones)?.encode_batch(trips.iter());
    let mut parts: Vec<Part> =
        terms.iter().zip(keys.columns()).map(|(term, keys)| Part::new(*term, keys.iter().copied())).collect();
    let logarithms: Vec<f64> = minutes.iter().map(|minutes| libm::log(*minutes)).collect();
    let mean = logarithms.iter().sum::<f64>() / count(logarithms.len().max(1));
    // What no part explains yet.
    let mut residuals: Vec<f64> = logarithms.iter().map(|logarithm| logarithm - mean).collect();
    for _ in 0..ROUNDS {
        for part in &mut parts {
            part.refit(&mut residuals);
        }
    }
    parts.iter().map(Part::table).collect()
}

/// A term while it is fitted.
struct Part {
    term: Term,
    /// Category of each ride; every category is an index into the two below.
    keys: Vec<usize>,
    rides: Vec<u32>,
    numbers: Vec<f64>,
}

impl Part {
    fn new(term: Term, keys: impl Iterator<Item = f64>) -> Part {
        // Ids, hours and bins: the largest category is a pair of zones, below 266 x 266.
        let keys: Vec<usize> = keys.map(category).collect();
        let mut rides = vec![0; keys.iter().max().map_or(0, |last| last + 1)];
        for key in &keys {
            rides[*key] += 1;
        }
        Part { term, keys, numbers: vec![0.0; rides.len()], rides }
    }

    /// Fits the numbers to what the other parts leave, and takes them out of it.
    fn refit(&mut self, residuals: &mut [f64]) {
        let mut sums = vec![0.0; self.numbers.len()];
        for (key, residual) in self.keys.iter().zip(residuals.iter_mut()) {
            *residual += self.numbers[*key];
            sums[*key] += *residual;
        }
        for ((number, rides), sum) in self.numbers.iter_mut().zip(&self.rides).zip(&sums) {
            let listed = *rides >= self.term.fewest();
            *number = if listed { sum / (f64::from(*rides) + self.term.prior()) } else { 0.0 };
        }
        for (key, residual) in self.keys.iter().zip(residuals) {
            *residual -= self.numbers[*key];
        }
    }

    fn table(&self) -> Result<Table, TrainError> {
        let entries = (0u32..).zip(self.numbers.iter().zip(&self.rides));
        let listed = entries.filter(|(_, (_, rides))| **rides >= self.term.fewest().max(1));
        let entries: Vec<(u32, f64)> = listed.map(|(key, (number, _))| (key, *number)).collect();
        Ok(Table::new(self.term.name(), &entries, 0.0)?)
    }
}

/// A category as an index. A trip has both zones, a time, and a distance given or assumed, so none is NaN.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an integral number below 266 x 266, or NaN"
)]
fn category(key: f64) -> usize {
    key.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(term: Term, keys: &[f64]) -> Part {
        Part::new(term, keys.iter().copied())
    }

    #[test]
    fn a_part_is_shrunk_by_how_few_rides_it_rests_on() {
        // Twenty rides of zone 7 at +2 and five of zone 9 at -1, twenty more counted at 0 for each: 40 / 40 and -5 / 25.
        let keys: Vec<f64> = [vec![7.0; 20], vec![9.0; 5]].concat();
        let mut residuals: Vec<f64> = [vec![2.0; 20], vec![-1.0; 5]].concat();
        let mut zones = part(Term::Pickup, &keys);
        zones.refit(&mut residuals);
        assert!(
            (zones.numbers[7] - 1.0).abs() < 1e-15 && (zones.numbers[9] + 0.2).abs() < 1e-15,
            "{:?}",
            zones.numbers
        );
        assert!((residuals[0] - 1.0).abs() < 1e-15 && (residuals[24] + 0.8).abs() < 1e-15, "{residuals:?}");
        // Fitting again to what is left changes nothing: the part's own share is put back first.
        zones.refit(&mut residuals);
        assert!((zones.numbers[7] - 1.0).abs() < 1e-15, "{:?}", zones.numbers);
        let table = zones.table().unwrap();
        assert_eq!((table.keys, table.values), (vec![7, 9], vec![255, 0]));
    }

    #[test]
    fn a_pair_of_few_rides_is_not_listed() {
        // Four rides are too few, five are not: 5 * 4 / (5 + 15) = 1.
        let keys: Vec<f64> = [vec![300.0; 4], vec![400.0; 5]].concat();
        let mut residuals = vec![4.0; 9];
        let mut pairs = part(Term::Pair, &keys);
        pairs.refit(&mut residuals);
        assert_eq!(residuals, [vec![4.0; 4], vec![3.0; 5]].concat());
        assert_eq!(pairs.table().unwrap().keys, [400]);
    }

    #[test]
    fn bins_of_distance_reach_from_a_block_to_the_longest_ride() {
        let edges = distance_edges();
        assert_eq!(edges.len(), 61);
        assert!(edges[0] < 0.16 && edges[60] > 45.0 && edges[60] < 50.0, "{edges:?}");
    }

    #[test]
    fn names_of_sets() {
        assert_eq!(Statistics::NONE.to_string(), "none");
        assert_eq!(Statistics::PAIRS.to_string(), "usual_duration+pairs+detours");
    }
}
