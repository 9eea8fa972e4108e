//! Shapley values by their definition, over all sets of columns, against those of [`TreeExplainer`](super::trees::TreeExplainer).

use super::*;
use crate::features::{Calendar, CalendarPart, DistanceEstimate, End, Expr, ZoneAttribute};
use crate::model::{Dialect, ExtendedEnsemble, MissingRule, Node, Rule, Term, Tree, TreeBuilder, TreeEnsemble};

/// Pseudo-random numbers from 0 to 1, by a linear congruence (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / 4_294_967_296.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(num::truncate_to_i64(self.next() * num::count_to_f64(bound))).unwrap()
    }
}

fn spec(columns: usize) -> FeatureSpec {
    let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
    let mut spec = FeatureSpec::new(Calendar::new_york(), nothing);
    for index in 0..columns {
        spec.column(&format!("c{index}"), Expr::Calendar(CalendarPart::Hour)).unwrap();
    }
    spec
}

fn random_tree(random: &mut Random, columns: usize, splits: usize, dialect: Dialect) -> Tree {
    let mut tree = TreeBuilder::default();
    let (mut open, mut left) = (1, splits);
    while open > 0 {
        // Splits early on and leaves at the end, so that paths are long and meet columns again.
        if left > 0 && (open == 1 || random.next() < 0.7) {
            let feature = u16::try_from(random.below(columns)).unwrap();
            let rule = match (random.below(5), dialect) {
                (0, _) => Rule::Categorical { bitset: vec![u32::try_from(random.below(16)).unwrap()] },
                (1, Dialect::LightGbm) => {
                    Rule::Numeric { threshold: 1.5, missing: MissingRule::Zero, default_left: random.next() < 0.5 }
                }
                (1, Dialect::XGBoost) => Rule::CategoricalOrMissing { bitset: vec![5] },
                (kind, _) => {
                    Rule::Numeric { threshold: 4.0 * random.next(), missing: MissingRule::Nan, default_left: kind == 2 }
                }
            };
            let rule = match (rule, dialect) {
                (Rule::Numeric { threshold, missing, default_left }, Dialect::XGBoost) => {
                    Rule::Numeric { threshold: f64::from(num::nearest_f32(threshold)), missing, default_left }
                }
                (rule, _) => rule,
            };
            tree.split(feature, rule);
            (open, left) = (open + 1, left - 1);
        } else {
            tree.leaf(f64::from(num::nearest_f32(10.0 * random.next() - 5.0)));
            open -= 1;
        }
    }
    tree.finish()
}

/// The path-dependent expectation where the columns of `known` are known: by recursion, as it is written down. Gives the cover of
/// the node too, and where the node's subtree ends.
fn expectation(
    walk: &crate::engine::Questions,
    node: usize,
    covers: &mut std::slice::Iter<'_, f64>,
    row: &[f64],
    known: usize,
) -> (f64, f64) {
    match walk.source().place(node) {
        crate::engine::Place::Leaf(value) => (value, *covers.next().unwrap()),
        crate::engine::Place::Split { feature, right } => {
            let (left_value, left_cover) = expectation(walk, node + 1, covers, row, known);
            let (right_value, right_cover) = expectation(walk, right, covers, row, known);
            let cover = left_cover + right_cover;
            let value = if known >> feature & 1 == 0 {
                (left_cover * left_value + right_cover * right_value) / cover
            } else if walk.source().goes_left(node, row[usize::from(feature)]) {
                left_value
            } else {
                right_value
            };
            (value, cover)
        }
    }
}

/// Shapley's definition: the mean over all orders in which columns become known.
fn by_definition(trees: &TreeEnsemble, covers: &[f64], row: &[f64]) -> Vec<f64> {
    let walk = crate::engine::Questions::new(trees);
    let worth = |known: usize| {
        let mut covers = covers.iter();
        (0..trees.trees.len())
            .map(|tree| expectation(&walk, walk.source().tree(tree).start, &mut covers, row, known).0)
            .sum::<f64>()
    };
    let worths: Vec<f64> = (0..1 << row.len()).map(worth).collect();
    let factorial = |n: usize| (1..=n).map(num::count_to_f64).product::<f64>();
    (0..row.len())
        .map(|column| {
            let without = (0..worths.len()).filter(|known| known >> column & 1 == 0);
            let part = |known: usize| {
                let size = known.count_ones() as usize;
                let weight = factorial(size) * factorial(row.len() - size - 1) / factorial(row.len());
                weight * (worths[known | 1 << column] - worths[known])
            };
            without.map(part).sum()
        })
        .collect()
}

#[test]
fn contributions_are_shapleys_by_his_definition() {
    let mut random = Random(4);
    // Up to eight columns on a path, and more: one group of points, and two.
    for (columns, splits, rounds) in [(1, 3, 10), (3, 8, 30), (5, 20, 20), (11, 40, 6)] {
        for round in 0..rounds {
            let dialect = if round % 3 == 0 { Dialect::XGBoost } else { Dialect::LightGbm };
            let trees = (0..3).map(|_| random_tree(&mut random, columns, splits, dialect)).collect();
            let trees = TreeEnsemble { dialect, trees };
            let covers: Vec<f64> = trees.leaves().map(|_| 1.0 + 50.0 * random.next()).collect();
            let explainer = TreeExplainer::new(&trees, &covers, columns);
            let mut scratch = explainer.scratch(columns);
            for _ in 0..4 {
                let values = [f64::NAN, 0.0, -0.0, 1e-36, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0, 40.0];
                let row: Vec<f64> = (0..columns).map(|_| values[random.below(values.len())]).collect();
                let mut found = vec![0.0; columns];
                explainer.add(&row, &mut scratch, &mut found);
                let expected = by_definition(&trees, &covers, &row);
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() < 1e-12, "{row:?}: {found} instead of {expected}");
                }
                let sum: f64 = found.iter().sum::<f64>() + explainer.expected();
                let leaves = crate::engine::Questions::new(&trees);
                let all: f64 = {
                    let mut covers = covers.iter();
                    let walk = &leaves;
                    (0..3)
                        .map(|tree| expectation(walk, walk.source().tree(tree).start, &mut covers, &row, usize::MAX).0)
                        .sum()
                };
                assert!((sum - all).abs() < 1e-12, "{sum} instead of {all}");
            }
        }
    }
}

#[test]
fn one_split_by_hand() {
    // 30 rows are worth 2 and 10 are worth 10: on average 4. A row that goes left is worth 2 less than that, the other 6 more.
    let mut tree = TreeBuilder::default();
    tree.split(0, Rule::Numeric { threshold: 1.0, missing: MissingRule::Nan, default_left: false });
    tree.leaf(2.0);
    tree.leaf(10.0);
    let trees = TreeEnsemble { dialect: Dialect::LightGbm, trees: vec![tree.finish()] };
    let model = Model::Ensemble(trees.clone());
    let covers = Background::Covers(vec![30.0, 10.0]);
    let explainer = Explainer::new(&model, Some(&covers), &spec(2)).unwrap();
    assert_eq!(explainer.base_value().to_bits(), 4.0_f64.to_bits());
    let mut scratch = explainer.scratch(2);
    for (value, amount) in [(0.5, -2.0), (7.0, 6.0), (f64::NAN, 6.0)] {
        let mut out = [9.0; 2];
        explainer.contributions(&[value, 1.0], &mut scratch, &mut out);
        assert!((out[0] - amount).abs() < 1e-14 && out[1].to_bits() == 0, "{value}: {out:?}");
    }
    // A mean of two such trees that begins at 3: (3 + 4 + 4) / 2, and each contributes its half.
    let twice = TreeEnsemble { trees: [trees.trees.clone(), trees.trees.clone()].concat(), ..trees };
    let mean = ExtendedEnsemble { base: 3.0, average: true, link: Link::Exp, ..ExtendedEnsemble::new(twice) };
    let covers = Background::Covers(vec![30.0, 10.0, 3.0, 1.0]);
    let explainer = Explainer::new(&Model::Extended(mean), Some(&covers), &spec(2)).unwrap();
    assert_eq!((explainer.base_value().to_bits(), explainer.space()), (5.5_f64.to_bits(), Space::Log));
    let mut out = [0.0; 2];
    explainer.contributions(&[0.5, 1.0], &mut explainer.scratch(2), &mut out);
    assert!((out[0] + 2.0).abs() < 1e-14, "{out:?}");
}

#[test]
fn a_weighted_sum_by_hand() {
    // 10 + 2 x, x being 3 on average, and a category that adds 0.5 or -4, on average -1: 15. Missing, x adds nothing: 6 less.
    let linear = Linear {
        intercept: 10.0,
        terms: vec![
            Term::Numeric { column: 0, coefficient: 2.0 },
            Term::Categorical { column: 1, coefficients: vec![0.5, -4.0] },
        ],
    };
    let explainer =
        Explainer::new(&Model::Linear(linear), Some(&Background::Means(vec![6.0, -1.0])), &spec(2)).unwrap();
    assert_eq!(explainer.base_value().to_bits(), 15.0_f64.to_bits());
    for (row, expected) in [([5.0, 0.0], [4.0, 1.5]), ([f64::NAN, 1.0], [-6.0, -3.0]), ([3.0, 7.0], [0.0, 1.0])] {
        let mut out = [0.0; 2];
        explainer.contributions(&row, &mut explainer.scratch(2), &mut out);
        assert_eq!(out.map(f64::to_bits), expected.map(f64::to_bits), "{row:?}");
    }
}

#[test]
fn columns_are_grouped_by_what_the_rider_told() {
    let mut spec = spec(1);
    let distance = spec.column("miles", Expr::TripDistanceOrEstimate).unwrap();
    let crow = spec.column("crow", Expr::GreatCircle).unwrap();
    spec.column("winding", Expr::Ratio { a: distance, b: crow, floor: 0.2 }).unwrap();
    spec.column("from", Expr::Zone(End::Pickup, ZoneAttribute::Area)).unwrap();
    spec.column("bearing", Expr::Bearing).unwrap();
    spec.column("week", Expr::Calendar(CalendarPart::MinuteOfWeek)).unwrap();
    spec.column("unused", Expr::Calendar(CalendarPart::Holiday)).unwrap();
    let given = spec.node(Expr::TripDistance).unwrap();
    spec.column("known", Expr::IsMissing { of: given }).unwrap();
    let groups = groups(&spec, &[1, 1, 1, 1, 1, 1, 1, 0, 1]);
    let found: Vec<_> =
        groups.iter().map(|group| (group.facts.words(false), group.facts.words(true), &group.columns[..])).collect();
    let expected: [(&str, &str, &[usize]); 6] = [
        ("time of day", "time of day", &[0]),
        ("distance", "assumed distance", &[1, 8]),
        ("route", "route", &[2, 5]),
        ("route and distance", "route and assumed distance", &[3]),
        ("pickup zone", "pickup zone", &[4]),
        ("hour of the week", "hour of the week", &[6]),
    ];
    assert_eq!(found, expected.map(|(words, assumed, columns)| (words.to_owned(), assumed.to_owned(), columns)));
    let codes: Vec<_> = groups[3].facts.iter().map(Fact::code).collect();
    assert_eq!(codes, ["pickup_zone", "dropoff_zone", "distance"]);
}

#[test]
fn what_cannot_be_explained_says_why() {
    let mut tree = TreeBuilder::default();
    tree.leaf(1.0);
    let trees = TreeEnsemble { dialect: Dialect::LightGbm, trees: vec![tree.finish()] };
    assert_eq!(trees.trees[0].nodes, [Node::Leaf(1.0)]);
    let linear_leaves = vec![crate::model::LinearLeaf::default()];
    let linear = Model::Extended(ExtendedEnsemble { linear_leaves, ..ExtendedEnsemble::new(trees.clone()) });
    let fault = |model: &Model| Explainer::new(model, None, &spec(1)).unwrap_err();
    assert_eq!(fault(&linear).code(), "LINEAR_LEAVES");
    assert_eq!(fault(&Model::Ensemble(trees)).code(), "NO_BACKGROUND");
    assert!(fault(&linear).to_string().contains("found linear ones"));
}
