//! What `inspect` finds.

use std::path::Path;

use curbside::bundle::{Card, HEADER_BYTES, Section, SectionSize};
use curbside::features::Table;
use curbside::model::{Model, Node, Target, TreeEnsemble};
use curbside::{Bundle, Estimator, Limits, OpenError};
use curbside_publish::{BundleFile, PublishError, pack};
use serde::Serialize;

use crate::failure::Failure;
use crate::verbs::calibrated::Calibrated;

/// Bytes of one entry in the body's table of sections, by docs/format.md.
const TABLE_ENTRY_BYTES: usize = 8;

/// Everything but the zones and the trees themselves.
#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) stored_bytes: usize,
    pub(super) bytes: usize,
    pub(super) card: Card,
    pub(super) target: Target,
    pub(super) model: Shape,
    pub(super) calibration: Calibrated,
    pub(super) features: Vec<Feature>,
    pub(super) tables: Vec<TableSize>,
    pub(super) sections: Vec<Size>,
    pub(super) zones: usize,
    pub(super) zone_pairs_seen: usize,
    pub(super) golden_rides: usize,
}

/// One column of the row that the model reads.
#[derive(Serialize)]
pub(super) struct Feature {
    pub(super) name: String,
    /// Splits on the column, or terms that read it.
    pub(super) uses: usize,
    /// Part of all uses, 0 to 1.
    pub(super) share: f64,
}

/// One statistics table.
#[derive(Serialize)]
pub(super) struct TableSize {
    pub(super) name: String,
    /// Categories that have a number of their own.
    pub(super) entries: usize,
    /// What the section of features would be smaller by without them.
    pub(super) bytes: usize,
    /// The same of the section packed alone.
    pub(super) packed_bytes: usize,
}

/// One section of the file.
#[derive(Serialize)]
pub(super) struct Size {
    pub(super) section: &'static str,
    pub(super) bytes: usize,
    /// Packed alone; the file as a whole packs a little differently.
    pub(super) packed_bytes: usize,
}

/// The model in numbers.
#[derive(Serialize)]
pub(super) struct Shape {
    pub(super) kind: &'static str,
    /// The kernel that this build scores it with.
    pub(super) kernel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ensemble: Option<EnsembleShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) terms: Option<usize>,
}

/// An ensemble in numbers.
#[derive(Serialize)]
pub(super) struct EnsembleShape {
    pub(super) dialect: String,
    pub(super) trees: usize,
    pub(super) leaves: usize,
    pub(super) splits: usize,
    pub(super) categorical_splits: usize,
    /// Splits from a root to its farthest leaf.
    pub(super) depth: usize,
}

/// Opens a file and everything in it.
pub(super) fn look(path: &Path) -> Result<Answer, Failure> {
    let file = BundleFile::open(path)?;
    // Whatever is shown has been validated: the estimator opens first.
    let estimator = file.estimator()?;
    let limits = Limits::default();
    let again = |fault| PublishError::from_open(&path.display(), fault);
    let bundle = Bundle::from_bytes(file.bytes(), &limits).map_err(again)?;
    let weigh = |(section, content): (Section, &[u8])| Size {
        section: section.name(),
        bytes: content.len(),
        packed_bytes: pack(content).len(),
    };
    let sections = contents(file.bytes()).map_err(again)?.into_iter().map(weigh).collect();
    let stored = file.stored();
    Ok(Answer {
        file: path.display().to_string(),
        sha256: BundleFile::sha256(&stored),
        stored_bytes: stored.len(),
        bytes: file.bytes().len(),
        model: shape(&bundle.model, &estimator),
        calibration: Calibrated::new(&bundle.calibration),
        features: features(&bundle),
        tables: tables(&bundle).map_err(again)?,
        sections,
        zones: bundle.zones.zones.len(),
        zone_pairs_seen: bundle.pairs.len(),
        golden_rides: bundle.golden.len(),
        card: bundle.card,
        target: bundle.target,
    })
}

/// The sections of a bundle that has opened, and their bytes.
fn contents(bytes: &[u8]) -> Result<Vec<(Section, &[u8])>, OpenError> {
    let sizes = Bundle::sizes(bytes, &Limits::default())?;
    let mut start = HEADER_BYTES + sizes.len() * TABLE_ENTRY_BYTES;
    let mut content = |size: SectionSize| {
        let content = bytes.get(start..start + size.bytes).unwrap_or_default();
        start += size.bytes;
        (size.section, content)
    };
    Ok(sizes.into_iter().map(&mut content).collect())
}

/// The statistics tables, weighed by what the section of features is without the entries of each.
fn tables(bundle: &Bundle) -> Result<Vec<TableSize>, OpenError> {
    let weigh = |bundle: &Bundle| -> Result<(usize, usize), OpenError> {
        // What was read can be written again.
        let bytes = bundle.to_bytes().unwrap_or_default();
        let features = contents(&bytes)?.into_iter().find(|(section, _)| *section == Section::Features);
        Ok(features.map_or((0, 0), |(_, content)| (content.len(), pack(content).len())))
    };
    let (bytes, packed) = if bundle.features.tables.is_empty() { (0, 0) } else { weigh(bundle)? };
    let size = |(index, table): (usize, &Table)| {
        let mut without = bundle.clone();
        without.features.tables[index].keys.clear();
        without.features.tables[index].values.clear();
        let (fewer, fewer_packed) = weigh(&without)?;
        Ok(TableSize {
            name: table.name.clone(),
            entries: table.keys.len(),
            bytes: bytes.saturating_sub(fewer),
            packed_bytes: packed.saturating_sub(fewer_packed),
        })
    };
    bundle.features.tables.iter().enumerate().map(size).collect()
}

/// The columns, the most used first; columns of equal use in the model's order.
fn features(bundle: &Bundle) -> Vec<Feature> {
    let columns = &bundle.features.columns;
    let uses = bundle.model.uses(columns.len());
    let all = uses.iter().sum::<usize>().max(1);
    let part = |uses: usize| {
        // Both are below 2^32: a bundle has at most a million nodes.
        let double = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        double(uses) / double(all)
    };
    let mut features: Vec<Feature> = columns
        .iter()
        .zip(uses)
        .map(|(column, uses)| Feature { name: column.name.clone(), uses, share: part(uses) })
        .collect();
    features.sort_by_key(|feature| std::cmp::Reverse(feature.uses));
    features
}

fn shape(model: &Model, estimator: &Estimator) -> Shape {
    let kernel = estimator.predictor().kernel();
    match model {
        Model::Linear(linear) => Shape { kind: "linear", kernel, ensemble: None, terms: Some(linear.terms.len()) },
        Model::Ensemble(trees) => {
            Shape { kind: "ensemble", kernel, ensemble: Some(ensemble_shape(trees)), terms: None }
        }
        Model::Extended(extended) => {
            Shape { kind: "ensemble", kernel, ensemble: Some(ensemble_shape(&extended.trees)), terms: None }
        }
    }
}

fn ensemble_shape(ensemble: &TreeEnsemble) -> EnsembleShape {
    EnsembleShape {
        dialect: format!("{:?}", ensemble.dialect),
        trees: ensemble.trees.len(),
        leaves: ensemble.leaves().count(),
        splits: ensemble.splits().count(),
        categorical_splits: ensemble.splits().filter(|split| split.rule.categories().is_some()).count(),
        depth: ensemble.trees.iter().map(|tree| depth(&tree.nodes)).max().unwrap_or(0),
    }
}

/// Depth of a tree in preorder: a split opens a side, a leaf closes the innermost one that is open.
fn depth(nodes: &[Node]) -> usize {
    let mut deepest = 0;
    // Depth of each node that is still to come as a right side.
    let mut rights = Vec::new();
    let mut here = 0;
    for node in nodes {
        match node {
            Node::Split(_) => {
                here += 1;
                rights.push(here);
            }
            Node::Leaf(_) => {
                deepest = deepest.max(here);
                here = rights.pop().unwrap_or(0);
            }
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::model::{MissingRule, Rule, TreeBuilder};

    #[test]
    fn depth_is_the_longest_way_down() {
        let rule = || Rule::Numeric { threshold: 0.0, missing: MissingRule::None, default_left: false };
        //      a
        //     / \
        //    1   b        a, b, c are splits: 3 from the root to leaf 2
        //       / \
        //      c   4
        //     / \
        //    2   3
        let mut tree = TreeBuilder::default();
        tree.split(0, rule());
        tree.leaf(1.0);
        tree.split(0, rule());
        tree.split(0, rule());
        tree.leaf(2.0);
        tree.leaf(3.0);
        tree.leaf(4.0);
        assert_eq!(depth(&tree.finish().nodes), 3);
        let mut leaf = TreeBuilder::default();
        leaf.leaf(1.0);
        assert_eq!(depth(&leaf.finish().nodes), 0);
    }
}
