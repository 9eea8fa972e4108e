//! What a rider told, and which columns are computed from it.
//!
//! Columns are the model's words: great-circle miles, ratios, tables. A rider gave two zones, perhaps a distance, and a time. Which
//! of these a column reads is seen from its expression, whatever it is called.

use serde::{Serialize, Serializer};

use crate::features::{CalendarPart, End, Expr, FeatureSpec};

/// Something that a rider told, or had assumed for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fact {
    /// Where the ride begins.
    PickupZone = 1,
    /// Where it ends.
    DropoffZone = 2,
    /// Its miles, given or assumed.
    Distance = 4,
    /// The minute of the day of the pickup.
    TimeOfDay = 8,
    /// The day of the week of the pickup.
    DayOfWeek = 16,
    /// Whether that day is a holiday.
    Holiday = 32,
}

impl Fact {
    /// All of them, in the order in which they are told.
    pub const ALL: [Fact; 6] =
        [Fact::PickupZone, Fact::DropoffZone, Fact::Distance, Fact::TimeOfDay, Fact::DayOfWeek, Fact::Holiday];

    /// The stable name of this fact.
    pub fn code(self) -> &'static str {
        match self {
            Fact::PickupZone => "pickup_zone",
            Fact::DropoffZone => "dropoff_zone",
            Fact::Distance => "distance",
            Fact::TimeOfDay => "time_of_day",
            Fact::DayOfWeek => "day_of_week",
            Fact::Holiday => "holiday",
        }
    }
}

/// A set of [`Fact`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(u8);

impl Facts {
    /// Whether it is one of them.
    pub fn contains(self, fact: Fact) -> bool {
        self.0 & fact as u8 != 0
    }

    /// The facts in order.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.into_iter().filter(move |fact| self.contains(*fact))
    }

    /// What a rider calls them together, such as `route and time of day`.
    pub fn words(self, distance_assumed: bool) -> String {
        let has = |fact| self.contains(fact);
        let both = |a, b| has(a) && has(b);
        let rows = [
            ("route", both(Fact::PickupZone, Fact::DropoffZone)),
            ("pickup zone", has(Fact::PickupZone) && !has(Fact::DropoffZone)),
            ("drop-off zone", has(Fact::DropoffZone) && !has(Fact::PickupZone)),
            ("assumed distance", has(Fact::Distance) && distance_assumed),
            ("distance", has(Fact::Distance) && !distance_assumed),
            ("hour of the week", both(Fact::TimeOfDay, Fact::DayOfWeek)),
            ("time of day", has(Fact::TimeOfDay) && !has(Fact::DayOfWeek)),
            ("day of the week", has(Fact::DayOfWeek) && !has(Fact::TimeOfDay)),
            ("holiday", has(Fact::Holiday)),
        ];
        let mut left = rows.iter().filter(|(_, is)| *is).count();
        let mut words = String::new();
        for (word, _) in rows.iter().filter(|(_, is)| *is) {
            words.push_str(word);
            left -= 1;
            words.push_str(match left {
                0 => "",
                1 => " and ",
                _ => ", ",
            });
        }
        words
    }
}

impl Serialize for Facts {
    /// As the list of their codes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Fact::code))
    }
}

/// Which facts each column of a spec that validates is computed from.
pub(super) fn of_columns(spec: &FeatureSpec) -> Vec<Facts> {
    let mut nodes: Vec<Facts> = Vec::with_capacity(spec.nodes.len());
    for expr in &spec.nodes {
        // Each expression reads only earlier ones.
        let read = expr.operands().into_iter().flatten().map(|operand| nodes[usize::from(operand)].0);
        nodes.push(Facts(read.fold(own(expr), |facts, more| facts | more)));
    }
    spec.columns.iter().map(|column| nodes[usize::from(column.node)]).collect()
}

/// What an expression reads of the ride itself.
fn own(expr: &Expr) -> u8 {
    let of = |facts: &[Fact]| facts.iter().fold(0, |set, fact| set | *fact as u8);
    match expr {
        // Assumed, it depends on the zones; but what the rider sees, and may correct, is a distance.
        Expr::TripDistance | Expr::TripDistanceOrEstimate => of(&[Fact::Distance]),
        Expr::Zone(End::Pickup, _) => of(&[Fact::PickupZone]),
        Expr::Zone(End::Dropoff, _) => of(&[Fact::DropoffZone]),
        Expr::GreatCircle | Expr::Bearing => of(&[Fact::PickupZone, Fact::DropoffZone]),
        Expr::Calendar(CalendarPart::MinuteOfDay | CalendarPart::Hour) => of(&[Fact::TimeOfDay]),
        Expr::Calendar(CalendarPart::Weekday | CalendarPart::Weekend) => of(&[Fact::DayOfWeek]),
        Expr::Calendar(CalendarPart::MinuteOfWeek) => of(&[Fact::TimeOfDay, Fact::DayOfWeek]),
        Expr::Calendar(CalendarPart::Holiday) => of(&[Fact::Holiday]),
        Expr::Clip { .. }
        | Expr::Round { .. }
        | Expr::IsMissing { .. }
        | Expr::Equal { .. }
        | Expr::Difference { .. }
        | Expr::Ratio { .. }
        | Expr::Cross { .. }
        | Expr::Category { .. }
        | Expr::Lookup { .. }
        | Expr::Sum { .. }
        | Expr::Bin { .. } => 0,
    }
}
