//! The feature logic frozen for speed: one pass over the expressions, nothing allocated.

use ndarray::Array2;

use super::calendar::LocalTime;
use super::family::{FAMILIES, Family};
use super::frozen_calendar::FrozenCalendar;
use super::geometry::Place;
use super::spec::{
    CalendarPart, DistanceEstimate, End, Expr, FeatureSpec, MAX_NODES, NodeId, SpecError, ZoneAttribute,
};
use super::table::FrozenTable;
use super::zones::{Zone, Zones};
use crate::num;
use crate::trip::{Distance, MAX_LOCATION_ID, MAX_PLAUSIBLE_MILES, Trip};
use crate::warning::{Warning, Warnings};

/// The shortest distance ever assumed, in miles.
const SHORTEST_MILES: f64 = 0.1;

/// A zone as the encoder reads it; NaN where nothing is known.
#[derive(Clone, Copy, Debug)]
struct ZoneRow {
    id: f64,
    latitude: f64,
    longitude: f64,
    /// Square miles.
    area: f64,
    borough: f64,
    airport: f64,
    place: Option<Place>,
}

impl ZoneRow {
    /// A zone that is not in the bundle.
    fn unknown(id: u16) -> ZoneRow {
        let unknown = f64::NAN;
        ZoneRow {
            id: f64::from(id),
            latitude: unknown,
            longitude: unknown,
            area: unknown,
            borough: unknown,
            airport: unknown,
            place: None,
        }
    }

    fn new(zone: &Zone) -> ZoneRow {
        let mut row = ZoneRow {
            borough: f64::from(zone.borough),
            airport: f64::from(u8::from(zone.airport)),
            ..ZoneRow::unknown(zone.id)
        };
        if let Some(place) = zone.centre.map(Place::new) {
            (row.latitude, row.longitude, row.area) = (place.latitude, place.longitude, place.area);
            row.place = Some(place);
        }
        row
    }
}

/// A trip with everything it left open settled: wall time, and a distance given or assumed.
#[derive(Clone, Copy, Debug)]
pub struct Ride {
    /// Wall time of the pickup.
    pub pickup: LocalTime,
    /// Miles, as given or as assumed.
    pub trip_distance: f64,
    /// Whether the miles are the assumed ones.
    pub distance_assumed: bool,
    /// What the trip alone gives reason to say.
    pub warnings: Warnings,
    pu_location_id: u16,
    do_location_id: u16,
    great_circle: f64,
}

impl Ride {
    /// A ride of which nothing but its zone is known, on both ends.
    fn of_zones(id: u16) -> Ride {
        Ride {
            pickup: LocalTime::from_minutes(0),
            trip_distance: f64::NAN,
            distance_assumed: true,
            warnings: Warnings::NONE,
            pu_location_id: id,
            do_location_id: id,
            great_circle: f64::NAN,
        }
    }
}

/// A [`FeatureSpec`] and its zones, checked and frozen.
#[derive(Clone, Debug)]
pub struct Encoder {
    spec: FeatureSpec,
    calendar: FrozenCalendar,
    /// By zone id; index 0 and ids without a zone are unknown.
    zones: Vec<ZoneRow>,
    tables: Vec<FrozenTable>,
    /// What the detour is computed from, in that order; empty without a detour.
    detour: Vec<NodeId>,
    free: Free,
}

/// The columns that are of no family.
#[derive(Clone, Debug)]
struct Free {
    /// Each with its expression.
    columns: Vec<(usize, NodeId)>,
    /// What they are computed from, in that order.
    nodes: Vec<NodeId>,
}

impl Free {
    fn new(spec: &FeatureSpec) -> Free {
        let all = spec.columns.iter().map(|column| column.node).enumerate();
        let columns: Vec<(usize, NodeId)> = all.filter(|(_, node)| spec.end_of(*node).is_none()).collect();
        let nodes = spec.closure(columns.iter().map(|(_, node)| *node));
        Free { columns, nodes }
    }
}

impl Encoder {
    /// Checks a spec and its zones and freezes them.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for a spec that cannot be computed or zones that cannot be.
    pub fn new(spec: FeatureSpec, zones: &Zones) -> Result<Encoder, SpecError> {
        spec.validate()?;
        if let Some(fault) = zones.fault() {
            return Err(SpecError::new(fault));
        }
        let mut rows: Vec<ZoneRow> = (0..=MAX_LOCATION_ID).map(ZoneRow::unknown).collect();
        for zone in &zones.zones {
            rows[usize::from(zone.id)] = ZoneRow::new(zone);
        }
        let tables = spec.tables.iter().map(FrozenTable::new).collect();
        let detour = spec.distance_estimate.detour.map_or_else(Vec::new, |node| spec.closure([node]));
        let calendar = FrozenCalendar::new(&spec.calendar);
        let free = Free::new(&spec);
        Ok(Encoder { spec, calendar, zones: rows, tables, detour, free })
    }

    /// The spec that was frozen.
    pub fn spec(&self) -> &FeatureSpec {
        &self.spec
    }

    /// How many numbers a row has.
    pub fn columns(&self) -> usize {
        self.spec.columns.len()
    }

    /// Settles what a trip leaves open.
    pub fn settle(&self, trip: &Trip) -> Ride {
        let mut warnings = Warnings::NONE;
        let (pu, to) = (self.place(trip.pu_location_id()), self.place(trip.do_location_id()));
        warnings.add_if(pu.is_none() || to.is_none(), Warning::ZoneWithoutPlace);
        warnings.add_if(trip.trip_distance() == Distance::Implausible, Warning::DistanceIgnored);
        let great_circle = match (pu, to) {
            (Some(pu), Some(_)) if trip.pu_location_id() == trip.do_location_id() => pu.miles_within(),
            (Some(pu), Some(to)) => pu.miles_to(to),
            _ => f64::NAN,
        };
        let (trip_distance, distance_assumed) = match trip.trip_distance() {
            Distance::Miles(miles) => (miles, false),
            Distance::NotGiven | Distance::Implausible => (f64::NAN, true),
        };
        let mut ride = Ride {
            pickup: self.calendar.local(trip.pickup()),
            trip_distance,
            distance_assumed,
            warnings,
            pu_location_id: trip.pu_location_id(),
            do_location_id: trip.do_location_id(),
            great_circle,
        };
        if distance_assumed {
            ride.trip_distance = self.spec.distance_estimate.miles(great_circle, self.detour(&ride));
        }
        ride
    }

    /// What the assumed miles of a ride are multiplied by. `validate` has made sure that nothing here reads the distance,
    /// which is not settled yet.
    fn detour(&self, ride: &Ride) -> f64 {
        let mut values = [0.0; MAX_NODES];
        let mut detour = 1.0;
        for node in &self.detour {
            let index = usize::from(*node);
            // The last one is the detour itself.
            detour = self.evaluate_one(&self.spec.nodes[index], ride, &values);
            values[index] = detour;
        }
        if detour.is_finite() { detour } else { 1.0 }
    }

    /// Computes the columns of a ride into the first [`columns`](Encoder::columns) places of `row`.
    ///
    /// A row that is too short is filled as far as it goes.
    pub fn encode(&self, ride: &Ride, row: &mut [f64]) {
        self.fill(ride, row.iter_mut());
    }

    /// The feature matrix of many rides: one row a ride, one column a column of the spec.
    pub fn encode_batch<'a>(&self, trips: impl ExactSizeIterator<Item = &'a Trip>) -> Array2<f64> {
        let mut matrix = Array2::zeros((trips.len(), self.columns()));
        for (mut row, trip) in matrix.rows_mut().into_iter().zip(trips) {
            self.fill(&self.settle(trip), row.iter_mut());
        }
        matrix
    }

    fn fill<'a>(&self, ride: &Ride, row: impl Iterator<Item = &'a mut f64>) {
        let mut values = [0.0; MAX_NODES];
        // `validate` has bounded the list by MAX_NODES and every operand by its own index.
        for (index, expr) in self.spec.nodes.iter().enumerate() {
            let value = self.evaluate_one(expr, ride, &values);
            values[index] = value;
        }
        for (place, column) in row.zip(&self.spec.columns) {
            *place = values[usize::from(column.node)];
        }
    }

    /// As [`encode`](Encoder::encode), for kernels that are given the zones as keys: the columns of [`families`](Encoder::families)
    /// are left as they are.
    pub(crate) fn encode_keyed(&self, ride: &Ride, row: &mut [f64]) {
        let mut values = [0.0; MAX_NODES];
        for node in &self.free.nodes {
            let index = usize::from(*node);
            let value = self.evaluate_one(&self.spec.nodes[index], ride, &values);
            values[index] = value;
        }
        for (column, node) in &self.free.columns {
            row[*column] = values[usize::from(*node)];
        }
    }

    /// The columns that come from the pickup's zone alone and those that come from the drop-off's, with their values for each
    /// zone's id.
    pub(crate) fn families(&self) -> [Family; FAMILIES] {
        [End::Pickup, End::Dropoff].map(|end| {
            let columns: Vec<usize> = (0..self.columns())
                .filter(|column| self.spec.end_of(self.spec.columns[*column].node) == Some(end))
                .collect();
            let mut row = vec![0.0; self.columns()];
            let mut values = Vec::new();
            for id in 0..=MAX_LOCATION_ID {
                self.encode(&Ride::of_zones(id), &mut row);
                values.extend(columns.iter().map(|column| row[*column]));
            }
            Family { columns, keys: usize::from(MAX_LOCATION_ID) + 1, values }
        })
    }

    fn evaluate_one(&self, expr: &Expr, ride: &Ride, values: &[f64; MAX_NODES]) -> f64 {
        let at = |node: NodeId| values[usize::from(node)];
        match expr {
            Expr::TripDistance => {
                if ride.distance_assumed {
                    f64::NAN
                } else {
                    ride.trip_distance
                }
            }
            Expr::TripDistanceOrEstimate => ride.trip_distance,
            Expr::Zone(end, attribute) => self.attribute(ride, *end, *attribute),
            Expr::Calendar(part) => self.calendar_part(ride.pickup, *part),
            Expr::GreatCircle => ride.great_circle,
            Expr::Bearing => self.bearing(ride),
            Expr::Clip { of, low, high } => {
                let x = at(*of);
                // Not `clamp`: that one panics on bounds it does not like, and NaN must stay NaN.
                if x < *low {
                    *low
                } else if x > *high {
                    *high
                } else {
                    x
                }
            }
            Expr::Round { of, step } => num::round(at(*of) / step) * step,
            Expr::IsMissing { of } => f64::from(u8::from(at(*of).is_nan())),
            #[expect(clippy::float_cmp, reason = "equality of bits is what the expression means")]
            Expr::Equal { a, b } => f64::from(u8::from(at(*a) == at(*b))),
            Expr::Difference { a, b } => at(*a) - at(*b),
            Expr::Ratio { a, b, floor } => {
                let denominator = at(*b);
                // `f64::max` would hide a missing denominator.
                at(*a) / if denominator < *floor { *floor } else { denominator }
            }
            Expr::Cross { a, b, size } => at(*a) * f64::from(*size) + at(*b),
            Expr::Category { of, vocabulary } => num::category(at(*of))
                .and_then(|value| vocabulary.binary_search(&value).ok())
                .map_or(f64::NAN, num::count_to_f64),
            // `validate` has checked that the table is there.
            Expr::Lookup { of, table } => self.tables[usize::from(*table)].number(at(*of)),
            Expr::Sum { a, b } => at(*a) + at(*b),
            Expr::Bin { of, edges } => match at(*of) {
                x if x.is_nan() => f64::NAN,
                x => num::count_to_f64(edges.partition_point(|edge| *edge <= x)),
            },
        }
    }

    fn place(&self, id: u16) -> Option<&Place> {
        self.zones.get(usize::from(id)).and_then(|zone| zone.place.as_ref())
    }

    fn attribute(&self, ride: &Ride, end: End, attribute: ZoneAttribute) -> f64 {
        let id = match end {
            End::Pickup => ride.pu_location_id,
            End::Dropoff => ride.do_location_id,
        };
        // `Trip` has checked that the id is at most the last.
        let zone = &self.zones[usize::from(id)];
        match attribute {
            ZoneAttribute::Id => zone.id,
            ZoneAttribute::Latitude => zone.latitude,
            ZoneAttribute::Longitude => zone.longitude,
            ZoneAttribute::Area => zone.area,
            ZoneAttribute::Borough => zone.borough,
            ZoneAttribute::Airport => zone.airport,
        }
    }

    fn calendar_part(&self, time: LocalTime, part: CalendarPart) -> f64 {
        let number = match part {
            CalendarPart::MinuteOfDay => time.minute_of_day(),
            CalendarPart::Hour => time.minute_of_day() / 60,
            CalendarPart::Weekday => time.weekday(),
            CalendarPart::Weekend => i64::from(time.weekday() >= 5),
            CalendarPart::Holiday => i64::from(self.calendar.is_holiday(time)),
            CalendarPart::MinuteOfWeek => time.weekday() * 1440 + time.minute_of_day(),
        };
        num::i64_to_f64(number)
    }

    fn bearing(&self, ride: &Ride) -> f64 {
        match (self.place(ride.pu_location_id), self.place(ride.do_location_id)) {
            (Some(_), Some(_)) if ride.pu_location_id == ride.do_location_id => 0.0,
            (Some(pu), Some(to)) => pu.bearing_to(to),
            _ => f64::NAN,
        }
    }
}

impl DistanceEstimate {
    /// The miles assumed for two centres `great_circle` miles apart (NaN where there are none).
    fn miles(self, great_circle: f64, detour: f64) -> f64 {
        let miles = if great_circle.is_nan() {
            self.without_place
        } else {
            (self.intercept + self.slope * great_circle) * detour
        };
        // Not `clamp`: NaN, as of an overflow times 0, must become a distance too.
        num::round_to_cents(if miles > MAX_PLAUSIBLE_MILES {
            MAX_PLAUSIBLE_MILES
        } else if miles >= SHORTEST_MILES {
            miles
        } else {
            SHORTEST_MILES
        })
    }
}
