//! XGBoost's models in JSON and UBJSON, as `Booster.save_model` writes them (versions 1.7 to 3.4).
//!
//! Both notations hold one tree of keys. The meaning follows XGBoost's `src/learner.cc`, `src/gbm/gbtree_model.cc`,
//! `src/tree/tree_model.cc` and `src/predictor/`; a key that is not known is refused, because the next version may change
//! predictions by one.
//!
//! What is easily missed: `base_score` is in the objective's own space and becomes a margin here; it is a number before 3.1 and
//! a list of one since; DART's weights stand in a booster of their own until 3.2, beside the model in 3.3 and within it since;
//! a `best_iteration` is an attribute that XGBoost's own `predict` leaves aside unless it is told otherwise.

mod categories;
mod tree;

use curbside::Limits;
use curbside::model::{Background, Dialect, ExtendedEnsemble, Link, Model, TreeEnsemble};

use crate::Imported;
use crate::categories::{Vocabulary, decode};
use crate::error::ImportError;
use crate::value::{Fields, Value, index};
use tree::Words;

/// Objectives, and what they do to the sum (`PredTransform` in `src/objective/`).
const OBJECTIVES: [(&str, Link); 12] = [
    ("reg:squarederror", Link::Identity),
    ("reg:squaredlogerror", Link::Identity),
    ("reg:absoluteerror", Link::Identity),
    ("reg:pseudohubererror", Link::Identity),
    ("reg:quantileerror", Link::Identity),
    ("reg:expectileerror", Link::Identity),
    ("binary:logitraw", Link::Identity),
    ("count:poisson", Link::Exp),
    ("reg:gamma", Link::Exp),
    ("reg:tweedie", Link::Exp),
    ("reg:logistic", Link::Logistic { slope: 1.0 }),
    ("binary:logistic", Link::Logistic { slope: 1.0 }),
];

/// How many of the trees are used.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Cut {
    /// All, as `Booster.predict` does.
    Nowhere,
    /// Those up to the best iteration, which must be known.
    AtBest,
    /// Those up to the best iteration if it is known, as `XGBRegressor.predict` does.
    WhereKnown,
}

/// Reads a model from the values of its file.
pub(crate) fn read(file: &Value, cut: Cut, limits: &Limits) -> Result<Imported, ImportError> {
    let top = Fields::of(file, "")?;
    let version = version(&top)?;
    let learner = top.object("learner")?;
    top.end()?;
    let parameters = learner.object("learner_model_param")?;
    let columns = parameters.count("num_feature")?;
    if columns > limits.columns {
        return Err(parameters.fail("num_feature", format!("at most {} columns", limits.columns), columns.to_string()));
    }
    one_output(&parameters)?;
    let feature_names = feature_names(&learner, columns)?;
    let objective = learner.object("objective")?;
    let (name, link) = known_objective(&objective)?;
    let base = base_margin(&parameters, link)?;
    parameters.ignore(&["boost_from_average"]);
    parameters.end()?;

    let mut notes = Vec::new();
    let booster = Booster::find(&learner)?;
    let mut trees = booster.trees(columns, limits)?;
    let best = best_iteration(&learner)?;
    let iterations = trees.len() / booster.parallel.max(1);
    match (cut, best) {
        (Cut::AtBest | Cut::WhereKnown, Some(best)) if best < iterations => {
            trees.truncate((best + 1) * booster.parallel);
            notes
                .push(format!("Of {iterations} iterations the first {} are used: best_iteration is {best}.", best + 1));
        }
        (Cut::AtBest, _) | (Cut::WhereKnown, Some(_)) => {
            let found = best.map_or("none".to_owned(), |best| best.to_string());
            let expected = format!("one below {iterations}, to cut the trees there");
            return Err(ImportError::at("learner.attributes.best_iteration", expected, found));
        }
        (Cut::Nowhere, Some(best)) if best + 1 < iterations => notes.push(format!(
            "All {iterations} iterations are used, as by XGBoost's own Booster.predict, though best_iteration is {best}; \
             XGBRegressor.predict stops there, as --best-iteration does."
        )),
        (Cut::Nowhere | Cut::WhereKnown, _) => {}
    }
    notes.extend(codes_of_a_frame(&learner, &booster, &feature_names)?);
    learner.end()?;

    let (trees, covers): (Vec<_>, Vec<_>) = trees.into_iter().map(|read| (read.tree, read.covers)).unzip();
    // Where each tree has them.
    let covers = covers.into_iter().collect::<Option<Vec<_>>>().map(|covers| covers.concat());
    let background = covers.map(Background::Covers);
    let trees = TreeEnsemble { dialect: Dialect::XGBoost, trees };
    let model = Model::Extended(ExtendedEnsemble { base: f64::from(base), link, ..ExtendedEnsemble::new(trees) });
    model.validate(columns, &limits.shape).map_err(|fault| {
        ImportError::at("learner.gradient_booster", "a model that can be scored", fault.to_string())
    })?;
    let library = "XGBoost";
    let (version, objective) = (Some(version), name.to_owned());
    Ok(Imported { library, version, objective, feature_names, model, background, notes })
}

fn version(top: &Fields<'_>) -> Result<String, ImportError> {
    let numbers = top.numbers("version")?;
    let text = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    match numbers {
        [major, minor, ..] if (*major > 1.0 || (*major >= 1.0 && *minor >= 7.0)) && *major < 4.0 => Ok(text),
        _ => Err(top.fail("version", "1.7 to 3: save the model again with one of these", text)),
    }
}

fn one_output(parameters: &Fields<'_>) -> Result<(), ImportError> {
    for (key, single) in [("num_class", ["0", "1"]), ("num_target", ["0", "1"])] {
        if parameters.optional(key).is_some() && !single.contains(&parameters.text(key)?) {
            let expected = "one output: only one number a ride is predicted";
            return Err(parameters.fail(key, expected, parameters.text(key)?));
        }
    }
    Ok(())
}

/// Names of the columns; those that XGBoost itself shows where it was given none.
fn feature_names(learner: &Fields<'_>, columns: usize) -> Result<Vec<String>, ImportError> {
    let names = learner.texts("feature_names")?;
    if names.is_empty() {
        return Ok((0..columns).map(|column| format!("f{column}")).collect());
    }
    if names.len() == columns {
        return Ok(names);
    }
    Err(learner.fail("feature_names", format!("{columns}, as num_feature says"), format!("{} names", names.len())))
}

/// Until 3.0 a file does not say what codes of a data frame's categories stand for, and the codes look like any whole numbers.
fn codes_of_a_frame(
    learner: &Fields<'_>,
    booster: &Booster<'_>,
    names: &[String],
) -> Result<Option<String>, ImportError> {
    let types = learner.texts("feature_types")?;
    let columns: Vec<&str> =
        types.iter().zip(names).filter(|(kind, _)| *kind == "c").map(|(_, name)| name.as_str()).collect();
    // Frames have columns of `float` and `int`, where other data has `q`.
    let framed = types.iter().any(|kind| kind == "float" || kind == "int") || columns.len() == types.len();
    if columns.is_empty() || !framed || booster.model.optional("cats").is_some() {
        return Ok(None);
    }
    Ok(Some(format!(
        "Categories of {} are taken as numbers. If they were a data frame's column of type category, they are codes, and XGBoost has \
         written what the codes stand for since 3.1 alone: bind such a column in --features to category(x, [the values in their order]).",
        columns.join(", ")
    )))
}

fn known_objective<'a>(objective: &Fields<'a>) -> Result<(&'a str, Link), ImportError> {
    // The rest are parameters of the loss, which predictions do not read.
    let name = objective.text("name")?;
    let known = OBJECTIVES.iter().find(|(known, _)| *known == name).map(|(_, link)| (name, *link));
    known.ok_or_else(|| {
        let expected = OBJECTIVES.map(|(name, _)| name).join(", ");
        objective.fail("name", format!("an objective that predicts one number: {expected}"), name)
    })
}

/// The base score as what the sum begins with (`ProbToMargin` of the objectives), by the C library's logarithm as XGBoost itself.
fn base_margin(parameters: &Fields<'_>, link: Link) -> Result<f32, ImportError> {
    let text = parameters.text("base_score")?;
    let one = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let score: f32 = one.parse().map_err(|_| parameters.fail("base_score", "one number", text))?;
    let margin = match link {
        Link::Identity | Link::SignedSquare => score,
        Link::Exp => score.ln(),
        Link::Logistic { .. } => -(1.0 / score - 1.0).ln(),
    };
    if margin.is_finite() {
        Ok(margin)
    } else {
        Err(parameters.fail("base_score", "one that the objective can have", text))
    }
}

fn best_iteration(learner: &Fields<'_>) -> Result<Option<usize>, ImportError> {
    if learner.optional("attributes").is_none() {
        return Ok(None);
    }
    // Attributes are a user's own words but for this one.
    let attributes = learner.object("attributes")?;
    if attributes.optional("best_iteration").is_none() {
        Ok(None)
    } else {
        attributes.count("best_iteration").map(Some)
    }
}

/// The part of the file that holds the trees.
struct Booster<'a> {
    model: Fields<'a>,
    /// DART's weight of each tree.
    weights: Option<&'a [f64]>,
    /// Trees of an iteration.
    parallel: usize,
}

impl<'a> Booster<'a> {
    /// From any of the layouts: until 3.2 `dart` holds a `gbtree` and its weights, in 3.3 the weights stand beside the model, since
    /// then they are among its keys.
    fn find(learner: &Fields<'a>) -> Result<Booster<'a>, ImportError> {
        let booster = learner.object("gradient_booster")?;
        let model = match booster.text("name")? {
            "gbtree" => booster.object("model")?,
            "dart" => {
                let inner = booster.object("gbtree")?;
                if inner.text("name")? != "gbtree" {
                    return Err(inner.fail("name", "gbtree within dart", inner.text("name")?));
                }
                let model = inner.object("model")?;
                inner.end()?;
                booster.required("weight_drop")?;
                model
            }
            other => return Err(booster.fail("name", "gbtree or dart", other)),
        };
        let places: Vec<&Fields<'_>> =
            [&booster, &model].into_iter().filter(|place| place.optional("weight_drop").is_some()).collect();
        let weights = match places[..] {
            [] => None,
            [place] => Some(place.numbers("weight_drop")?),
            _ => return Err(model.fail("weight_drop", "weights in one place", "them in two")),
        };
        booster.end()?;
        // Without dropping there are none.
        let weights = weights.filter(|weights| !weights.is_empty());
        let parameters = model.object("gbtree_model_param")?;
        let parallel = parameters.count("num_parallel_tree")?.max(1);
        Ok(Booster { model, weights, parallel })
    }

    fn trees(&self, columns: usize, limits: &Limits) -> Result<Vec<tree::Read>, ImportError> {
        let model = &self.model;
        let vocabularies = self.vocabularies(columns)?;
        let list = model.list("trees")?;
        if list.len() > limits.shape.trees {
            return Err(model.fail("trees", format!("at most {} trees", limits.shape.trees), list.len().to_string()));
        }
        let parameters = model.object("gbtree_model_param")?;
        if parameters.count("num_trees")? != list.len() {
            return Err(parameters.fail("num_trees", list.len().to_string(), parameters.text("num_trees")?));
        }
        parameters.ignore(&["num_parallel_tree", "size_leaf_vector"]);
        parameters.end()?;
        if model.numbers("tree_info")?.iter().any(|class| *class != 0.0) {
            return Err(model.fail("tree_info", "zeros: trees of one output", "another number"));
        }
        self.regular_iterations(list.len())?;
        if let Some(weights) = self.weights
            && weights.len() != list.len()
        {
            let expected = format!("{}, one for each tree", list.len());
            return Err(model.fail("weight_drop", expected, weights.len().to_string()));
        }
        let mut words = Words::new(limits);
        let mut nodes = limits.shape.nodes;
        let read = |(index, value): (usize, &Value)| {
            #[expect(clippy::cast_possible_truncation, reason = "an f32, as both notations hold them")]
            let weight = self.weights.map(|weights| weights[index] as f32);
            let path = format!("{}[{index}]", model.path("trees"));
            let read = tree::read(&Fields::of(value, &path)?, (columns, weight), nodes, limits, &mut words)?;
            nodes -= read.tree.nodes.len();
            Ok(read)
        };
        let mut trees = list.iter().enumerate().map(read).collect::<Result<Vec<_>, ImportError>>()?;
        decode(trees.iter_mut().map(|read| &mut read.tree), &vocabularies, limits)?;
        self.end()?;
        Ok(trees)
    }

    /// What the codes of a data frame's categories stand for, which models know since 3.1; empty where there are none.
    fn vocabularies(&self, columns: usize) -> Result<Vec<(usize, Vocabulary)>, ImportError> {
        if self.model.optional("cats").is_none() {
            return Ok(Vec::new());
        }
        let cats = self.model.object("cats")?;
        let encodings = cats.list("enc")?;
        // The same again, for XGBoost's own searching.
        cats.ignore(&["feature_segments", "sorted_idx"]);
        cats.all_met()?;
        if !encodings.is_empty() && encodings.len() != columns {
            let found = encodings.len().to_string();
            return Err(cats.fail("enc", format!("{columns}, one for each column"), found));
        }
        let read = |(column, value)| {
            let path = format!("{}[{column}]", cats.path("enc"));
            categories::read(&Fields::of(value, &path)?).map(|found| found.map(|found| (column, found)))
        };
        encodings.iter().enumerate().filter_map(|pair| read(pair).transpose()).collect()
    }

    /// Every iteration has the same number of trees, so that a `best_iteration` says where to cut.
    fn regular_iterations(&self, trees: usize) -> Result<(), ImportError> {
        let model = &self.model;
        if model.optional("iteration_indptr").is_none() {
            return Ok(());
        }
        let expected = (0..=trees).step_by(self.parallel);
        let found = model.numbers("iteration_indptr")?;
        if expected.clone().count() == found.len() && expected.zip(found).all(|(a, b)| index(*b) == Some(a)) {
            return Ok(());
        }
        let expected = format!("{} trees in iterations of {}", trees, self.parallel);
        Err(model.fail("iteration_indptr", expected, "other boundaries"))
    }

    /// Refuses keys of the model that nobody has asked for.
    fn end(&self) -> Result<(), ImportError> {
        self.model.all_met()
    }
}
