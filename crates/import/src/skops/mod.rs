//! skops' files of scikit-learn wrappers: a zip whose `schema.json` describes a Python object, with LightGBM's text or
//! XGBoost's UBJSON somewhere within.
//!
//! What the object's `predict` does is what counts, and it is more than the model's: a wrapper stops at its best iteration, may
//! take another number than NaN for missing, and a pipeline computes columns before. So the classes that are read are few, each
//! with all that its `predict` reads (`lightgbm/sklearn.py`, `xgboost/sklearn.py`, `sklearn/pipeline.py`); any other is refused by
//! its name.

mod archive;
mod node;

use curbside::Limits;

use crate::error::ImportError;
use crate::value::{Value, json, ubjson};
use crate::xgboost::Cut;
use crate::{Imported, Options, lightgbm, xgboost};
use archive::Archive;
use node::Node;

/// The entry that describes the object.
const SCHEMA: &str = "schema.json";

/// Versions of skops' own format.
const PROTOCOLS: std::ops::RangeInclusive<f64> = 0.0..=2.0;

/// The model's own bytes within the object.
enum Found {
    LightGbm { text: String, best_iteration: usize },
    XGBoost { entry: String },
}

/// Reads a wrapper.
pub(crate) fn read(bytes: &[u8], options: Options, limits: &Limits) -> Result<Imported, ImportError> {
    if options.best_iteration {
        let expected =
            "a model whose own predict does not stop at its best iteration already: leave --best-iteration out";
        return Err(ImportError::at("best_iteration", expected, "a scikit-learn wrapper"));
    }
    let mut archive = Archive::open(bytes)?;
    let found = {
        let schema = json(&archive.entry(SCHEMA)?)?;
        protocol(&schema)?;
        estimator(&Node::new(&schema, SCHEMA)?, 0)?
    };
    match found {
        Found::LightGbm { text, best_iteration } => {
            let most = if best_iteration == 0 { usize::MAX } else { best_iteration };
            lightgbm::read_any(&text, most, limits)
        }
        Found::XGBoost { entry } => {
            let snapshot = ubjson(&archive.entry(&entry)?)?;
            // Beside the model there is its configuration, which says how to go on training.
            let model = match &snapshot {
                Value::Object(fields) => fields.iter().find(|(key, _)| key == "Model").map(|(_, model)| model),
                _ => None,
            };
            let model = model.ok_or_else(|| ImportError::at(&entry, "a snapshot with a Model", "none"))?;
            xgboost::read(model, Cut::WhereKnown, limits)
        }
    }
}

fn protocol(schema: &Value) -> Result<(), ImportError> {
    let found = match schema {
        Value::Object(fields) => fields.iter().find(|(key, _)| key == "protocol").map(|(_, value)| value),
        _ => None,
    };
    match found {
        Some(Value::Number(protocol)) if PROTOCOLS.contains(protocol) => Ok(()),
        found => {
            let expected = "a schema of skops with protocol 0 to 2: save it again with skops 0.16 or older";
            Err(ImportError::at("protocol", expected, found.map_or("none".to_owned(), Value::shown)))
        }
    }
}

/// The model within an object, whose `predict` must do what the model's does.
fn estimator(node: &Node<'_>, depth: usize) -> Result<Found, ImportError> {
    match (node.class()?.as_str(), depth) {
        ("lightgbm.sklearn.LGBMRegressor", _) => light_gbm(node),
        ("xgboost.sklearn.XGBRegressor" | "xgboost.sklearn.XGBRFRegressor", _) => boosted(node),
        ("sklearn.pipeline.Pipeline", 0..4) => pipeline(node, depth),
        (class, _) => Err(node.fail(
            "lightgbm.sklearn.LGBMRegressor, xgboost.sklearn.XGBRegressor, or a Pipeline of nothing else: what another class does \
             to columns or predictions is not read; train on the columns themselves and save the regressor alone",
            class,
        )),
    }
}

/// The regressor at the end of steps that do nothing.
fn pipeline(node: &Node<'_>, depth: usize) -> Result<Found, ImportError> {
    let mut steps = node.member("steps")?.items()?;
    let last = steps.pop().ok_or_else(|| node.fail("a pipeline with steps", "none"))?;
    for step in steps {
        let parts = step.items()?;
        let [name, transformer] = &parts[..] else {
            return Err(step.fail("a name and a transformer", format!("{} values", parts.len())));
        };
        let class = transformer.class()?;
        let nothing = class == "builtins.str"
            && [Value::Null, Value::Text("passthrough".to_owned())].contains(&transformer.plain()?);
        if !nothing {
            let expected = "a pipeline whose steps before the regressor do nothing: what they do to columns is not read; train on the \
                            columns themselves, which trees take as they are";
            return Err(transformer.fail(expected, format!("{class} in step {}", name.plain()?.shown())));
        }
    }
    let parts = last.items()?;
    let regressor =
        parts.get(1).ok_or_else(|| last.fail("a name and a regressor", format!("{} values", parts.len())))?;
    estimator(regressor, depth + 1)
}

/// `LGBMRegressor.predict` gives `Booster.predict` its best iteration and the parameters it was constructed with.
fn light_gbm(node: &Node<'_>) -> Result<Found, ImportError> {
    let others = node.member("_other_params")?;
    for name in others.members()?.names() {
        // `pred_early_stop`, `predict_raw_score` and their synonyms.
        if name.contains("pred") || ["raw_score", "leaf_index", "contrib"].contains(&name) {
            return Err(others.fail("no parameters of prediction: construct the regressor without", name));
        }
    }
    let booster = node.member("_Booster")?;
    let count = |value: &Value| match value {
        Value::Number(best) => crate::value::index(*best),
        _ => None,
    };
    let best = booster.member("best_iteration")?;
    let (handle, best_iteration) = (booster.member("_handle")?, best.plain()?);
    match (handle.plain()?, &best_iteration) {
        // -1 and 0 are none.
        (Value::Text(text), Value::Number(..0.5)) => Ok(Found::LightGbm { text, best_iteration: 0 }),
        (Value::Text(text), found) => match count(found) {
            Some(best_iteration) => Ok(Found::LightGbm { text, best_iteration }),
            None => Err(best.fail("a whole number", found.shown())),
        },
        (other, _) => Err(handle.fail("LightGBM's text of a fitted model", other.shown())),
    }
}

/// `XGBRegressor.predict` takes `missing` for NaN and stops at the best iteration where the model knows one.
fn boosted(node: &Node<'_>) -> Result<Found, ImportError> {
    let missing = node.member("missing")?;
    match missing.plain()? {
        Value::Number(number) if number.is_nan() => {}
        other => {
            let expected = "NaN: put NaN where the column has this number, before training and in the features";
            return Err(missing.fail(expected, other.shown()));
        }
    }
    let entry = node.member("_Booster")?.member("handle")?.file()?.to_owned();
    Ok(Found::XGBoost { entry })
}
