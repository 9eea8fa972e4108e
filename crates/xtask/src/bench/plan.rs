//! What is compared: models, and the engines that score each.

use anyhow::{Context, Result};

/// Where an engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// Node, one process an engine.
    Javascript,
    /// `curbside-bench serve`.
    Native,
    /// Python, which calls native engines by their C functions or as its users do.
    Python,
}

/// An engine as one way of calling it.
#[derive(Debug)]
pub(super) struct Engine {
    /// What its host calls it.
    pub(super) name: &'static str,
    /// What a reader calls it.
    pub(super) title: &'static str,
    pub(super) host: Host,
    /// The models that it scores.
    pub(super) models: &'static [&'static str],
}

/// A model, trained by `bench/peers/python/train.py` under this name.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    /// Head of its column in the tables.
    pub(super) title: &'static str,
    /// The file in `bench/peers/columns` that says what it sees.
    pub(super) columns: &'static str,
    /// What the training library left, for `curbside pack`.
    pub(super) file: &'static str,
    /// Whether `--quick` measures it.
    pub(super) is_quick: bool,
}

/// The model that most goals speak of.
pub(super) const FIVE: &str = "five";

const EVERY: &[&str] = &["five", "large", "thirty", "categories", "forest", "xgboost"];
const LIGHTGBM: &[&str] = &["five", "large", "thirty", "categories", "forest"];

/// Every model, in the order of the tables.
pub(super) static MODELS: [Model; 6] = [
    Model { name: "five", title: "300 x 31", columns: "five", file: "model.txt", is_quick: true },
    Model { name: "large", title: "1,000 x 63", columns: "five", file: "model.txt", is_quick: false },
    Model { name: "thirty", title: "30 columns", columns: "thirty", file: "model.txt", is_quick: true },
    Model { name: "categories", title: "categories", columns: "five", file: "model.txt", is_quick: true },
    Model { name: "forest", title: "forest", columns: "five", file: "model.txt", is_quick: false },
    Model { name: "xgboost", title: "XGBoost", columns: "five", file: "model.ubj", is_quick: true },
];

/// Every engine, in the order of the tables. The first of each host is what the others are compared with.
pub(super) const ENGINES: [Engine; 17] = [
    javascript("curbside", "Curbside", EVERY),
    javascript("curbside-walk", "Curbside before `prepare()`", EVERY),
    javascript("ydf-inference", "ydf-inference, a model of its own", EVERY),
    javascript("onnxruntime-web", "onnxruntime-web", EVERY),
    javascript("m2cgen", "m2cgen", EVERY),
    javascript("ml-xgboost", "ml-xgboost, a model of its own", &["five"]),
    javascript("plain-walk", "a walk over objects", LIGHTGBM),
    javascript("typed-walk", "a walk over typed arrays", LIGHTGBM),
    native("tables", "Curbside, natively", Host::Native, EVERY),
    native("walk", "Curbside, natively before `prepare()`", Host::Native, EVERY),
    native("lleaves-c", "lleaves, its compiled function", Host::Python, &["five", "thirty"]),
    native("lleaves-python", "lleaves, from Python", Host::Python, &["five", "thirty"]),
    native("tl2cgen-c", "tl2cgen, its compiled function", Host::Python, &["five", "thirty"]),
    native("tl2cgen-python", "tl2cgen, from Python", Host::Python, &["five", "thirty"]),
    native("lightgbm-c", "LightGBM, its C functions", Host::Python, LIGHTGBM),
    native("xgboost-c", "XGBoost, its C function", Host::Python, &["xgboost"]),
    native("xgboost-python", "XGBoost, `inplace_predict`", Host::Python, &["xgboost"]),
];

const fn javascript(name: &'static str, title: &'static str, models: &'static [&'static str]) -> Engine {
    Engine { name, title, host: Host::Javascript, models }
}

const fn native(name: &'static str, title: &'static str, host: Host, models: &'static [&'static str]) -> Engine {
    Engine { name, title, host, models }
}

/// Models by their names, separated by commas. The first model is always among them, since most goals speak of it.
///
/// # Errors
/// Lists the names there are.
pub(super) fn named(names: &str) -> Result<Vec<&'static Model>> {
    let known = || MODELS.each_ref().map(|model| model.name).join(", ");
    let mut found = names
        .split(',')
        .map(|name| {
            let model = MODELS.iter().find(|model| model.name == name.trim());
            model.with_context(|| format!("no model is called {name:?}; there are {}", known()))
        })
        .collect::<Result<Vec<_>>>()?;
    if found.iter().all(|model| model.name != FIVE) {
        found.insert(0, &MODELS[0]);
    }
    Ok(found)
}

impl Engine {
    /// Whether it stands in the table of WebAssembly and JavaScript.
    pub(super) fn is_javascript(&self) -> bool {
        self.host == Host::Javascript
    }

    /// Whether this is Curbside, in whichever state.
    pub(super) fn is_ours(&self) -> bool {
        self.title.starts_with("Curbside")
    }

    /// The model, if this engine scores it.
    pub(super) fn scores(&self, model: &Model) -> bool {
        self.models.contains(&model.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{ENGINES, MODELS, named};

    #[test]
    fn models_are_chosen_by_name() {
        let names = |text| named(text).map(|models| models.iter().map(|model| model.name).collect::<Vec<_>>());
        assert_eq!(names("large, forest").unwrap_or_default(), ["five", "large", "forest"]);
        assert_eq!(names("five").unwrap_or_default(), ["five"]);
        assert!(names("six").is_err());
    }

    #[test]
    fn every_engine_scores_models_that_there_are() {
        for engine in &ENGINES {
            let known = |name: &&str| MODELS.iter().any(|model| model.name == *name);
            assert!(!engine.models.is_empty() && engine.models.iter().all(known), "{}", engine.name);
        }
        assert!(ENGINES[0].models.len() == MODELS.len(), "what the others are compared with scores every model");
    }
}
