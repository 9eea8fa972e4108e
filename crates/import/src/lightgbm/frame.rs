//! The categories of a data frame that a model was trained on: `pandas_categorical`, the last line of the file.
//!
//! It lists the values of each column of pandas' `category` type, in the order of the columns, and does not say which they are
//! (`_data_from_pandas` in `lightgbm/basic.py`). `feature_infos` does: a categorical feature's is `0:3:1`, a numeric one's
//! `[0.5:9]`, and that of a feature with one value alone, which no tree asks for, `none`.

use curbside::Limits;
use curbside::model::ExtendedEnsemble;

use super::block::Block;
use crate::categories::{Vocabulary, decode as decode_trees};
use crate::error::ImportError;
use crate::value::{Value, json};

const KEY: &str = "pandas_categorical";

/// Puts values in the place of codes.
pub(super) fn decode(
    text: &str,
    header: &Block<'_>,
    model: &mut ExtendedEnsemble,
    limits: &Limits,
) -> Result<(), ImportError> {
    let line = text.lines().enumerate().find_map(|(index, line)| {
        Some((index + 1, line.strip_prefix(KEY).and_then(|rest| rest.strip_prefix(':'))?.trim()))
    });
    let Some((line, value)) = line.filter(|(_, value)| *value != "null") else { return Ok(()) };
    let fail = |expected: &str, found: String| Err(ImportError::new(line, KEY, expected, found));
    let lists = match json(value.as_bytes()) {
        Ok(Value::List(lists)) => lists,
        Ok(Value::Numbers(none)) if none.is_empty() => return Ok(()),
        _ => return fail("null or a list of lists of one kind of value each", value.to_owned()),
    };
    let columns = columns(header, lists.len())?;
    let path = |index: usize| format!("line {line}, {KEY}[{index}]");
    let mut vocabularies = Vec::new();
    for (index, (list, (column, largest))) in lists.iter().zip(columns).enumerate() {
        // A column without values was empty, and no tree asks for it.
        let vocabulary = Vocabulary::new(list, &path(index))?;
        if largest.is_some_and(|largest| largest >= vocabulary.len()) {
            return fail("a value for each code in feature_infos", format!("{} of column {column}", vocabulary.len()));
        }
        vocabularies.push((column, vocabulary));
    }
    let linear = model.linear_leaves.iter().flat_map(|leaf| &leaf.terms);
    if let Some((column, _)) =
        linear.into_iter().find(|(term, _)| vocabularies.iter().any(|(column, _)| *column == usize::from(*term)))
    {
        return fail("categories that no linear leaf multiplies", format!("column {column} in one"));
    }
    decode_trees(model.trees.trees.iter_mut(), &vocabularies, limits)
}

/// The columns that the lists speak of, with the largest code of each.
fn columns(header: &Block<'_>, lists: usize) -> Result<Vec<(usize, Option<usize>)>, ImportError> {
    let entry = header.required("feature_infos")?;
    let mut categorical = Vec::new();
    let mut unused = Vec::new();
    for (column, info) in entry.value.split(' ').enumerate() {
        if info == "none" {
            unused.push((column, None));
        } else if !info.starts_with('[') {
            let codes = info.split(':').map(|code| code.parse::<i64>().ok());
            // Missing values are code -1.
            let Some(largest) = codes.collect::<Option<Vec<_>>>().and_then(|codes| codes.into_iter().max()) else {
                return Err(ImportError::new(
                    entry.line,
                    entry.key,
                    "[low:high], none, or codes with `:` between",
                    info,
                ));
            };
            categorical.push((column, usize::try_from(largest).ok()));
        }
    }
    if categorical.len() != lists {
        // Where every unused column must be one of theirs too, it is still clear which is which.
        categorical.extend(unused);
        categorical.sort_unstable();
    }
    if categorical.len() == lists {
        return Ok(categorical);
    }
    let expected = format!(
        "{lists} categorical columns, as {KEY} has lists: give the categorical columns one type, `category` without an order or whole \
         numbers named as categorical_feature"
    );
    Err(ImportError::new(entry.line, entry.key, expected, categorical.len().to_string()))
}
