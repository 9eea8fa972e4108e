//! The account of a reading: how many rows there were, and how many were not rides, for which reason.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::cells::{Fault, RejectedRow};
use crate::columns::Column;
use crate::reasons::write_table;

/// Rows rejected for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedCount {
    /// The column at fault; `None` when the whole row was.
    pub column: Option<Column>,
    /// What was wrong.
    pub fault: Fault,
    /// How many rows.
    pub rows: u64,
    /// The first of them, so that one can be looked at.
    pub first_row: u64,
}

/// How many rows a file had, and how many of them were not rides. Prints as a table; serialises into a card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadReport {
    /// Rows in the file.
    pub rows: u64,
    /// Rows that are rides.
    pub rides: u64,
    /// The others, by reason, in the order in which the reasons first appeared.
    pub rejected: Vec<RejectedCount>,
}

impl ReadReport {
    /// Counts the rides and the rejected rows of one batch.
    pub fn count(&mut self, batch: &super::RideBatch) {
        // A batch is a Vec, and no Vec is longer than 2^63.
        self.rides += batch.rides.len() as u64;
        self.rows += (batch.rides.len() + batch.rejected.len()) as u64;
        for row in &batch.rejected {
            self.reject(row);
        }
    }

    fn reject(&mut self, row: &RejectedRow) {
        let same = |count: &&mut RejectedCount| count.column == row.column && count.fault == row.fault;
        match self.rejected.iter_mut().find(same) {
            Some(count) => count.rows += 1,
            None => {
                self.rejected.push(RejectedCount { column: row.column, fault: row.fault, rows: 1, first_row: row.row });
            }
        }
    }
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<(String, u64)> = self.rejected.iter().map(|count| (described(count), count.rows)).collect();
        lines.push(("rides".to_owned(), self.rides));
        lines.push(("all".to_owned(), self.rows));
        write_table(f, self.rows, &lines)
    }
}

fn described(count: &RejectedCount) -> String {
    match count.column {
        Some(column) => format!("{column} {} (first in row {})", count.fault, count.first_row),
        None => format!("{} (first in row {})", count.fault, count.first_row),
    }
}
