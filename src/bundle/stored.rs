//! Models as the file has them, and the way there and back.

use serde::{Deserialize, Serialize};

use super::Limits;
use super::ensemble::StoredEnsemble;
use crate::model::{
    Calibration, Correction, ExtendedEnsemble, IntervalModel, Linear, LinearLeaf, Link, Model, Quantiles,
};

/// A model as the file has it: split into streams of one kind, which compress.
#[derive(Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "one value lives for the moment between the file and the model")]
pub(super) enum StoredModel {
    Linear(Linear),
    Ensemble(StoredEnsemble),
    Extended(StoredExtended),
}

/// An extended ensemble: the streams of its trees, and the rest as it is.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredExtended {
    trees: StoredEnsemble,
    base: f64,
    average: bool,
    link: Link,
    linear_leaves: Vec<LinearLeaf>,
}

impl StoredModel {
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn from_model(model: &Model) -> Result<StoredModel, String> {
        Ok(match model {
            Model::Linear(linear) => StoredModel::Linear(linear.clone()),
            Model::Ensemble(ensemble) => StoredModel::Ensemble(StoredEnsemble::from_ensemble(ensemble)?),
            Model::Extended(extended) => {
                let ExtendedEnsemble { trees, base, average, link, linear_leaves } = extended;
                StoredModel::Extended(StoredExtended {
                    trees: StoredEnsemble::from_ensemble(trees)?,
                    base: *base,
                    average: *average,
                    link: *link,
                    linear_leaves: linear_leaves.clone(),
                })
            }
        })
    }

    /// The streams of its trees, if it has any.
    pub(super) fn trees(&self) -> Option<&StoredEnsemble> {
        match self {
            StoredModel::Linear(_) => None,
            StoredModel::Ensemble(stored) => Some(stored),
            StoredModel::Extended(stored) => Some(&stored.trees),
        }
    }

    pub(super) fn into_model(self, limits: &Limits) -> Result<Model, String> {
        Ok(match self {
            StoredModel::Linear(linear) => Model::Linear(linear),
            StoredModel::Ensemble(stored) => Model::Ensemble(stored.into_ensemble(&limits.shape)?),
            StoredModel::Extended(stored) => {
                let StoredExtended { trees, base, average, link, linear_leaves } = stored;
                let trees = trees.into_ensemble(&limits.shape)?;
                Model::Extended(ExtendedEnsemble { trees, base, average, link, linear_leaves })
            }
        })
    }
}

/// A calibration as the file has it.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredCalibration {
    correction: Correction,
    interval: Option<StoredInterval>,
}

#[derive(Serialize, Deserialize)]
struct StoredInterval {
    coverage: f64,
    smallest_scale: f64,
    given: Quantiles,
    assumed: Quantiles,
    scale: StoredModel,
}

impl StoredCalibration {
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn from_calibration(calibration: &Calibration) -> Result<StoredCalibration, String> {
        let Calibration { correction, interval } = calibration;
        let stored = |interval: &IntervalModel| {
            let IntervalModel { coverage, ref scale, smallest_scale, given, assumed } = *interval;
            let scale = StoredModel::from_model(scale)?;
            Ok::<_, String>(StoredInterval { coverage, smallest_scale, given, assumed, scale })
        };
        Ok(StoredCalibration { correction: *correction, interval: interval.as_ref().map(stored).transpose()? })
    }

    pub(super) fn into_calibration(self, limits: &Limits) -> Result<Calibration, String> {
        let opened = |interval: StoredInterval| {
            let StoredInterval { coverage, smallest_scale, given, assumed, scale } = interval;
            let scale = scale.into_model(limits).map_err(|fault| format!("scale: {fault}"))?;
            Ok::<_, String>(IntervalModel { coverage, scale, smallest_scale, given, assumed })
        };
        Ok(Calibration { correction: self.correction, interval: self.interval.map(opened).transpose()? })
    }
}
