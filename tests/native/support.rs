//! A small bundle for the integration tests: three zones, every kind of expression and split, golden rides.

use curbside::bundle::{Card, GoldenRide, HEADER_BYTES};
use curbside::features::{
    Calendar, CalendarPart, Centre, DistanceEstimate, End, Expr, FeatureSpec, Table, Zone, ZoneAttribute, ZonePairs,
    Zones,
};
use curbside::model::{
    Background, Calibration, Correction, Dialect, ExtendedEnsemble, IntervalModel, Linear, LinearLeaf, Link,
    MissingRule, Model, Quantiles, Rule, Target, Term, Tree, TreeBuilder, TreeEnsemble,
};
use curbside::trip::Pickup;
use curbside::{Bundle, Estimator, Limits, Trip};
use sha2::Digest;

/// 2021-02-03T08:30 on the wall.
pub(crate) const MORNING: Pickup = Pickup::Local(26_872_350);

/// Two real zones of two boroughs, and one without a place.
pub(crate) fn zones() -> Zones {
    let zone = |id, name: &str, borough, airport, centre: Option<(f32, f32, f32)>| Zone {
        id,
        name: name.to_owned(),
        borough,
        airport,
        centre: centre.map(|(latitude, longitude, area)| Centre { latitude, longitude, area }),
    };
    Zones {
        boroughs: ["Queens", "Unknown"].map(str::to_owned).to_vec(),
        zones: vec![
            zone(130, "Jamaica", 0, false, Some((40.705, -73.793, 1.9))),
            zone(132, "JFK Airport", 0, true, Some((40.647, -73.786, 7.8))),
            zone(264, "Unknown", 1, false, None),
        ],
    }
}

/// Every expression there is, the plain ones as columns.
pub(crate) fn features() -> FeatureSpec {
    let estimate = DistanceEstimate { intercept: 0.5, slope: 1.25, without_place: 4.0, detour: None };
    let mut spec = FeatureSpec::new(Calendar::new_york(), estimate);
    let distance = spec.column("trip_distance", Expr::TripDistanceOrEstimate).unwrap();
    let given = spec.column("given", Expr::TripDistance).unwrap();
    spec.column("missing", Expr::IsMissing { of: given }).unwrap();
    let minute = spec.column("minute", Expr::Calendar(CalendarPart::MinuteOfDay)).unwrap();
    spec.column("weekday", Expr::Calendar(CalendarPart::Weekday)).unwrap();
    spec.column("holiday", Expr::Calendar(CalendarPart::Holiday)).unwrap();
    let crow = spec.column("crow", Expr::GreatCircle).unwrap();
    spec.column("bearing", Expr::Bearing).unwrap();
    spec.column("ratio", Expr::Ratio { a: distance, b: crow, floor: 0.2 }).unwrap();
    spec.column("difference", Expr::Difference { a: distance, b: crow }).unwrap();
    let pu = spec.node(Expr::Zone(End::Pickup, ZoneAttribute::Id)).unwrap();
    let to = spec.node(Expr::Zone(End::Dropoff, ZoneAttribute::Id)).unwrap();
    spec.column("same", Expr::Equal { a: pu, b: to }).unwrap();
    let pair = spec.node(Expr::Cross { a: pu, b: to, size: 266 }).unwrap();
    spec.column("pair", Expr::Category { of: pair, vocabulary: vec![130 * 266 + 130, 130 * 266 + 132] }).unwrap();
    spec.column("clipped", Expr::Clip { of: distance, low: 0.2, high: 30.0 }).unwrap();
    spec.column("quarter", Expr::Round { of: minute, step: 15.0 }).unwrap();
    for (name, attribute) in [("lat", ZoneAttribute::Latitude), ("lon", ZoneAttribute::Longitude)] {
        spec.column(name, Expr::Zone(End::Pickup, attribute)).unwrap();
    }
    for (name, attribute) in
        [("area", ZoneAttribute::Area), ("borough", ZoneAttribute::Borough), ("airport", ZoneAttribute::Airport)]
    {
        spec.column(name, Expr::Zone(End::Dropoff, attribute)).unwrap();
    }
    let speeds = spec.table(table("speed", &[(130 * 266 + 130, 255), (130 * 266 + 132, 4)], 10.0)).unwrap();
    spec.column("speed", Expr::Lookup { of: pair, table: speeds }).unwrap();
    spec.column("sum", Expr::Sum { a: distance, b: crow }).unwrap();
    spec.column("band", Expr::Bin { of: given, edges: vec![1.0, 3.66, 10.0] }).unwrap();
    let winding = spec.table(table("winding", &[(130, 0), (132, 2), (60_000, 255)], 1.0)).unwrap();
    spec.distance_estimate.detour = Some(spec.node(Expr::Lookup { of: to, table: winding }).unwrap());
    spec
}

/// A table whose numbers begin at 1 and go on in steps of 1/8.
pub(crate) fn table(name: &str, entries: &[(u32, u8)], otherwise: f64) -> Table {
    Table {
        name: name.to_owned(),
        keys: entries.iter().map(|(key, _)| *key).collect(),
        values: entries.iter().map(|(_, value)| *value).collect(),
        offset: 1.0,
        step: 0.125,
        otherwise,
    }
}

fn tree(questions: &[(u16, Rule)], leaves: &[f64]) -> Tree {
    let mut tree = TreeBuilder::default();
    for (leaf, question) in leaves.iter().zip(questions) {
        tree.split(question.0, question.1.clone());
        tree.leaf(*leaf);
    }
    tree.leaf(leaves[questions.len()]);
    tree.finish()
}

fn numeric(threshold: f64, missing: MissingRule, default_left: bool) -> Rule {
    Rule::Numeric { threshold, missing, default_left }
}

/// Trees with every rule; column 11 is the categorical pair.
pub(crate) fn ensemble() -> Model {
    let trees = vec![
        tree(&[], &[8.0]),
        tree(
            &[(0, numeric(3.0, MissingRule::Nan, true)), (3, numeric(450.5, MissingRule::None, false))],
            &[1.5, 3.25, 4.5],
        ),
        tree(&[(11, Rule::Categorical { bitset: vec![0b10] })], &[2.125, -1.0]),
        tree(
            &[(1, numeric(2.0, MissingRule::Nan, false)), (9, numeric(0.1, MissingRule::Zero, true))],
            &[-0.5, 0.75, 0.1],
        ),
    ];
    Model::Ensemble(TreeEnsemble { dialect: Dialect::LightGbm, trees })
}

/// XGBoost's arithmetic with every rule and a function of the sum.
pub(crate) fn xgboost() -> Model {
    let trees = vec![
        tree(
            &[(0, numeric(3.5, MissingRule::Nan, true)), (3, numeric(450.5, MissingRule::Nan, false))],
            &[0.5, 0.75, 1.5],
        ),
        tree(&[(11, Rule::Categorical { bitset: vec![0b10] })], &[0.25, -1.0]),
        tree(&[(11, Rule::CategoricalOrMissing { bitset: vec![0b1] })], &[0.125, 0.5]),
    ];
    let trees = TreeEnsemble { dialect: Dialect::XGBoost, trees };
    Model::Extended(ExtendedEnsemble { base: 1.25, link: Link::Exp, ..ExtendedEnsemble::new(trees) })
}

/// LightGBM's mean of linear leaves, through another function.
pub(crate) fn linear_leaves() -> Model {
    let trees = vec![
        tree(&[(0, numeric(3.0, MissingRule::Nan, true))], &[3.0, 4.0]),
        tree(&[(11, Rule::Categorical { bitset: vec![0b10] })], &[2.125, 5.0]),
    ];
    let trees = TreeEnsemble { dialect: Dialect::LightGbm, trees };
    let leaf = |constant, terms: &[(u16, f64)]| LinearLeaf { constant, terms: terms.to_vec() };
    let linear_leaves =
        vec![leaf(2.5, &[(0, 0.5)]), leaf(4.0, &[(0, 0.25), (3, -0.001)]), leaf(2.0, &[]), leaf(4.5, &[(1, 0.125)])];
    let link = Link::SignedSquare;
    Model::Extended(ExtendedEnsemble { average: true, link, linear_leaves, ..ExtendedEnsemble::new(trees) })
}

/// A sum with both kinds of term.
pub(crate) fn linear() -> Model {
    Model::Linear(Linear {
        intercept: 6.0,
        terms: vec![
            Term::Numeric { column: 0, coefficient: 2.5 },
            Term::Categorical { column: 11, coefficients: vec![-1.0, 3.0] },
        ],
    })
}

/// A correction and an interval for a model of those columns. The scale is worth 2 minutes where the distance is not
/// given, else 1, and half a minute more above 3 miles.
pub(crate) fn calibration() -> Calibration {
    let scale = vec![
        tree(&[(2, numeric(0.5, MissingRule::None, false))], &[1.0, 2.0]),
        tree(&[(0, numeric(3.0, MissingRule::Nan, true))], &[0.0, 0.5]),
    ];
    Calibration {
        correction: Correction { intercept: 0.25, slope: 1.125 },
        interval: Some(IntervalModel {
            coverage: 0.8,
            scale: Model::Ensemble(TreeEnsemble { dialect: Dialect::LightGbm, trees: scale }),
            smallest_scale: 0.25,
            given: Quantiles { low: -1.5, high: 2.0 },
            assumed: Quantiles { low: -2.0, high: 3.0 },
        }),
    }
}

/// A background for a model: whole rows for trees, other weights for an extended ensemble's, none for linear leaves.
pub(crate) fn background(model: &Model) -> Option<Background> {
    let covers = |trees: &TreeEnsemble, first: f64| {
        let leaves = trees.leaves().enumerate();
        Background::Covers(
            leaves.map(|(index, _)| first + f64::from(u32::try_from(index * 37 % 50).unwrap())).collect(),
        )
    };
    match model {
        Model::Linear(linear) => {
            Some(Background::Means((1..).map(|n| f64::from(n) / 2.0).take(linear.terms.len()).collect()))
        }
        Model::Ensemble(trees) => Some(covers(trees, 20.0)),
        Model::Extended(extended) => extended.linear_leaves.is_empty().then(|| covers(&extended.trees, 2.5)),
    }
}

/// The bundle, with golden rides that its own model has answered.
pub(crate) fn bundle(model: Model) -> Bundle {
    let mut pairs = ZonePairs::default();
    pairs.insert(130, 132);
    let mut bundle = Bundle {
        card: Card { name: "test".to_owned(), version: "1".to_owned(), ..Card::default() },
        target: Target { name: "duration".to_owned(), unit: "minutes".to_owned(), low: 1.0, high: 60.0 },
        features: features(),
        zones: zones(),
        pairs,
        background: background(&model),
        model,
        calibration: calibration(),
        golden: Vec::new(),
    };
    answer_golden_rides(&mut bundle);
    bundle
}

/// Fills in the golden rides as the bundle itself answers them.
pub(crate) fn answer_golden_rides(bundle: &mut Bundle) {
    bundle.golden.clear();
    let estimator = Estimator::from_bundle(bundle.clone(), &Limits::default()).unwrap();
    for (pu, to, miles) in [(130, 132, Some(6.25)), (132, 130, None), (264, 130, Some(0.0)), (130, 130, Some(1.0))] {
        let estimate = estimator.estimate(&Trip::new(pu, to, miles, MORNING).unwrap());
        bundle.golden.push(GoldenRide {
            pu_location_id: pu,
            do_location_id: to,
            trip_distance: miles,
            pickup_minutes: estimate.pickup.minutes(),
            duration_bits: estimate.duration.to_bits(),
            interval_bits: estimate.interval.map(|interval| [interval.low.to_bits(), interval.high.to_bits()]),
        });
    }
}

/// Makes the header tell the truth about a body that was changed, so that validation and not the digest is what refuses
/// it.
pub(crate) fn reseal(bytes: &mut [u8]) {
    if let Some((header, body)) = bytes.split_at_mut_checked(HEADER_BYTES) {
        header[12..16].copy_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
        header[16..48].copy_from_slice(&sha2::Sha256::digest(body));
    }
}
