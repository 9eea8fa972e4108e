//! The feature logic as data: what is stored in a bundle and edited by hand.
//!
//! Expressions are a flat list in which each names only earlier ones. That makes a deep recursion impossible to write
//! down, so hostile bytes cannot ask for one, and it computes a shared part once.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::table::Table;

/// At most this many expressions: the encoder's scratch row lives on the stack.
pub const MAX_NODES: usize = 128;

/// Index of an expression in [`FeatureSpec::nodes`].
pub type NodeId = u16;

/// One end of a ride.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Where the ride begins.
    Pickup,
    /// Where it ends.
    Dropoff,
}

/// What a zone's table row can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZoneAttribute {
    /// The zone id itself, as a number.
    Id,
    /// Degrees north of the centre; NaN without a centre.
    Latitude,
    /// Degrees east of the centre; NaN without a centre.
    Longitude,
    /// Square miles; NaN without a centre.
    Area,
    /// Index of the borough; NaN for an id that is not in the table.
    Borough,
    /// 1 for an airport, else 0; NaN for an id that is not in the table.
    Airport,
}

/// A part of the time of pickup, on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CalendarPart {
    /// 0 to 1439.
    MinuteOfDay,
    /// 0 to 23.
    Hour,
    /// Monday 0 to Sunday 6.
    Weekday,
    /// 1 on Saturday and Sunday, else 0.
    Weekend,
    /// 1 on a holiday of the spec's calendar, else 0.
    Holiday,
    /// Minute of the week from Monday 00:00, 0 to 10079.
    MinuteOfWeek,
}

/// One expression. "NaN" is the field's word for missing, and every expression passes it on unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    /// Miles as the caller gave them; NaN where not given or not plausible.
    TripDistance,
    /// Miles as given, or the spec's [`DistanceEstimate`] where they are not.
    TripDistanceOrEstimate,
    /// An attribute of one end's zone.
    Zone(End, ZoneAttribute),
    /// A part of the time of pickup.
    Calendar(CalendarPart),
    /// Miles between the two centres; within one zone half the root of its area; NaN without a centre.
    GreatCircle,
    /// Degrees clockwise from north from pickup to drop-off; 0 within one zone; NaN without a centre.
    Bearing,
    /// `of` moved to the nearest of `low` and `high` when outside.
    Clip {
        /// What is clipped.
        of: NodeId,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// `of`, rounded to the nearest multiple of `step`, halves away from zero.
    Round {
        /// What is rounded.
        of: NodeId,
        /// Above 0.
        step: f64,
    },
    /// 1 where `of` is NaN, else 0.
    IsMissing {
        /// What is looked at.
        of: NodeId,
    },
    /// 1 where the two are equal, else 0 (NaN equals nothing).
    Equal {
        /// One side.
        a: NodeId,
        /// The other.
        b: NodeId,
    },
    /// `a - b`.
    Difference {
        /// Minuend.
        a: NodeId,
        /// Subtrahend.
        b: NodeId,
    },
    /// `a / max(b, floor)`.
    Ratio {
        /// Numerator.
        a: NodeId,
        /// Denominator.
        b: NodeId,
        /// Smallest denominator, above 0.
        floor: f64,
    },
    /// `a * size + b`: one category for each pair of two categories, `b` below `size`.
    Cross {
        /// The slower category.
        a: NodeId,
        /// The faster category.
        b: NodeId,
        /// How many values `b` has.
        size: u32,
    },
    /// The index of `of` in a sorted vocabulary; NaN for a value that is not in it.
    Category {
        /// What is looked up.
        of: NodeId,
        /// Ascending values.
        vocabulary: Vec<u32>,
    },
    /// The number that a category (an integral value from 0 up) has in a table; the table's `otherwise` for NaN, for
    /// fractions and for categories that are not listed.
    Lookup {
        /// What is looked up.
        of: NodeId,
        /// Index into [`FeatureSpec::tables`].
        table: u16,
    },
    /// `a + b`.
    Sum {
        /// One side.
        a: NodeId,
        /// The other.
        b: NodeId,
    },
    /// How many of the edges the value has reached: a category of a number, for a table.
    Bin {
        /// What is put into a bin.
        of: NodeId,
        /// Ascending; a value on an edge has reached it.
        edges: Vec<f64>,
    },
}

impl Expr {
    /// The expressions that this one reads.
    pub fn operands(&self) -> [Option<NodeId>; 2] {
        match *self {
            Expr::TripDistance
            | Expr::TripDistanceOrEstimate
            | Expr::Zone(..)
            | Expr::Calendar(_)
            | Expr::GreatCircle
            | Expr::Bearing => [None, None],
            Expr::Clip { of, .. }
            | Expr::Round { of, .. }
            | Expr::IsMissing { of }
            | Expr::Category { of, .. }
            | Expr::Lookup { of, .. }
            | Expr::Bin { of, .. } => [Some(of), None],
            Expr::Equal { a, b }
            | Expr::Difference { a, b }
            | Expr::Sum { a, b }
            | Expr::Ratio { a, b, .. }
            | Expr::Cross { a, b, .. } => [Some(a), Some(b)],
        }
    }

    /// What is wrong with the expression's own constants, if anything is.
    fn fault(&self) -> Option<&'static str> {
        match self {
            Expr::Clip { low, high, .. } if low.is_nan() || high.is_nan() || low > high => Some("expected low <= high"),
            Expr::Round { step, .. } if !(*step > 0.0 && step.is_finite()) => Some("expected a finite step above 0"),
            Expr::Ratio { floor, .. } if floor.is_nan() || *floor <= 0.0 => Some("expected a floor above 0"),
            Expr::Cross { size: 0, .. } => Some("expected a size above 0"),
            Expr::Category { vocabulary, .. } if !vocabulary.windows(2).all(|pair| pair[0] < pair[1]) => {
                Some("expected an ascending vocabulary")
            }
            // NaN is no edge: it ascends to nothing.
            Expr::Bin { edges, .. }
                if edges.iter().any(|edge| edge.is_nan()) || !edges.windows(2).all(|pair| pair[0] < pair[1]) =>
            {
                Some("expected ascending edges")
            }
            _ => None,
        }
    }
}

/// A named column of the row that the model reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name, as the model was trained with.
    pub name: String,
    /// The expression that computes it.
    pub node: NodeId,
}

/// The distance assumed where the rider gives none: `(intercept + slope * great-circle miles) * detour`, at least 0.1 and
/// at most 50, rounded to 0.01 mile, so that a rider who sends the assumed number back gets the same estimate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistanceEstimate {
    /// Miles.
    pub intercept: f64,
    /// Miles driven per mile as the crow flies.
    pub slope: f64,
    /// Miles, where a zone has no centre; no detour is applied to them.
    pub without_place: f64,
    /// The expression whose value the miles are multiplied by: how much longer the way between these two places is than
    /// usual. 1 where there is none, or its value is not finite. It must not read the distance.
    pub detour: Option<NodeId>,
}

/// The feature logic of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureSpec {
    /// Wall time and holidays.
    pub calendar: Calendar,
    /// What is assumed where the distance is not given.
    pub distance_estimate: DistanceEstimate,
    /// Statistics that expressions look up.
    pub tables: Vec<Table>,
    /// Expressions; each reads only earlier ones.
    pub nodes: Vec<Expr>,
    /// Columns, in the model's order.
    pub columns: Vec<Column>,
}

/// A [`FeatureSpec`] that cannot be computed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError(String);

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SpecError {}

impl SpecError {
    pub(super) fn new(message: String) -> SpecError {
        SpecError(message)
    }
}

impl FeatureSpec {
    /// A spec without columns.
    pub fn new(calendar: Calendar, distance_estimate: DistanceEstimate) -> FeatureSpec {
        FeatureSpec { calendar, distance_estimate, tables: Vec::new(), nodes: Vec::new(), columns: Vec::new() }
    }

    /// Adds a table; the index is for [`Expr::Lookup`].
    ///
    /// # Errors
    ///
    /// [`SpecError`] once there are 65,536.
    pub fn table(&mut self, table: Table) -> Result<u16, SpecError> {
        let index = u16::try_from(self.tables.len())
            .map_err(|_| SpecError(format!("expected at most {} tables", usize::from(u16::MAX) + 1)))?;
        self.tables.push(table);
        Ok(index)
    }

    /// Adds an expression, or finds it where it stands already.
    ///
    /// # Errors
    ///
    /// [`SpecError`] once there are [`MAX_NODES`].
    pub fn node(&mut self, expr: Expr) -> Result<NodeId, SpecError> {
        let index = self.nodes.iter().position(|known| *known == expr).unwrap_or(self.nodes.len());
        if index == self.nodes.len() {
            if index == MAX_NODES {
                return Err(SpecError(format!("expected at most {MAX_NODES} expressions")));
            }
            self.nodes.push(expr);
        }
        NodeId::try_from(index).map_err(|_| SpecError(format!("expected at most {MAX_NODES} expressions")))
    }

    /// Adds an expression and a column that shows it.
    ///
    /// # Errors
    ///
    /// As [`node`](FeatureSpec::node).
    pub fn column(&mut self, name: &str, expr: Expr) -> Result<NodeId, SpecError> {
        let node = self.node(expr)?;
        self.columns.push(Column { name: name.to_owned(), node });
        Ok(node)
    }

    /// The expressions that some are computed from, these included, in their order; in a spec that validates.
    pub(super) fn closure(&self, of: impl IntoIterator<Item = NodeId>) -> Vec<NodeId> {
        let mut read = vec![false; self.nodes.len()];
        of.into_iter().for_each(|node| read[usize::from(node)] = true);
        for (index, expr) in self.nodes.iter().enumerate().rev() {
            if read[index] {
                expr.operands().into_iter().flatten().for_each(|operand| read[usize::from(operand)] = true);
            }
        }
        (0..).zip(read).filter(|(_, read)| *read).map(|(node, _)| node).collect()
    }

    /// The end whose zone an expression is computed from, if it is from that alone.
    pub(super) fn end_of(&self, node: NodeId) -> Option<End> {
        let mut end = None;
        for node in self.closure([node]) {
            let expr = &self.nodes[usize::from(node)];
            match expr {
                Expr::Zone(of, _) if end.is_none_or(|end| end == *of) => end = Some(*of),
                // Of what was there before.
                _ if expr.operands()[0].is_some() => {}
                _ => return None,
            }
        }
        end
    }

    /// Checks that every expression can be computed.
    ///
    /// # Errors
    ///
    /// A [`SpecError`] that names the expression, table or column, what was expected and what was found.
    pub fn validate(&self) -> Result<(), SpecError> {
        if !self.calendar.is_valid() {
            return Err(SpecError("calendar: expected months, weekdays and offsets that exist".to_owned()));
        }
        for (index, table) in self.tables.iter().enumerate() {
            if let Some(fault) = table.fault() {
                return Err(SpecError(format!("table {index} ({:?}): {fault}", table.name)));
            }
        }
        self.validate_nodes()?;
        // After the expressions, because it follows them.
        self.validate_distance_estimate()?;
        for column in &self.columns {
            if usize::from(column.node) >= self.nodes.len() {
                return Err(SpecError(format!("column {:?}: there is no expression {}", column.name, column.node)));
            }
        }
        Ok(())
    }

    fn validate_nodes(&self) -> Result<(), SpecError> {
        if self.nodes.len() > MAX_NODES {
            return Err(SpecError(format!("expected at most {MAX_NODES} expressions, found {}", self.nodes.len())));
        }
        for (index, expr) in self.nodes.iter().enumerate() {
            if let Some(fault) = expr.fault() {
                return Err(SpecError(format!("expression {index}: {fault}")));
            }
            if let Some(operand) = expr.operands().into_iter().flatten().find(|operand| usize::from(*operand) >= index)
            {
                return Err(SpecError(format!(
                    "expression {index}: expected to read earlier ones only, found {operand}"
                )));
            }
            if let Expr::Lookup { table, .. } = expr
                && usize::from(*table) >= self.tables.len()
            {
                return Err(SpecError(format!("expression {index}: there is no table {table}")));
            }
        }
        Ok(())
    }

    fn validate_distance_estimate(&self) -> Result<(), SpecError> {
        let estimate = self.distance_estimate;
        if ![estimate.intercept, estimate.slope, estimate.without_place].iter().all(|x| x.is_finite()) {
            return Err(SpecError("distance_estimate: expected finite numbers".to_owned()));
        }
        let Some(detour) = estimate.detour else { return Ok(()) };
        if usize::from(detour) >= self.nodes.len() {
            return Err(SpecError(format!("distance_estimate: there is no expression {detour}")));
        }
        let distance = [Expr::TripDistance, Expr::TripDistanceOrEstimate];
        match self.closure([detour]).into_iter().find(|node| distance.contains(&self.nodes[usize::from(*node)])) {
            Some(node) => Err(SpecError(format!(
                "distance_estimate: expected a detour that does not depend on the distance, found that expression \
                 {detour} reads expression {node}"
            ))),
            None => Ok(()),
        }
    }
}
