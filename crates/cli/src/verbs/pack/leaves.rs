//! Leaves rounded to four bytes, and what that changes at most.

use clap::ValueEnum;
use curbside::bundle::Card;
use curbside::model::{Dialect, Model, Node, TreeEnsemble};
use curbside::num::nearest_f32;

/// How leaves are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Leaves {
    /// As the model has them: its library's numbers to the bit.
    #[default]
    Exact,
    /// As the nearest `f32`: half the bytes.
    F32,
}

/// What rounding has changed; `None` where nothing was rounded.
pub(crate) struct Rounded(Option<f64>);

impl Leaves {
    /// Rounds the leaves of a model's trees, if that is asked for. Leaves that are linear keep their coefficients.
    pub(crate) fn round(self, model: &mut Model) -> Rounded {
        let (trees, average) = match model {
            Model::Ensemble(trees) => (trees, false),
            Model::Extended(extended) if extended.linear_leaves.is_empty() => (&mut extended.trees, extended.average),
            Model::Linear(_) | Model::Extended(_) => return Rounded(None),
        };
        if self == Leaves::Exact || trees.dialect == Dialect::XGBoost {
            return Rounded(None);
        }
        let count = trees.trees.len();
        let sum = round(trees);
        #[expect(clippy::cast_precision_loss, reason = "trees are counted in thousands")]
        let number = if average { sum / count.max(1) as f64 } else { sum };
        Rounded(Some(number))
    }
}

/// Rounds, and gives the sum over the trees of the largest error of a leaf: no row reaches more than one leaf of each.
fn round(trees: &mut TreeEnsemble) -> f64 {
    let largest = |tree: &mut curbside::model::Tree| {
        let leaves = tree.nodes.iter_mut().filter_map(|node| match node {
            Node::Leaf(value) => Some(value),
            Node::Split(_) => None,
        });
        leaves.fold(0.0_f64, |most, value| {
            // A finite leaf stays finite.
            let rounded = f64::from(nearest_f32(*value).clamp(f32::MIN, f32::MAX));
            let error = (rounded - *value).abs();
            *value = rounded;
            most.max(error)
        })
    };
    trees.trees.iter_mut().map(largest).sum()
}

impl Rounded {
    /// Writes it into the card: as parameters for programs, as a note for people.
    pub(crate) fn told(&self, mut card: Card) -> Card {
        if let Some(most) = self.0 {
            card.parameters.push(("leaves".to_owned(), "f32".to_owned()));
            card.parameters.push(("leaves_error_bound".to_owned(), format!("{most:e}")));
            card.notes.push(format!(
                "Leaves are rounded to f32: the model's number before its link changes by at most {most:.1e}, the sum over the trees \
                 of the largest rounding of a leaf."
            ));
        }
        card
    }
}
