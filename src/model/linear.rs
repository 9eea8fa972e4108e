//! A weighted sum over encoded columns.

use serde::{Deserialize, Serialize};

use super::ModelError;
use crate::num::Shown;

/// `intercept` plus the terms, added in their order in `f64`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// What a row without any known term is worth.
    pub intercept: f64,
    /// The weighted columns.
    pub terms: Vec<Term>,
}

/// One column's part in the sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Term {
    /// `coefficient * value`; nothing for a missing value.
    Numeric {
        /// Column of the row.
        column: u16,
        /// Weight.
        coefficient: f64,
    },
    /// The coefficient of the category that the value names; nothing for a category that was not seen, as a one-hot
    /// encoder has it.
    Categorical {
        /// Column of the row; its value is an index from 0.
        column: u16,
        /// Weight of each category.
        coefficients: Vec<f64>,
    },
}

impl Term {
    /// The column that the term reads.
    pub fn column(&self) -> u16 {
        match self {
            Term::Numeric { column, .. } | Term::Categorical { column, .. } => *column,
        }
    }
}

impl Linear {
    pub(super) fn validate(&self, columns: usize) -> Result<(), ModelError> {
        let finite = |what: &str, x: f64| {
            if x.is_finite() {
                Ok(())
            } else {
                Err(ModelError::new(format!("{what}: expected a finite number, found {}", Shown(x))))
            }
        };
        finite("intercept", self.intercept)?;
        for (index, term) in self.terms.iter().enumerate() {
            if usize::from(term.column()) >= columns {
                let column = term.column();
                return Err(ModelError::new(format!(
                    "term {index}: expected a column below {columns}, found {column}"
                )));
            }
            match term {
                Term::Numeric { coefficient, .. } => finite("coefficient", *coefficient)?,
                Term::Categorical { coefficients, .. } => {
                    coefficients.iter().try_for_each(|x| finite("coefficient", *x))?;
                }
            }
        }
        Ok(())
    }
}
