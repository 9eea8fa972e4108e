//! Explaining an estimate.
//!
//! It is apart because only a host that is asked for an explanation pays for one: the explainer is built with the first.

use std::sync::OnceLock;

use ndarray::{Array2, ArrayView2};

use super::{Estimator, MAX_COLUMNS};
use crate::explain::{ExplainError, Explainer, Explanation, Space, explainable};
use crate::features::FeatureSpec;
use crate::model::{Background, Model};
use crate::trip::Trip;
use crate::warning::Warning;

/// What an explainer is built from, and the explainer once somebody has asked.
#[derive(Clone, Debug)]
pub(super) struct Explainable {
    parts: Result<Box<(Model, Background)>, ExplainError>,
    explainer: OnceLock<Result<Explainer, ExplainError>>,
}

impl Explainable {
    /// Takes parts that have been validated against each other.
    pub(super) fn new(model: Model, background: Option<Background>) -> Explainable {
        let parts = match (explainable(&model, background.as_ref()), background) {
            (Ok(()), Some(background)) => Ok(Box::new((model, background))),
            (Ok(()), None) => Err(ExplainError::NoBackground),
            (Err(fault), _) => Err(fault),
        };
        Explainable { parts, explainer: OnceLock::new() }
    }

    fn explainer(&self, spec: &FeatureSpec) -> Result<&Explainer, ExplainError> {
        let (model, background) = &**self.parts.as_ref().map_err(|fault| *fault)?;
        self.explainer.get_or_init(|| Explainer::new(model, Some(background), spec)).as_ref().map_err(|fault| *fault)
    }
}

impl Estimator {
    /// Why a ride's estimate is what it is: the average over the training, and what each thing that the rider told moves it by.
    ///
    /// In the target's space the numbers are those of the estimate: the correction scales contributions by its slope, so that
    /// their sum is the estimate before bounds within 1e-9 (of a model in XGBoost's arithmetic, within what that rounds: it sums
    /// in `f32`). A link other than the identity is not undone: then they add up to the model's number before it.
    ///
    /// The first explanation builds what it needs, which takes a few milliseconds.
    ///
    /// # Errors
    ///
    /// [`ExplainError`]: the bundle has nothing to compare with, or its leaves are linear.
    ///
    /// # Panics
    ///
    /// Never, for any trip.
    pub fn explain(&self, trip: &Trip) -> Result<Explanation<'_>, ExplainError> {
        let spec = self.encoder.spec();
        let explainer = self.explainable.explainer(spec)?;
        let ride = self.encoder.settle(trip);
        let (mut row, mut amounts) = ([0.0; MAX_COLUMNS], [0.0; MAX_COLUMNS]);
        self.encoder.encode(&ride, &mut row);
        let columns = spec.columns.len();
        explainer.contributions(&row[..columns], &mut explainer.scratch(columns), &mut amounts[..columns]);
        let (mut base_value, mut unit) = (explainer.base_value(), self.target.unit.clone());
        match explainer.space() {
            Space::Target => {
                let correction = self.calibrator.correction();
                base_value = correction.apply(base_value);
                for amount in &mut amounts {
                    *amount *= correction.slope;
                }
            }
            Space::Log => unit.insert_str(0, "log "),
            Space::LogOdds => "log odds".clone_into(&mut unit),
            Space::Root => unit.insert_str(0, "root of "),
        }
        let contributions = explainer.grouped(spec, (&row, &amounts), ride.distance_assumed);
        let sum = contributions.iter().fold(base_value, |sum, contribution| sum + contribution.amount);
        let clipped = self.estimate(trip).warnings.contains(Warning::DurationClipped);
        Ok(Explanation { space: explainer.space(), unit, base_value, contributions, sum, clipped })
    }

    /// What each column of a feature matrix contributes, and in one more column the average over the training: row by row they
    /// add up to the model's own number before its link. Nothing is corrected or bounded.
    ///
    /// # Errors
    ///
    /// The sentence of an [`ExplainError`], or one that tells the number of columns, if the matrix has not the encoder's.
    pub fn explain_matrix(&self, matrix: &ArrayView2<'_, f64>) -> Result<Array2<f64>, String> {
        let columns = self.encoder.columns();
        if matrix.ncols() != columns {
            return Err(format!("expected {columns} columns, found {}", matrix.ncols()));
        }
        let explainer = self.explainable.explainer(self.encoder.spec()).map_err(|fault| fault.to_string())?;
        let mut scratch = explainer.scratch(columns);
        let (mut row, mut amounts) = (vec![0.0; columns], vec![0.0; columns]);
        let mut parts = Array2::zeros((matrix.nrows(), columns + 1));
        for (values, mut places) in matrix.rows().into_iter().zip(parts.rows_mut()) {
            row.iter_mut().zip(values).for_each(|(place, value)| *place = *value);
            explainer.contributions(&row, &mut scratch, &mut amounts);
            places.iter_mut().zip(amounts.iter().chain([&explainer.base_value()])).for_each(|(place, x)| *place = *x);
        }
        Ok(parts)
    }

    /// Whether estimates can be explained.
    ///
    /// # Errors
    ///
    /// [`ExplainError`] with the reason why not.
    pub fn explains(&self) -> Result<(), ExplainError> {
        self.explainable.parts.as_ref().map(|_| ()).map_err(|fault| *fault)
    }
}
