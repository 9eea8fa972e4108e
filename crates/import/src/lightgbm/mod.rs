//! LightGBM's text format, as `Booster.save_model` and `LGBM_BoosterSaveModelToString` write it (versions 3 and 4).
//!
//! A file is a header of `key=value` lines, then a block of such lines for each tree, then `end of trees` and matter that
//! says nothing about predictions (importances, parameters, `pandas_categorical`). The meaning follows LightGBM 4.7:
//! `src/io/tree.cpp`, `include/LightGBM/tree.h` and `src/boosting/gbdt_model_text.cpp`.
//!
//! Refused, because a sum of constant leaves is not what they predict: linear leaves, random forests
//! (`average_output`), more than one tree an iteration, and objectives that transform the sum.

mod block;
mod tree;

use curbside::Limits;
use curbside::model::{Dialect, Model, TreeEnsemble};

use crate::error::ImportError;
use crate::{Imported, Options};
use block::{Block, Lines};

/// What a LightGBM file says.
#[derive(Clone, Debug, PartialEq)]
pub struct LightGbmModel {
    /// Names of the columns, in the order of the features.
    pub feature_names: Vec<String>,
    /// The objective as the file names it, such as `regression`; empty for a custom one.
    pub objective: String,
    /// The trees. Early stopping has already cut them.
    pub ensemble: TreeEnsemble,
}

/// Objectives whose prediction is the sum of the leaves itself (`ConvertOutput` in `regression_objective.hpp`).
const IDENTITY_OBJECTIVES: [&str; 7] = ["regression", "regression_l1", "huber", "fair", "quantile", "mape", "custom"];

/// Reads a LightGBM model.
///
/// # Errors
///
/// [`ImportError`] with the line, the key, what was expected and what was found: for a file that is no LightGBM model,
/// that is cut off, that exceeds `limits`, or that predicts by something other than a sum of constant leaves.
///
/// # Panics
///
/// Never, for any text.
pub fn read(text: &str, limits: &Limits) -> Result<LightGbmModel, ImportError> {
    let mut lines = Lines::new(text);
    let header = read_header(&mut lines)?;
    let feature_names: Vec<String> = header.required("feature_names")?.value.split(' ').map(str::to_owned).collect();
    check_columns(&header, feature_names.len(), limits)?;
    check_arithmetic(&header)?;
    let objective = header.optional("objective").map_or("", |entry| entry.value).trim().to_owned();

    let mut trees = Vec::new();
    loop {
        let start = lines.next_line();
        match start.text {
            None => return Err(ImportError::new(start.number, "end of trees", "that line", "the end of the file")),
            Some("") => {}
            Some("end of trees") => break,
            Some(line) => {
                let index = line.strip_prefix("Tree=").and_then(|n| n.trim().parse::<usize>().ok());
                if index != Some(trees.len()) {
                    let expected = format!("`Tree={}` or `end of trees`", trees.len());
                    return Err(ImportError::new(start.number, "Tree", expected, line));
                }
                if trees.len() == limits.shape.trees {
                    let expected = format!("at most {} trees", limits.shape.trees);
                    return Err(ImportError::new(start.number, "Tree", expected, "more"));
                }
                trees.push(tree::read(&Block::read(&mut lines, start.number)?, feature_names.len(), &limits.shape)?);
            }
        }
    }
    if let Some(sizes) = header.optional("tree_sizes") {
        let promised = sizes.value.split_whitespace().count();
        if promised != trees.len() {
            return Err(ImportError::new(
                sizes.line,
                "tree_sizes",
                format!("{} of them", trees.len()),
                promised.to_string(),
            ));
        }
    }
    let model = Model::Ensemble(TreeEnsemble { dialect: Dialect::LightGbm, trees });
    let columns = feature_names.len();
    model
        .validate(columns, &limits.shape)
        .map_err(|fault| ImportError::new(lines.number(), "trees", "a model that can be scored", fault.to_string()))?;
    match model {
        Model::Ensemble(ensemble) => Ok(LightGbmModel { feature_names, objective, ensemble }),
        Model::Linear(_) | Model::Extended(_) => Err(ImportError::new(lines.number(), "trees", "trees", "none")),
    }
}

/// Reads a model whose format was told from its content.
pub(crate) fn read_any(bytes: &[u8], options: Options, limits: &Limits) -> Result<Imported, ImportError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| ImportError::at(&format!("byte {}", fault.valid_up_to()), "UTF-8", "other bytes"))?;
    if options.best_iteration {
        let expected = "a file that LightGBM has not cut at the best iteration already: leave --best-iteration out";
        return Err(ImportError::at("best_iteration", expected, "a LightGBM model"));
    }
    let LightGbmModel { feature_names, objective, ensemble } = read(text, limits)?;
    // `v4`: LightGBM writes the version of its format and not its own.
    let version = text.lines().find_map(|line| line.strip_prefix("version=")).map(|v| format!("format {v}"));
    let model = Model::Ensemble(ensemble);
    Ok(Imported { library: "LightGBM", version, objective, feature_names, model, notes: Vec::new() })
}

/// The lines up to the first empty one; the first says `tree`.
fn read_header<'a>(lines: &mut Lines<'a>) -> Result<Block<'a>, ImportError> {
    let first = lines.next_line();
    if first.text != Some("tree") {
        let found = first.text.unwrap_or("an empty file");
        return Err(ImportError::new(first.number, "first line", "`tree`, as LightGBM's text models begin", found));
    }
    let header = Block::read(lines, first.number)?;
    let version = header.required("version")?;
    if !["v3", "v4"].contains(&version.value) {
        return Err(ImportError::new(
            version.line,
            "version",
            "v3 or v4: save the model with LightGBM 3 or 4",
            version.value,
        ));
    }
    Ok(header)
}

fn check_columns(header: &Block<'_>, names: usize, limits: &Limits) -> Result<(), ImportError> {
    let entry = header.required("max_feature_idx")?;
    if entry.value.parse::<usize>().ok().and_then(|last| last.checked_add(1)) != Some(names) {
        let expected = format!("{}, one less than there are feature_names", names - 1);
        return Err(ImportError::new(entry.line, entry.key, expected, entry.value));
    }
    if names > limits.columns {
        return Err(ImportError::new(
            entry.line,
            entry.key,
            format!("at most {} columns", limits.columns),
            names.to_string(),
        ));
    }
    Ok(())
}

/// Refuses every way in which the prediction is not the plain sum.
fn check_arithmetic(header: &Block<'_>) -> Result<(), ImportError> {
    for key in ["num_class", "num_tree_per_iteration"] {
        if let Some(entry) = header.optional(key)
            && entry.value != "1"
        {
            return Err(ImportError::new(entry.line, key, "1: only one number a ride is predicted", entry.value));
        }
    }
    if let Some(entry) = header.optional("average_output") {
        return Err(ImportError::new(entry.line, "average_output", "a boosted sum, not a random forest's mean", "it"));
    }
    if let Some(entry) = header.optional("objective") {
        let mut words = entry.value.split_whitespace();
        let known = words.next().is_some_and(|name| IDENTITY_OBJECTIVES.contains(&name));
        // Further words are parameters; `sqrt` is the one that changes what is predicted.
        if !known || words.any(|word| word == "sqrt") {
            let expected = format!("an objective that predicts the sum itself: {}", IDENTITY_OBJECTIVES.join(", "));
            return Err(ImportError::new(entry.line, "objective", expected, entry.value));
        }
    }
    Ok(())
}
