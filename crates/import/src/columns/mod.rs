//! A foreign model's columns, bound by their names to expressions over a ride.
//!
//! It is apart from the formats because names are all that it needs of them.
//!
//! - [`bind`]: names, and what is said of some of them, to the columns of a [`FeatureSpec`].
//! - [`KNOWN`]: the names that need not be explained, and what they mean in the notation of `docs/command-line.md`.
//! - [`BindError`]: which column, what was expected, what was found.

mod notation;

use std::fmt;

use curbside::features::{Column, FeatureSpec};

/// Names that need no explanation: the TLC's own columns, and those of Curbside's trainer.
pub const KNOWN: [(&str, &str); 31] = [
    ("PULocationID", "pickup.id"),
    ("DOLocationID", "dropoff.id"),
    ("pickup_location_id", "pickup.id"),
    ("dropoff_location_id", "dropoff.id"),
    ("trip_distance", "trip_distance_or_estimate"),
    ("distance_assumed", "missing(trip_distance)"),
    ("great_circle", "great_circle"),
    ("ratio", "ratio(trip_distance_or_estimate, great_circle, 0.2)"),
    ("bearing", "bearing"),
    ("same_zone", "equal(pickup.id, dropoff.id)"),
    ("pickup_latitude", "pickup.latitude"),
    ("pickup_longitude", "pickup.longitude"),
    ("dropoff_latitude", "dropoff.latitude"),
    ("dropoff_longitude", "dropoff.longitude"),
    ("northward", "difference(dropoff.latitude, pickup.latitude)"),
    ("eastward", "difference(dropoff.longitude, pickup.longitude)"),
    ("pickup_area", "pickup.area"),
    ("dropoff_area", "dropoff.area"),
    ("pickup_borough", "pickup.borough"),
    ("dropoff_borough", "dropoff.borough"),
    ("pickup_airport", "pickup.airport"),
    ("dropoff_airport", "dropoff.airport"),
    ("minute_of_day", "minute_of_day"),
    ("minute_of_week", "minute_of_week"),
    ("hour", "hour"),
    ("weekday", "weekday"),
    ("dayofweek", "weekday"),
    ("day_of_week", "weekday"),
    ("weekend", "weekend"),
    ("is_weekend", "weekend"),
    ("holiday", "holiday"),
];

/// Names that mean something here and still cannot be bound, and what to do instead.
const REFUSED: [(&str, &str); 2] = [
    (
        "PU_DO",
        "a text of two ids, which only the encoder that numbered it can read: train on PULocationID and DOLocationID, or on \
         PULocationID * 266 + DOLocationID and bind that column to cross(pickup.id, dropoff.id, 266)",
    ),
    (
        "usual_duration",
        "a number out of statistics tables, which only the trainer's own bundles have: train without it",
    ),
];

/// A column that cannot be bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    column: String,
    message: String,
}

impl BindError {
    fn new(column: &str, message: impl Into<String>) -> BindError {
        BindError { column: column.to_owned(), message: message.into() }
    }

    /// The column at fault.
    pub fn column(&self) -> &str {
        &self.column
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {:?}: {}", self.column, self.message)
    }
}

impl std::error::Error for BindError {}

/// Adds a column for each of `names`, in that order, to `spec`: by its expression in `given` (name and notation), else by its
/// meaning in [`KNOWN`].
///
/// # Errors
///
/// [`BindError`] for a name without either, an expression that cannot be read or computed, a name twice, and a name in
/// `given` that the model has not.
pub fn bind(names: &[String], given: &[(String, String)], mut spec: FeatureSpec) -> Result<FeatureSpec, BindError> {
    if let Some((name, _)) = given.iter().find(|(name, _)| !names.contains(name)) {
        let columns = names.join(", ");
        return Err(BindError::new(
            name,
            format!("expected a column of the model, which has {columns}, found another"),
        ));
    }
    let unknown: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| expression(name, given).is_none()).collect();
    if let Some(first) = unknown.first() {
        return Err(BindError::new(first, unknown_columns(&unknown, names)));
    }
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(BindError::new(name, "expected each name once in the model, found it twice"));
        }
        let fail = |message: String| BindError::new(name, message);
        let text = expression(name, given).unwrap_or_default();
        let node = notation::read(text, &mut spec).map_err(fail)?;
        spec.columns.push(Column { name: name.clone(), node });
        spec.validate().map_err(|fault| fail(fault.to_string()))?;
    }
    Ok(spec)
}

fn expression<'a>(name: &str, given: &'a [(String, String)]) -> Option<&'a str> {
    let given = given.iter().find(|(given, _)| given == name).map(|(_, expression)| expression.as_str());
    given.or_else(|| KNOWN.iter().find(|(known, _)| *known == name).map(|(_, expression)| *expression))
}

/// What is said of columns that nothing explains: of all at once, with the lines of the file that would.
fn unknown_columns(unknown: &[&str], names: &[String]) -> String {
    if let Some((_, advice)) = REFUSED.iter().find(|(refused, _)| *refused == unknown[0]) {
        return format!("expected a column that can be computed from a ride, found {advice}");
    }
    let lines: Vec<String> = unknown.iter().map(|name| format!("{name:?} = \"...\"")).collect();
    let known = KNOWN.map(|(name, _)| name).join(", ");
    let placeholder = |name: &String| ["Column_", "f"].iter().any(|start| name.strip_prefix(start).is_some_and(number));
    // The libraries' own names of columns that were given none.
    let nameless = if names.iter().all(placeholder) {
        ": the model was trained without names, which a data frame has, so that only the order of the columns tells them"
    } else {
        ""
    };
    format!(
        "expected an expression for it in --features, found none{nameless}; give a file with a table [columns] and in it {}, where ... is \
         made of {}; names that need none are {known}",
        lines.join(" and "),
        notation::WORDS
    )
}

fn number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::features::{Calendar, CalendarPart, DistanceEstimate, End, Expr, ZoneAttribute};

    fn empty() -> FeatureSpec {
        let estimate = DistanceEstimate { intercept: 0.5, slope: 1.25, without_place: 4.0, detour: None };
        FeatureSpec::new(Calendar::new_york(), estimate)
    }

    fn bound(name: &str, expression: &str) -> Result<Vec<Expr>, BindError> {
        bind(&[name.to_owned()], &[(name.to_owned(), expression.to_owned())], empty()).map(|spec| spec.nodes)
    }

    #[test]
    fn every_known_name_can_be_computed() {
        let names = KNOWN.map(|(name, _)| name.to_owned());
        let spec = bind(&names, &[], empty()).unwrap();
        assert_eq!(spec.columns.len(), KNOWN.len());
        assert_eq!(spec.columns[0].node, spec.columns[2].node, "one expression for two names");
    }

    #[test]
    fn expressions_are_read() {
        let id = |end| Expr::Zone(end, ZoneAttribute::Id);
        let rows = [
            ("trip_distance", vec![Expr::TripDistance]),
            (" hour ", vec![Expr::Calendar(CalendarPart::Hour)]),
            ("clip(trip_distance, -1.5, 1e2)", vec![Expr::TripDistance, Expr::Clip { of: 0, low: -1.5, high: 100.0 }]),
            (
                "cross(pickup.id,dropoff.id,266)",
                vec![id(End::Pickup), id(End::Dropoff), Expr::Cross { a: 0, b: 1, size: 266 }],
            ),
            (
                "category(pickup.id, [1, 7, 130])",
                vec![id(End::Pickup), Expr::Category { of: 0, vocabulary: vec![1, 7, 130] }],
            ),
            (
                "bin(sum(hour, hour), [0.5, 3])",
                vec![
                    Expr::Calendar(CalendarPart::Hour),
                    Expr::Sum { a: 0, b: 0 },
                    Expr::Bin { of: 1, edges: vec![0.5, 3.0] },
                ],
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(bound("x", text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_bound_is_told_with_what_can() {
        let deep = "missing(".repeat(200);
        let rows = [
            ("", "byte 0: expected one of trip_distance"),
            ("speed", "byte 0: expected one of trip_distance"),
            ("pickup.name", "byte 0: expected one of"),
            ("hour hour", "byte 5: expected the end"),
            ("clip(hour, 1)", "byte 12: expected `,`"),
            ("clip(hour, 2, 1)", "low <= high"),
            ("round(hour, 0)", "a finite step above 0"),
            ("round(hour, x)", "byte 12: expected a number"),
            ("cross(hour, hour, -1)", "byte 18: expected a whole number"),
            ("category(hour, [2, 1])", "an ascending vocabulary"),
            ("category(hour, [2.5])", "byte 16: expected a whole number"),
            ("bin(hour, [1, 1])", "ascending edges"),
            ("equal(hour)", "byte 10: expected `,`"),
            (deep.as_str(), "within each other"),
        ];
        for (text, words) in rows {
            let error = bound("x", text).unwrap_err().to_string();
            assert!(error.starts_with("column \"x\": ") && error.contains(words), "{text}: {error}");
        }
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let rows = [
            (names(&["speed"]), "a table [columns] and in it \"speed\" = \"...\", where ... is made of trip_distance"),
            (names(&["f0", "f1"]), "trained without names"),
            (names(&["hour", "a b", "c"]), "in it \"a b\" = \"...\" and \"c\" = \"...\""),
            (names(&["PU_DO"]), "bind that column to cross(pickup.id, dropoff.id, 266)"),
            (names(&["usual_duration"]), "train without it"),
            (names(&["hour", "hour"]), "found it twice"),
        ];
        for (names, words) in rows {
            let error = bind(&names, &[], empty()).unwrap_err().to_string();
            assert!(error.contains(words), "{names:?}: {error}");
        }
        let stranger = bind(&names(&["hour"]), &[("day".to_owned(), "weekday".to_owned())], empty()).unwrap_err();
        assert!(stranger.to_string().contains("which has hour, found another"), "{stranger}");
        assert_eq!(
            bind(&names(&["PU_DO"]), &[("PU_DO".to_owned(), "hour".to_owned())], empty()).unwrap().nodes.len(),
            1
        );
    }
}
