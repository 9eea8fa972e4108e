//! What is built from a walk against that walk: random ensembles, and every value at which an answer may change.

use super::Rows;
use super::packed::PackedKernel;
#[cfg(not(target_arch = "wasm32"))]
use super::packed::planes::PlaneKernel;
use super::prepared::Prepared;
use super::source::Source;
use super::tables::TableKernel;
use super::walk::WalkKernel;
use super::xgboost::XgBoostKernel;
use crate::features::{FAMILIES, Family, Keys};
use crate::model::{Dialect, MissingRule, Rule, Tree, TreeBuilder, TreeEnsemble};
use crate::num;

/// Numbers that look random and are the same everywhere: Marsaglia's xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn word(&mut self) -> u32 {
        let mut half = || u32::try_from(self.below(1 << 16)).unwrap();
        half() << 16 | half()
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn eighths(&mut self, end: usize) -> f64 {
        f64::from(u32::try_from(self.below(end * 8)).unwrap()) / 8.0
    }
}

/// What an ensemble is made of.
#[derive(Clone, Copy, Debug)]
struct Shape {
    dialect: Dialect,
    trees: usize,
    /// The fewest and the most leaves of a tree.
    leaves: (usize, usize),
    /// Columns of a row; the last one no split asks for.
    columns: u16,
    /// Whether the leaves are few steps.
    in_steps: bool,
}

/// Columns from which on an ensemble is wide.
const WIDE: u16 = 20;

/// Thresholds that rules for zero, comparisons and grids might get wrong.
const ODD_THRESHOLDS: [f64; 14] = [
    0.0,
    -0.0,
    1e-35,
    -1e-35,
    5e-324,
    -5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    1e300,
    -1e300,
    1.0,
    -1.0,
];

fn rule(numbers: &mut Numbers, Shape { dialect, columns, .. }: Shape, feature: u16) -> Rule {
    // Wide ones have neither categories nor zeros that are missing, so that planes serve them.
    let is_wide = columns >= WIDE;
    let feature = if is_wide { feature | 2 } else { feature };
    let is_f32 = dialect == Dialect::XGBoost;
    let missing = numbers.one_of(&[MissingRule::None, MissingRule::Zero, MissingRule::Nan]);
    let missing = if is_f32 || is_wide && missing == MissingRule::Zero { MissingRule::Nan } else { missing };
    let default_left = numbers.below(2) == 0;
    let number = |threshold| {
        let threshold = if is_f32 { f64::from(num::nearest_f32(threshold)) } else { threshold };
        Rule::Numeric { threshold, missing, default_left }
    };
    match (feature % 4, numbers.below(4)) {
        // Categories, now and then among thresholds on the same feature.
        (0, 0..3) | (1, 0) => {
            let words = numbers.below(4);
            let bitset = (0..words).map(|_| numbers.word()).collect();
            if is_f32 && default_left { Rule::CategoricalOrMissing { bitset } } else { Rule::Categorical { bitset } }
        }
        // Odd ones, without which the others have even grids.
        (2, 0..2) => number(numbers.one_of(&ODD_THRESHOLDS)),
        // One of three is no `f32` before it is rounded.
        _ => number((numbers.eighths(40) - 9.0) * numbers.one_of(&[1.0, 1.0, 0.1])),
    }
}

fn grow(numbers: &mut Numbers, tree: &mut TreeBuilder, leaves: usize, shape: Shape) {
    let Shape { dialect, columns, in_steps, .. } = shape;
    if leaves == 1 {
        // Leaves of many sizes: another order of summing would have other bits. Or of few, which are summed as integers.
        let sizes: &[f64] = if in_steps { &[1.0, 2.0] } else { &[1e-9, 0.1, 1.0, 1e9] };
        let value = (numbers.eighths(1000) - 500.0) * numbers.one_of(sizes);
        tree.leaf(if dialect == Dialect::XGBoost { f64::from(num::nearest_f32(value)) } else { value });
        return;
    }
    let feature = u16::try_from(numbers.below(usize::from(columns) - 1)).unwrap();
    let rule = rule(numbers, shape, feature);
    tree.split(feature, rule);
    let left = 1 + numbers.below(leaves - 1);
    grow(numbers, tree, left, shape);
    grow(numbers, tree, leaves - left, shape);
}

fn ensemble(numbers: &mut Numbers, shape: Shape) -> TreeEnsemble {
    let (fewest, most) = shape.leaves;
    let trees = (0..shape.trees)
        .map(|_| {
            let mut tree = TreeBuilder::default();
            let leaves = fewest + numbers.below(most - fewest + 1);
            grow(numbers, &mut tree, leaves, shape);
            tree.finish()
        })
        .collect();
    TreeEnsemble { dialect: shape.dialect, trees }
}

/// Values of each column on each side of everything its splits ask for, and odd ones.
fn values(ensemble: &TreeEnsemble, columns: u16) -> Vec<Vec<f64>> {
    let zero = f64::from(1e-35_f32);
    let mut values: Vec<Vec<f64>> = (0..columns)
        .map(|_| {
            let mut odd = vec![f64::NAN, -f64::NAN, zero, -zero, 0.5, -0.5, -0.999, 2.5, 1e18, -1e18, 2_147_483_647.5];
            odd.extend(ODD_THRESHOLDS);
            odd
        })
        .collect();
    for split in ensemble.splits() {
        let of_column = &mut values[usize::from(split.feature)];
        match &split.rule {
            Rule::Numeric { threshold, .. } => of_column.push(*threshold),
            Rule::Categorical { bitset } | Rule::CategoricalOrMissing { bitset } => {
                let end = u32::try_from(bitset.len() * 32).unwrap();
                of_column.extend((0..end + 2).map(f64::from));
                of_column.extend((0..end).map(|category| f64::from(category) + 0.75));
            }
        }
    }
    for of_column in &mut values {
        let distinct = |values: &mut Vec<f64>| {
            values.sort_unstable_by(f64::total_cmp);
            values.dedup_by_key(|value| value.to_bits());
        };
        distinct(of_column);
        // Half way to the neighbouring `f32`, where rounding to one changes.
        let halves: Vec<f64> = of_column
            .iter()
            .map(|value| num::nearest_f32(*value))
            .flat_map(|x| [x.next_down(), x.next_up()].map(|next| f64::midpoint(f64::from(x), f64::from(next))))
            .collect();
        of_column.extend(halves);
        let sides: Vec<f64> = of_column.iter().flat_map(|value| [value.next_down(), value.next_up()]).collect();
        of_column.extend(sides);
        distinct(of_column);
    }
    values
}

/// From a row to the walk's sum.
type Sum = Box<dyn Fn(&[f64]) -> f64>;

struct Walk {
    source: Box<dyn Source>,
    sum: Sum,
}

fn walk(numbers: &mut Numbers, ensemble: &TreeEnsemble) -> Walk {
    match ensemble.dialect {
        Dialect::LightGbm => {
            let walk = WalkKernel::new(ensemble);
            Walk { source: Box::new(walk.clone()), sum: Box::new(move |row| walk.predict(row)) }
        }
        Dialect::XGBoost => {
            let walk = XgBoostKernel::new(ensemble, numbers.one_of(&[0.5, -0.0, -1e9]));
            Walk { source: Box::new(walk.clone()), sum: Box::new(move |row| f64::from(walk.predict(row))) }
        }
    }
}

/// The first row for which the two differ, or the batch.
fn difference(walk: &Walk, prepared: &Prepared, rows: &[Vec<f64>], values: &[Vec<f64>]) -> Option<String> {
    let mut batch = vec![f64::NAN; rows.len()];
    let columns = rows.first()?.len();
    prepared.predict_rows(Rows { values: &rows.concat(), columns, keys: None }, &mut batch);
    // What keys stand for is not to be read.
    let mut keyed = vec![f64::NAN; rows.len()];
    let known: Vec<Keys> = rows.iter().map(|row| keys_of(row, values)).collect();
    let unread: Vec<f64> =
        rows.iter().flat_map(|row| row.iter().enumerate().map(|(c, x)| if c < FAMILIES { 0.3 } else { *x })).collect();
    let keys = if prepared.takes_keys() { Some(&known[..]) } else { None };
    let asked = if keys.is_some() { unread } else { rows.concat() };
    prepared.predict_rows(Rows { values: &asked, columns, keys }, &mut keyed);
    for ((row, in_batch), by_keys) in rows.iter().zip(batch).zip(keyed) {
        let (expected, alone) = ((walk.sum)(row), prepared.predict(row));
        if [alone, in_batch, by_keys].iter().any(|found| found.to_bits() != expected.to_bits()) {
            let name = prepared.name();
            return Some(format!(
                "{name}: expected {expected}, found {alone}, in a batch {in_batch}, by keys {by_keys}, for {row:?}"
            ));
        }
    }
    None
}

#[test]
fn what_is_built_gives_the_walks_bits_for_every_value_there_is() {
    let shapes = [
        (1, (1, 1), 2),
        (5, (1, 1), 4),
        (1, (2, 2), 2),
        (40, (1, 3), 6),
        (70, (2, 16), 6),
        (33, (16, 16), 3),
        (35, (15, 31), 20),
        (16, (32, 32), 2),
        (17, (2, 33), 9),
        (9, (63, 64), 5),
        (8, (64, 64), 128),
        (7, (2, 65), 9),
        (5, (127, 128), 3),
        (9, (1, 129), 4),
        (3, (300, 900), 7),
    ];
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut wrong = Vec::new();
    // Ensembles that planes serve: not those with sets that are no interval.
    let mut planes = 0;
    for (dialect, (trees, leaves, columns)) in
        [Dialect::LightGbm, Dialect::XGBoost].into_iter().flat_map(|dialect| shapes.map(|shape| (dialect, shape)))
    {
        for turn in 0..6 {
            let shape = Shape { dialect, trees, leaves, columns, in_steps: turn % 3 == 0 };
            let ensemble = ensemble(&mut numbers, shape);
            let walk = walk(&mut numbers, &ensemble);
            let values = values(&ensemble, columns);
            let tables = TableKernel::build(&*walk.source, &families(&values)).map(Prepared::Tables);
            let packed = PackedKernel::build(&*walk.source).map(Prepared::Packed);
            let serves = (tables.is_some(), packed.is_some());
            if serves != (leaves.1 <= 128, true) && leaves.1 != 129 {
                wrong.push(format!("{shape:?}: tables and packed walk serve: {serves:?}"));
            }
            let tables_and_planes = tables.as_ref().zip(packed.as_ref()).and_then(with_planes);
            planes += usize::from(tables_and_planes.is_some());
            let rows: Vec<Vec<f64>> = rows(&mut numbers, &values).collect();
            let found = tables
                .iter()
                .chain(&packed)
                .chain(&tables_and_planes)
                .filter_map(|kernel| difference(&walk, kernel, &rows, &values));
            wrong.extend(found.map(|what| format!("{shape:?}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(planes >= 30 || cfg!(target_arch = "wasm32"), "planes serve {planes} of them");
}

/// Tables with planes, of packed trees that planes can be made of.
#[cfg(not(target_arch = "wasm32"))]
fn with_planes(pair: (&Prepared, &Prepared)) -> Option<Prepared> {
    match pair {
        (Prepared::Tables(tables), Prepared::Packed(packed)) => {
            Some(Prepared::Planes(tables.clone(), PlaneKernel::build(packed.clone())?))
        }
        _ => None,
    }
}

#[cfg(target_arch = "wasm32")]
fn with_planes(_: (&Prepared, &Prepared)) -> Option<Prepared> {
    None
}

/// The first columns as families of one, each value's place among the column's its key.
fn families(values: &[Vec<f64>]) -> [Family; FAMILIES] {
    std::array::from_fn(|column| Family {
        columns: vec![column],
        keys: values[column].len(),
        values: values[column].clone(),
    })
}

fn keys_of(row: &[f64], values: &[Vec<f64>]) -> Keys {
    std::array::from_fn(|column| {
        let place = values[column].binary_search_by(|value| value.total_cmp(&row[column])).unwrap();
        u16::try_from(place).unwrap()
    })
}

/// Each value once for each column, the other columns anything; and rows of anything.
fn rows(numbers: &mut Numbers, values: &[Vec<f64>]) -> impl Iterator<Item = Vec<f64>> {
    let most = values.iter().map(Vec::len).max().unwrap();
    (0..most + 400).map(move |index| {
        let of_column = |of_column: &Vec<f64>| match of_column.get(index) {
            Some(value) if index < most => *value,
            _ => numbers.one_of(of_column),
        };
        values.iter().map(of_column).collect()
    })
}

fn stump(feature: u16, rule: Rule) -> Tree {
    let mut tree = TreeBuilder::default();
    tree.split(feature, rule);
    tree.leaf(1.0);
    tree.leaf(2.0);
    tree.finish()
}

fn tables_of(trees: Vec<Tree>) -> Option<TableKernel> {
    let walk = WalkKernel::new(&TreeEnsemble { dialect: Dialect::LightGbm, trees });
    TableKernel::build(&walk, &Default::default())
}

#[test]
fn what_tables_cannot_serve_or_would_take_too_much_is_left_to_the_walk() {
    let number = |threshold| Rule::Numeric { threshold, missing: MissingRule::Nan, default_left: true };
    let of_leaves = |leaves| {
        let mut tree = TreeBuilder::default();
        (1..leaves).for_each(|_| {
            tree.split(0, number(1.0));
            tree.leaf(0.5);
        });
        tree.leaf(0.25);
        tree.finish()
    };
    // Every other category: each is a cut.
    let categories = |words| Rule::Categorical { bitset: vec![0x5555_5555; words] };
    let one_tree_each = |count: u32| (0..count).map(|n| stump(0, number(f64::from(n)))).collect();
    let rows = [
        ("128 leaves", vec![of_leaves(128)], true),
        ("129 leaves", vec![of_leaves(129)], false),
        ("no tree", vec![], false),
        ("the last column of a row", vec![stump(127, number(1.0))], true),
        ("a column beyond", vec![stump(128, number(1.0))], false),
        ("2,000 words of categories", vec![stump(0, categories(2_000))], true),
        ("more cuts than can be counted", vec![stump(0, categories(3_000))], false),
        ("500 thresholds", one_tree_each(500), true),
        // 16,384 places for each of 512 blocks, 2 bytes each: twice the cap.
        ("16,384 thresholds", one_tree_each(16_384), false),
    ];
    for (name, trees, serves) in rows {
        assert_eq!(tables_of(trees).is_some(), serves, "{name}");
    }
}
