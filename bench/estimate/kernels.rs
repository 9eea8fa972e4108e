//! What takes the place of a walk, against that walk: models of other kinds than the shipped one, drawn at random.
//!
//! The times of a walk depend on how well its answers can be guessed, so these rows and trees are guessed as badly as can be; what
//! is built in a walk's place hardly cares.

use std::error::Error;
use std::hint::black_box;

use curbside::bundle::Card;
use curbside::features::{Calendar, CalendarPart, DistanceEstimate, Expr, FeatureSpec, ZonePairs, Zones};
use curbside::model::{
    Calibration, Dialect, ExtendedEnsemble, MissingRule, Model, Rule, Target, TreeBuilder, TreeEnsemble,
};
use curbside::{Bundle, Estimator, Limits};

use super::native::ratio;

/// Rows that are scored one by one, and in a batch.
const ROWS: u16 = 512;

/// A model to be drawn.
struct Kind {
    name: &'static str,
    dialect: Dialect,
    columns: u16,
    trees: usize,
    leaves: usize,
}

const KINDS: [Kind; 6] = [
    Kind { name: "LightGBM", dialect: Dialect::LightGbm, columns: 5, trees: 300, leaves: 31 },
    Kind { name: "XGBoost", dialect: Dialect::XGBoost, columns: 5, trees: 300, leaves: 31 },
    Kind { name: "30 columns", dialect: Dialect::LightGbm, columns: 30, trees: 300, leaves: 31 },
    Kind { name: "two words a tree", dialect: Dialect::LightGbm, columns: 5, trees: 300, leaves: 127 },
    Kind { name: "large trees", dialect: Dialect::LightGbm, columns: 5, trees: 300, leaves: 255 },
    Kind { name: "a deep forest", dialect: Dialect::LightGbm, columns: 5, trees: 500, leaves: 1000 },
];

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    for kind in &KINDS {
        let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
        let walk = kind.draw(&mut numbers)?;
        let mut prepared = walk.clone();
        if !prepared.prepare() {
            return Err(format!("{}: nothing is built in the place of the walk", kind.name).into());
        }
        let columns = usize::from(kind.columns);
        let rows: Vec<f64> = (0..usize::from(ROWS) * columns).map(|_| numbers.value()).collect();
        let one_by_one = |estimator: &Estimator| {
            for row in rows.chunks_exact(columns) {
                estimator.raw_rows(black_box(row), black_box(&mut [0.0]));
            }
        };
        let batch = |estimator: &Estimator| {
            estimator.raw_rows(black_box(&rows), black_box(&mut [0.0; ROWS as usize]));
        };
        let alone = ratio(|| one_by_one(&walk), || one_by_one(&prepared));
        let together = ratio(|| batch(&walk), || batch(&prepared));
        let (kernel, Kind { name, trees, leaves, columns, .. }) = (prepared.predictor().kernel(), kind);
        println!(
            "{name}, {trees} trees of {leaves} leaves, {columns} columns: a row costs {alone:.2} times as much by the walk as by \
             the {kernel}, a row of a batch {together:.2} times"
        );
    }
    Ok(())
}

impl Kind {
    fn draw(&self, numbers: &mut Numbers) -> Result<Estimator, Box<dyn Error>> {
        let trees = (0..self.trees)
            .map(|_| {
                let mut tree = TreeBuilder::default();
                self.grow(&mut tree, self.leaves, numbers);
                tree.finish()
            })
            .collect();
        let trees = TreeEnsemble { dialect: self.dialect, trees };
        let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
        let mut features = FeatureSpec::new(Calendar::new_york(), nothing);
        for column in 0..self.columns {
            // The rows come with their columns computed.
            features.column(&column.to_string(), Expr::Calendar(CalendarPart::Hour))?;
        }
        let bundle = Bundle {
            card: Card::default(),
            target: Target { name: "y".into(), unit: "1".into(), low: -1e300, high: 1e300 },
            features,
            zones: Zones::default(),
            pairs: ZonePairs::default(),
            model: match self.dialect {
                Dialect::LightGbm => Model::Ensemble(trees),
                Dialect::XGBoost => Model::Extended(ExtendedEnsemble::new(trees)),
            },
            background: None,
            calibration: Calibration::default(),
            golden: Vec::new(),
        };
        Ok(Estimator::from_bundle(bundle, &Limits::default())?)
    }

    fn grow(&self, tree: &mut TreeBuilder, leaves: usize, numbers: &mut Numbers) {
        if leaves == 1 {
            // An `f32`, and no multiple of a coarse step.
            let thousandths = u16::try_from(numbers.below(1 << 16)).unwrap_or(0);
            tree.leaf(f64::from(f32::from(thousandths) * 0.001));
            return;
        }
        let feature = u16::try_from(numbers.below(usize::from(self.columns))).unwrap_or(0);
        tree.split(
            feature,
            Rule::Numeric { threshold: numbers.value(), missing: MissingRule::Nan, default_left: true },
        );
        // No side is less than a third: as deep as a trained tree, and no deeper.
        let left = (leaves / 3 + numbers.below(leaves / 3 + 1)).max(1);
        self.grow(tree, left, numbers);
        self.grow(tree, leaves - left, numbers);
    }
}

/// Numbers that look random and are the same everywhere: Marsaglia's xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap_or(0)
    }

    /// One of 255 values, as trainers have them, and exact in either type.
    fn value(&mut self) -> f64 {
        f64::from(u8::try_from(self.below(255)).unwrap_or(0)) / 8.0
    }
}
