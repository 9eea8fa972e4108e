//! What a data frame's categories stand for.
//!
//! Trained on a column of pandas' `category` type, a model asks for codes: the places of values in a list that the file holds
//! beside the trees. Here each set of codes becomes the set of their values, so that the model is asked with what a ride has. A
//! value that is not in the list is then in no set, which is where LightGBM puts it (as NaN); XGBoost refuses to predict it.

use curbside::Limits;
use curbside::model::{Node, Rule, Tree};

use crate::error::ImportError;
use crate::value::{Value, index};

/// Values from here on would need sets longer than a bundle stores.
const END: usize = 32 * u16::MAX as usize;

/// The values of a column's codes, in the order of the codes.
pub(crate) struct Vocabulary {
    /// Where the file has it, for messages.
    path: String,
    values: Vec<usize>,
}

impl Vocabulary {
    /// From a list of whole numbers or of texts that are ones.
    pub(crate) fn new(list: &Value, path: &str) -> Result<Vocabulary, ImportError> {
        let values = match list {
            Value::Numbers(numbers) => numbers.iter().map(|number| index(*number).ok_or(number.to_string())).collect(),
            Value::List(texts) => texts.iter().map(|text| whole(text).ok_or_else(|| text.shown())).collect(),
            other => Err(other.shown()),
        };
        let fail = |found: String| {
            let expected = format!(
                "whole numbers from 0 to {}, or texts of them: train on ids, or on whole numbers of your own that --features binds the \
                 column to, such as category(...) or bin(...)",
                END - 1
            );
            Err(ImportError::at(path, expected, found))
        };
        let values: Vec<usize> = match values {
            Ok(values) => values,
            Err(found) => return fail(found),
        };
        if let Some(value) = values.iter().find(|value| **value >= END) {
            return fail(value.to_string());
        }
        Ok(Vocabulary { path: path.to_owned(), values })
    }

    /// How many codes there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

/// A text that is a whole number as Python writes it.
fn whole(text: &Value) -> Option<usize> {
    let Value::Text(text) = text else { return None };
    text.parse::<usize>().ok().filter(|number| number.to_string() == *text)
}

/// Puts values in the place of codes wherever a tree asks for one of the columns.
pub(crate) fn decode<'a>(
    trees: impl Iterator<Item = &'a mut Tree>,
    vocabularies: &[(usize, Vocabulary)],
    limits: &Limits,
) -> Result<(), ImportError> {
    // A set is as long as its largest value says, so what a file may ask for is counted.
    let mut words = limits.bytes / 4;
    for node in trees.flat_map(|tree| &mut tree.nodes) {
        let Node::Split(split) = node else { continue };
        let known = vocabularies.iter().find(|(column, _)| *column == usize::from(split.feature));
        let Some((_, vocabulary)) = known else { continue };
        let path = &vocabulary.path;
        match &mut split.rule {
            Rule::Categorical { bitset } | Rule::CategoricalOrMissing { bitset } => {
                *bitset = decoded(bitset, vocabulary, &mut words)?;
            }
            Rule::Numeric { threshold, .. } => {
                let expected = "categories without an order: train on the column's numbers, or make the type unordered";
                return Err(ImportError::at(path, expected, format!("a split of their codes at {threshold}")));
            }
        }
    }
    Ok(())
}

fn decoded(codes: &[u32], vocabulary: &Vocabulary, words: &mut usize) -> Result<Vec<u32>, ImportError> {
    let mut set: Vec<u32> = Vec::new();
    for code in (0..codes.len() * 32).filter(|code| codes[code / 32] >> (code % 32) & 1 == 1) {
        let Some(value) = vocabulary.values.get(code) else {
            let expected = format!("more than {code} categories, which a split asks for");
            return Err(ImportError::at(&vocabulary.path, expected, vocabulary.len().to_string()));
        };
        let more = (value / 32 + 1).saturating_sub(set.len());
        *words = words.checked_sub(more).ok_or_else(|| {
            let expected = "values whose sets fit into a bundle: number categories from 0 on";
            ImportError::at(&vocabulary.path, expected, "larger ones")
        })?;
        set.resize(set.len() + more, 0);
        set[value / 32] |= 1 << (value % 32);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;
    use curbside::model::{MissingRule, TreeBuilder};

    fn vocabulary(text: &str) -> Result<Vocabulary, ImportError> {
        Vocabulary::new(&json(text.as_bytes()).unwrap(), "here")
    }

    fn tree(rule: Rule) -> Vec<Tree> {
        let mut tree = TreeBuilder::default();
        tree.split(1, rule);
        tree.leaf(1.0);
        tree.leaf(2.0);
        vec![tree.finish()]
    }

    fn sets(codes: u32, values: &str, limits: &Limits) -> Result<Vec<u32>, ImportError> {
        let mut trees = tree(Rule::Categorical { bitset: vec![codes] });
        decode(trees.iter_mut(), &[(1, vocabulary(values)?)], limits)?;
        let Node::Split(split) = &trees[0].nodes[0] else { panic!("a split") };
        Ok(split.rule.categories().unwrap().to_vec())
    }

    #[test]
    fn sets_of_codes_become_sets_of_values() {
        let limits = Limits::default();
        // Codes 0 and 2 are 1 and 33; as texts they come in the order of texts.
        assert_eq!(sets(0b101, "[1, 7, 33]", &limits).unwrap(), [0b10, 0b10]);
        assert_eq!(sets(0b101, r#"["1", "10", "2"]"#, &limits).unwrap(), [0b110]);
        assert_eq!(sets(0, "[1]", &limits).unwrap(), [0; 0]);
    }

    #[test]
    fn what_stands_for_no_number_is_refused() {
        for text in [
            r#"["Queens"]"#,
            r#"["04"]"#,
            r#"["+4"]"#,
            "[0.5]",
            "[-1]",
            "[2097120]",
            "[null]",
            "3",
            r#"[["1"]]"#,
            "[NaN]",
        ] {
            let fault = vocabulary(text).map(|_| ()).unwrap_err().to_string();
            assert!(fault.starts_with("here: expected whole numbers from 0 to 2097119"), "{text}: {fault}");
        }
        let fault = |codes, limits: &Limits| sets(codes, "[5, 2000000]", limits).unwrap_err().to_string();
        assert!(fault(0b100, &Limits::default()).contains("expected more than 2 categories"));
        assert!(fault(0b10, &Limits { bytes: 4000, ..Limits::default() }).contains("fit into a bundle"));
        let mut ordered = tree(Rule::Numeric { threshold: 1.5, missing: MissingRule::Nan, default_left: true });
        let ordered = decode(ordered.iter_mut(), &[(1, vocabulary("[1]").unwrap())], &Limits::default());
        assert!(ordered.unwrap_err().to_string().contains("a split of their codes at 1.5"));
    }
}
