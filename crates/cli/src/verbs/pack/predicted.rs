//! What the model's number is: minutes, or another unit, or a logarithm of one. No file of a model says it, so the user does.

use curbside::model::{Calibration, Correction, ExtendedEnsemble, Link, Model};
use serde::Deserialize;

/// The table `[target]` of the features file.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Predicted {
    unit: Unit,
    transform: Transform,
}

/// The unit that the model was trained on.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Seconds,
    #[default]
    Minutes,
    Hours,
}

/// What was done to the durations before training.
#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transform {
    #[default]
    None,
    Log,
    Log1p,
}

impl Predicted {
    /// The model and the correction that give minutes together; an error says what the model undoes by itself.
    pub(super) fn in_minutes(self, model: Model) -> Result<(Model, Calibration), String> {
        let slope = match self.unit {
            Unit::Seconds => 1.0 / 60.0,
            Unit::Minutes => 1.0,
            Unit::Hours => 60.0,
        };
        // e^x - 1 is a line from e^x.
        let intercept = if self.transform == Transform::Log1p { -slope } else { 0.0 };
        let model = if self.transform == Transform::None { model } else { exponential(model)? };
        Ok((model, Calibration { correction: Correction { intercept, slope }, ..Calibration::default() }))
    }
}

/// The same model with e^x of its sum.
fn exponential(model: Model) -> Result<Model, String> {
    let extended = match model {
        Model::Ensemble(trees) => ExtendedEnsemble::new(trees),
        Model::Extended(extended) => extended,
        Model::Linear(_) => return Err("expected trees, found a linear model".to_owned()),
    };
    if extended.link == Link::Identity {
        return Ok(Model::Extended(ExtendedEnsemble { link: Link::Exp, ..extended }));
    }
    Err("expected \"none\" for an objective that gives back what it was trained on, found another: leave transform out"
        .to_owned())
}
