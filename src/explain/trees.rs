//! Shapley values of trees, exactly, in time that grows with the number of their splits alone.
//!
//! A tree's estimate of a row where only some columns are known follows the row at splits of known columns, and at the others
//! goes both ways by the covers: that is the path-dependent expectation of S. M. Lundberg, G. G. Erion and S.-I. Lee
//! ("Consistent Individualized Feature Attribution for Tree Ensembles", 2018). A leaf is then worth, to a set of known columns,
//! its value times a product over the columns of its path: whether the row goes there, or which share of the cover does.
//!
//! By G. Owen ("Multilinear Extensions of Games", 1972) the Shapley value of column `i` is the integral over `t` from 0 to 1 of
//! what `i` adds when each other column is known with probability `t`. Known with that probability, a column's part of the product is
//! `factor(t) = hot t + share (1 - t)`: `hot` is 1 if the row takes all turns of the column on this path, else 0, and `share` is the
//! product of their shares of the cover. So the leaf's part of the value is the integral of
//!
//! ```text
//! value * product over the path's columns of factor(t) * (hot_i - share_i) / factor_i(t)
//! ```
//!
//! which is a polynomial of a degree below the number of columns on the path. Gauss-Legendre quadrature integrates it exactly, and at
//! a point of it the sum over the leaves is one walk through the tree: what the leaves below a split have in common is
//! multiplied on the way down and added up on the way back. (The polynomials are those of P. Yu, A. Bifet, J. Read and C. Xu,
//! "Linear Tree Shap", 2022.) No part of a product is ever negative, so that nothing cancels out in it.

use std::ops::Range;

use super::lanes::{LANES, Lanes};
use super::quadrature::{Points, rule};
use crate::engine::{Place, Questions, Source};
use crate::model::TreeEnsemble;

/// Columns of a path that one group of points is enough for: a polynomial of degree 7.
const COLUMNS_A_GROUP: usize = 2 * LANES;

/// Trees ready to be explained.
#[derive(Clone, Debug)]
pub(super) struct TreeExplainer {
    questions: Questions,
    plan: Plan,
    /// The rules of one group, two groups and so on.
    rules: Vec<Vec<Points>>,
}

/// What can be known of trees before a row.
#[derive(Clone, Debug)]
struct Plan {
    nodes: Vec<Known>,
    /// The first node of each tree.
    roots: Vec<usize>,
    /// For each tree how many groups of points its longest path needs, less one.
    groups: Vec<usize>,
    /// Most splits of a path.
    depth: usize,
    /// What the trees add on average over the covers.
    expected: f64,
}

/// What is known of a node beforehand; its place is that of the walk's.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Of its split's cover, what comes to it.
    share: f64,
    place: Place,
}

/// A column's part of the product, on the path so far.
#[derive(Clone, Copy, Debug)]
struct Factor {
    /// Whether the row takes all turns of this column.
    hot: bool,
    share: f64,
    /// `1 / factor(t)` at each point, while hot.
    inverse: Lanes,
}

impl Factor {
    /// Of a column that the path has not met.
    fn none() -> Factor {
        Factor { hot: true, share: 1.0, inverse: Lanes::all(1.0) }
    }
}

/// A node on the path, and the turn that leads to it.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The product so far, at each point.
    product: Lanes,
    /// Of the leaves below: value times product.
    sum: Lanes,
    /// What the split before asks about, and that column's factor before it.
    column: usize,
    before: Factor,
    /// The other side, if it is still to come, and whether the row goes there.
    other: Option<(usize, bool)>,
}

impl Step {
    fn start() -> Step {
        Step { product: Lanes::all(1.0), sum: Lanes::all(0.0), column: 0, before: Factor::none(), other: None }
    }
}

/// What one explanation writes in.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    steps: Vec<Step>,
    factors: Vec<Factor>,
}

impl TreeExplainer {
    /// Freezes trees and the covers of their leaves, both validated, over rows of so many columns.
    pub(super) fn new(trees: &TreeEnsemble, covers: &[f64], columns: usize) -> TreeExplainer {
        let questions = Questions::new(trees);
        let source = questions.source();
        let mut plan = Plan { nodes: Vec::new(), roots: Vec::new(), groups: Vec::new(), depth: 0, expected: 0.0 };
        let mut rest = covers;
        for tree in 0..source.trees() {
            let nodes = source.tree(tree);
            // Half of the nodes of a binary tree, and one, are leaves; `Background::validate` has counted them.
            let (leaves, others) = rest.split_at(nodes.len().div_ceil(2));
            plan.add_tree(source, nodes, leaves, columns);
            rest = others;
        }
        let most = plan.groups.iter().max().map_or(0, |groups| groups + 1);
        TreeExplainer { questions, plan, rules: (1..=most).map(rule).collect() }
    }

    /// What the trees add on average.
    pub(super) fn expected(&self) -> f64 {
        self.plan.expected
    }

    /// Where an explanation of a row with so many columns writes.
    pub(super) fn scratch(&self, columns: usize) -> Scratch {
        Scratch { steps: vec![Step::start(); self.plan.depth + 1], factors: vec![Factor::none(); columns] }
    }

    /// Adds what each column contributes to the sum of the trees for this row. Allocates nothing.
    pub(super) fn add(&self, row: &[f64], scratch: &mut Scratch, contributions: &mut [f64]) {
        let source = self.questions.source();
        for (tree, groups) in self.plan.groups.iter().enumerate() {
            for points in &self.rules[*groups] {
                self.walk(source, self.plan.roots[tree], row, points, scratch, contributions);
            }
        }
    }

    /// One walk through all of a tree, for one group of points.
    fn walk(
        &self,
        source: &dyn Source,
        root: usize,
        row: &[f64],
        points: &Points,
        scratch: &mut Scratch,
        contributions: &mut [f64],
    ) {
        // `new` has made room for the longest path, and `Tree::validate` has checked the columns.
        let Scratch { steps, factors } = scratch;
        let nodes = &self.plan.nodes;
        let (mut node, mut depth) = (root, 0);
        loop {
            match nodes[node].place {
                Place::Split { feature, right } => {
                    let column = usize::from(feature);
                    let left = source.goes_left(node, row[column]);
                    steps[depth].sum = Lanes::all(0.0);
                    let (above, below) = steps.split_at_mut(depth + 1);
                    below[0].column = column;
                    below[0].other = Some((right, !left));
                    node += 1;
                    below[0].turn(above[depth].product, (nodes[node].share, left), points, &mut factors[column]);
                    depth += 1;
                }
                Place::Leaf(value) => {
                    let step = &mut steps[depth];
                    step.sum = step.product * Lanes::all(value);
                    // Back up to the first split whose other side is still to come.
                    loop {
                        if depth == 0 {
                            return;
                        }
                        let (above, below) = steps.split_at_mut(depth);
                        let (above, step) = (&mut above[depth - 1], &mut below[0]);
                        let factor = &mut factors[step.column];
                        contributions[step.column] += step.gain(factor, points);
                        *factor = step.before;
                        above.sum = above.sum + step.sum;
                        if let Some((right, goes)) = step.other.take() {
                            node = right;
                            step.turn(above.product, (nodes[right].share, goes), points, factor);
                            break;
                        }
                        depth -= 1;
                    }
                }
            }
        }
    }
}

impl Plan {
    fn add_tree(&mut self, source: &dyn Source, nodes: Range<usize>, leaves: &[f64], columns: usize) {
        let root = nodes.start;
        // Backwards, both sides of a split come before it: its cover, and where what is below it ends.
        let mut below = vec![(0.0, 0); nodes.len()];
        let mut rest = leaves.iter().rev();
        for node in nodes.clone().rev() {
            below[node - root] = match source.place(node) {
                Place::Leaf(_) => (rest.next().copied().unwrap_or(1.0), node + 1),
                Place::Split { right, .. } => {
                    let ((left_cover, _), (right_cover, end)) = (below[node + 1 - root], below[right - root]);
                    (left_cover + right_cover, end)
                }
            };
        }
        self.roots.push(root);
        self.nodes.extend(nodes.clone().map(|node| Known { share: 1.0, place: source.place(node) }));
        // Forwards, the columns of the path to the node at hand, each with the end of the split that asks for it.
        let mut path: Vec<(usize, usize)> = Vec::new();
        let (mut met, mut distinct, mut most) = (vec![0_usize; columns], 0, 0);
        for node in nodes {
            while let Some((column, _)) = path.pop_if(|(_, end)| *end <= node) {
                met[column] -= 1;
                distinct -= usize::from(met[column] == 0);
            }
            let (cover, end) = below[node - root];
            match source.place(node) {
                Place::Leaf(value) => self.expected += value * (cover / below[0].0),
                Place::Split { feature, right } => {
                    for side in [node + 1, right] {
                        self.nodes[side].share = below[side - root].0 / cover;
                    }
                    let column = usize::from(feature);
                    distinct += usize::from(met[column] == 0);
                    met[column] += 1;
                    path.push((column, end));
                    most = most.max(distinct);
                    self.depth = self.depth.max(path.len());
                }
            }
        }
        self.groups.push(most.div_ceil(COLUMNS_A_GROUP).max(1) - 1);
    }
}

impl Step {
    /// Takes a turn: `share` of the split's cover goes this way, and the row does or does not.
    #[inline(never)]
    fn turn(&mut self, above: Lanes, (share, goes): (f64, bool), points: &Points, factor: &mut Factor) {
        self.before = *factor;
        if !factor.hot {
            // Both factors are shares of the rest.
            self.product = above * Lanes::all(share);
            return;
        }
        let without = above * factor.inverse;
        factor.share *= share;
        let rest = points.rest * Lanes::all(factor.share);
        factor.hot = goes;
        if goes {
            let now = points.at + rest;
            self.product = without * now;
            factor.inverse = Lanes::all(1.0) / now;
        } else {
            self.product = without * rest;
        }
    }

    /// What the leaves below add to the column that led here, beyond what they would have added without this turn.
    fn gain(&self, now: &Factor, points: &Points) -> f64 {
        // A column that the row left before is worth the same, `-1 / (1 - t)`, on all of the path from there.
        if !self.before.hot {
            return 0.0;
        }
        let before = self.before.inverse * Lanes::all(1.0 - self.before.share);
        let change = if now.hot {
            now.inverse * Lanes::all(1.0 - now.share) - before
        } else {
            Lanes::all(0.0) - (points.inverse_of_rest + before)
        };
        (points.weights * self.sum * change).sum()
    }
}
