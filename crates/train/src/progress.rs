//! What training says while it works, for a terminal to show.

use std::fmt;

use curbside::bundle::{Metrics, Month};

use crate::importance::Gain;

/// One piece of news. Prints as one line, or a few.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A file was read and filtered.
    Month(Month),
    /// A fold of a candidate grows: trees so far, and the error on the days left out, in minutes.
    Fold {
        /// Number of the candidate, from 1.
        candidate: usize,
        /// How many candidates.
        candidates: usize,
        /// Number of the fold, from 1.
        fold: usize,
        /// How many folds.
        folds: usize,
        /// Trees so far.
        trees: usize,
        /// Root mean squared error on the days left out, before clipping.
        rmse: f64,
    },
    /// A fold of a candidate is grown: nothing to show, something to keep.
    FoldGrown {
        /// Number of the candidate, from 1.
        candidate: usize,
        /// Number of the fold, from 1.
        fold: usize,
        /// Root mean squared error on the days left out, in minutes and before clipping, with 1, 2, 3 ... trees.
        rmse: Vec<f64>,
    },
    /// A candidate is through all folds.
    Candidate {
        /// Its number, from 1.
        candidate: usize,
        /// Its parameters, as LightGBM takes them.
        parameters: String,
        /// The number of trees with the least error on days left out.
        trees: usize,
        /// That error in minutes, before clipping.
        rmse: f64,
        /// The error of all folds with 1, 2, 3 ... trees.
        by_trees: Vec<f64>,
    },
    /// What each column of the final model's trees gained: nothing to show, something to keep.
    Gains(Vec<Gain>),
    /// The final model grows on all training days.
    Final {
        /// Trees so far.
        trees: usize,
        /// Trees to come to.
        of: usize,
    },
    /// The model was measured on the months kept apart.
    Measured {
        /// On what.
        what: String,
        /// How well.
        metrics: Metrics,
    },
    /// Anything else worth a line.
    Note(String),
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Progress::Month(month) => {
                write!(f, "{}: {} of {} rows", month.file, month.used, month.rows)?;
                month.dropped.iter().try_for_each(|dropped| write!(f, "\n  {:>8}  {}", dropped.rows, dropped.reason))
            }
            // Within the 80 columns of a terminal that it is written over in.
            Progress::Fold { candidate, candidates, fold, folds, trees, rmse } => write!(
                f,
                "fold {fold}/{folds}, candidate {candidate}/{candidates}: {trees} trees, {rmse:.3} min on days left out"
            ),
            Progress::FoldGrown { candidate, fold, rmse } => {
                let last = rmse.last().copied().unwrap_or(f64::NAN);
                write!(f, "fold {fold}, candidate {candidate}: {last:.3} min with all {} trees", rmse.len())
            }
            Progress::Candidate { parameters, trees, rmse, .. } => {
                write!(f, "{rmse:.4} min with {trees} trees: {parameters}")
            }
            Progress::Gains(gains) => write!(f, "gains of {} columns", gains.len()),
            Progress::Final { trees, of } => write!(f, "final model: {trees} of {of} trees"),
            Progress::Measured { what, metrics } => write!(
                f,
                "{what}: RMSE {:.4}, MAE {:.4}, bias {:+.3} min on {} rides",
                metrics.rmse, metrics.mae, metrics.bias, metrics.rides
            ),
            Progress::Note(note) => f.write_str(note),
        }
    }
}
