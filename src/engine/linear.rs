//! The weighted sum.

use crate::model::{Linear, Term};
use crate::num;

#[derive(Clone, Debug)]
pub(super) struct LinearKernel {
    model: Linear,
}

impl LinearKernel {
    pub(super) fn new(linear: &Linear) -> LinearKernel {
        LinearKernel { model: linear.clone() }
    }

    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        self.model.terms.iter().fold(self.model.intercept, |sum, term| sum + contribution(term, row))
    }
}

/// What a term adds for a row.
pub(crate) fn contribution(term: &Term, row: &[f64]) -> f64 {
    // `Linear::validate` has checked the column.
    let value = row[usize::from(term.column())];
    match term {
        Term::Numeric { coefficient, .. } if !value.is_nan() => coefficient * value,
        Term::Numeric { .. } => 0.0,
        Term::Categorical { coefficients, .. } => num::integral(value)
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| coefficients.get(index))
            .copied()
            .unwrap_or(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_known_terms() {
        let kernel = LinearKernel::new(&Linear {
            intercept: 10.0,
            terms: vec![
                Term::Numeric { column: 0, coefficient: 2.0 },
                Term::Categorical { column: 1, coefficients: vec![0.5, -4.0] },
            ],
        });
        let rows = [
            // 10 + 2 * 3 - 4
            ([3.0, 1.0], 12.0),
            // an unseen category and a missing one add nothing: 10 + 2 * 3
            ([3.0, 2.0], 16.0),
            ([3.0, f64::NAN], 16.0),
            ([3.0, -1.0], 16.0),
            // 10 + nothing + 0.5
            ([f64::NAN, 0.0], 10.5),
        ];
        for (row, expected) in rows {
            assert_eq!(kernel.predict(&row).to_bits(), f64::to_bits(expected), "{row:?}");
        }
    }
}
