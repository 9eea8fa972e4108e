//! Hostile bytes: a bundle that was cut or changed gives an error or a working model, never a panic, a hang or a large
//! allocation.

use crate::support;
use curbside::bundle::{OpenErrorKind, Section};
use curbside::model::{Background, ExtendedEnsemble, LinearLeaf, Link, MissingRule, Model, Node, Rule};
use curbside::trip::Pickup;
use curbside::{Bundle, Estimator, Limits, Trip};

/// Opens bytes and, where they open, scores rides that touch every zone rule and both distance rules, by the walk and by what
/// tables may be built.
fn open_and_use(bytes: &[u8]) -> bool {
    let Ok(estimator) = Estimator::open(bytes) else { return false };
    let mut prepared = estimator.clone();
    prepared.prepare();
    for (pu, to, miles) in [(130, 132, Some(6.25)), (264, 265, None), (1, 1, Some(0.0)), (132, 130, Some(99.0))] {
        for pickup in [support::MORNING, Pickup::Utc(26_872_350)] {
            let estimate = estimator.estimate(&Trip::new(pu, to, miles, pickup).unwrap());
            assert_eq!(prepared.estimate(&Trip::new(pu, to, miles, pickup).unwrap()), estimate);
            if let Ok(explanation) = estimator.explain(&Trip::new(pu, to, miles, pickup).unwrap()) {
                assert_eq!(explanation.clipped, estimate.warnings.contains(curbside::Warning::DurationClipped));
            }
            let target = estimator.target();
            let (low, high) = estimate.interval.map_or((estimate.duration, estimate.duration), |i| (i.low, i.high));
            assert!(target.low <= low && low <= estimate.duration, "{estimate:?}");
            assert!(estimate.duration <= high && high <= target.high, "{estimate:?}");
            assert!((0.0..=100.0).contains(&estimate.trip_distance), "{estimate:?}");
        }
    }
    true
}

fn models() -> [Bundle; 4] {
    [support::ensemble(), support::linear(), support::xgboost(), support::linear_leaves()].map(support::bundle)
}

#[test]
fn what_was_written_is_what_is_read() {
    for bundle in models() {
        let bytes = bundle.to_bytes().unwrap();
        assert_eq!(Bundle::from_bytes(&bytes, &Limits::default()).unwrap(), bundle);
        assert_eq!(bundle.to_bytes().unwrap(), bytes, "the same parts give the same bytes");
        assert!(open_and_use(&bytes));
    }
}

#[test]
fn every_truncation_is_an_error() {
    for bundle in models() {
        let bytes = bundle.to_bytes().unwrap();
        for length in 0..bytes.len() {
            let mut cut = bytes[..length].to_vec();
            assert!(Estimator::open(&cut).is_err(), "{length} bytes");
            support::reseal(&mut cut);
            assert!(Estimator::open(&cut).is_err(), "{length} bytes, re-sealed");
        }
    }
}

#[test]
fn every_change_of_one_byte_gives_an_error_or_a_working_model() {
    for bundle in models() {
        let bytes = bundle.to_bytes().unwrap();
        let sizes = Bundle::sizes(&bytes, &Limits::default()).unwrap();
        let body = curbside::bundle::HEADER_BYTES;
        let start = |of: Section| {
            let before = sizes.iter().take_while(|size| size.section != of).map(|size| size.bytes).sum::<usize>();
            body + 8 * sizes.len() + before
        };
        let pairs = start(Section::Pairs)..start(Section::Model);
        let (mut opened, mut refused) = (0, 0);
        // The other sections of the extended ensembles are those of the first two bundles; the background follows the model.
        let model = start(Section::Model)..start(Section::Calibration);
        let extended = matches!(bundle.model, Model::Extended(_));
        for position in if extended { model } else { body..bytes.len() } {
            // Every bit of the pairs is alike but the first few, which are their length.
            let inside = pairs.contains(&position) && position > pairs.start + 8;
            for value in 0..=255_u8 {
                if value == bytes[position] || (inside && !(position % 256 == 0 && value % 51 == 0)) {
                    continue;
                }
                let mut changed = bytes.clone();
                changed[position] = value;
                support::reseal(&mut changed);
                if open_and_use(&changed) { opened += 1 } else { refused += 1 }
            }
        }
        let least = if extended { 500 } else { 1000 };
        assert!(opened > least && refused > least, "opened {opened}, refused {refused}: one of them was never tried");
    }
}

#[test]
fn a_change_without_a_new_seal_is_caught_by_the_digest() {
    let bytes = support::bundle(support::ensemble()).to_bytes().unwrap();
    for position in (curbside::bundle::HEADER_BYTES..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        assert_eq!(Estimator::open(&changed).unwrap_err().kind(), OpenErrorKind::Digest, "byte {position}");
    }
}

#[test]
fn the_header_says_what_is_wrong() {
    let good = support::bundle(support::ensemble()).to_bytes().unwrap();
    let patched = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    let longer = [&good[..], &[0]].concat();
    let rows: [(&str, Vec<u8>, OpenErrorKind, &str); 7] = [
        ("empty", Vec::new(), OpenErrorKind::NotABundle, "expected the bytes"),
        ("text", b"<!doctype html>".to_vec(), OpenErrorKind::NotABundle, "curbside train"),
        ("gzip", vec![0x1f, 0x8b, 8, 0], OpenErrorKind::NotABundle, "inflate it first"),
        ("magic alone", good[..8].to_vec(), OpenErrorKind::Truncated, "expected 48 bytes, found 8"),
        (
            "newer",
            patched(8, 4),
            OpenErrorKind::Version,
            "format version 2 to 3, found 4, which is newer; update this build",
        ),
        ("older", patched(8, 0), OpenErrorKind::Version, "found 0, which is older"),
        ("longer", longer, OpenErrorKind::Truncated, "bytes of body, found"),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, kind, words) in rows {
        let error = Estimator::open(&bytes).unwrap_err();
        if error.kind() != kind || !error.to_string().contains(words) {
            wrong.push(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let limits = Limits { bytes: 100, ..Limits::default() };
    assert_eq!(Estimator::open_with(&good, &limits).unwrap_err().kind(), OpenErrorKind::Limit);
}

#[test]
fn what_a_model_was_compared_with_is_read_as_it_was_written() {
    let bundle = support::bundle(support::ensemble());
    let sizes = |bundle: &Bundle| {
        let sizes = Bundle::sizes(&bundle.to_bytes().unwrap(), &Limits::default()).unwrap();
        sizes.iter().find(|size| size.section == Section::Background).map(|size| size.bytes)
    };
    // Four sums and five deviations of a byte, and three bytes for the kind and their lengths.
    assert_eq!(sizes(&bundle), Some(12));
    // Rows by the thousand, by the million, beyond what deviations can say, and what are no rows.
    for factor in [97.0, 10_007.0, 999_983.0, 99_999_989.0, 0.5, 1e-3] {
        let mut bundle = bundle.clone();
        let Some(Background::Covers(covers)) = &mut bundle.background else { panic!("trees have covers") };
        for cover in covers {
            *cover *= factor;
        }
        assert_eq!(Bundle::from_bytes(&bundle.to_bytes().unwrap(), &Limits::default()).unwrap(), bundle, "{factor}");
    }
    let without = Bundle { background: None, ..bundle.clone() };
    assert_eq!(sizes(&without), None);
    assert_eq!(Bundle::from_bytes(&without.to_bytes().unwrap(), &Limits::default()).unwrap(), without);
    // Means of a sum must be as many as its terms, and numbers.
    for (means, words) in
        [(vec![1.0], "2 means, one for each term, found 1"), (vec![1.0, f64::NAN], "finite means, found NaN")]
    {
        let bundle = Bundle { background: Some(Background::Means(means)), ..support::bundle(support::linear()) };
        let error = Estimator::open(&bundle.to_bytes().unwrap()).unwrap_err();
        assert!(error.section() == Some(Section::Background) && error.to_string().contains(words), "{error}");
    }
    let covered = Some(Background::Covers(vec![1.0; 4]));
    let bundle = Bundle { background: covered, ..support::bundle(support::linear_leaves()) };
    let error = Estimator::open(&bundle.to_bytes().unwrap()).unwrap_err();
    assert!(error.to_string().contains("expected none for trees with linear leaves"), "{error}");
}

#[test]
fn a_file_of_version_2_is_the_same_bundle_without_a_background() {
    let old = std::fs::read("tests/native/format-2.curb.raw").unwrap();
    let bundle = Bundle { background: None, ..support::bundle(support::ensemble()) };
    assert_eq!(Bundle::from_bytes(&old, &Limits::default()).unwrap(), bundle);
    assert!(open_and_use(&old));
    // Version 2 has no section more.
    let mut nine = support::bundle(support::ensemble()).to_bytes().unwrap();
    nine[8] = 2;
    let error = Estimator::open(&nine).unwrap_err().to_string();
    assert!(error.contains("expected 8 or 9 sections, 9 from version 3 on, found 9"), "{error}");
}

#[test]
fn golden_rides_that_do_not_hold_stop_a_bundle() {
    let mut bundle = support::bundle(support::ensemble());
    bundle.golden[1].duration_bits ^= 1;
    let error = Estimator::open(&bundle.to_bytes().unwrap()).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Golden);
    assert!(error.to_string().contains("ride 1: expected"), "{error}");
}

#[test]
fn what_a_dialect_has_no_arithmetic_for_is_refused() {
    type Row = (fn() -> Model, &'static str, fn(&mut ExtendedEnsemble));
    fn rule(extended: &mut ExtendedEnsemble, rule: Rule) {
        if let Some(Node::Split(split)) = extended.trees.trees[0].nodes.first_mut() {
            split.rule = rule;
        }
    }
    let rows: [Row; 13] = [
        (support::xgboost, "leaves and a base that are f32", |e| e.base = 0.1),
        (support::xgboost, "found a mean", |e| e.average = true),
        (support::xgboost, "linear leaves", |e| e.linear_leaves = vec![LinearLeaf::default(); 7]),
        (support::xgboost, "a link that XGBoost has", |e| e.link = Link::SignedSquare),
        (support::xgboost, "a link that XGBoost has", |e| e.link = Link::Logistic { slope: 0.5 }),
        (support::xgboost, "a finite slope above 0", |e| e.link = Link::Logistic { slope: f64::NAN }),
        (support::xgboost, "base: expected a finite number", |e| e.base = f64::INFINITY),
        (support::xgboost, "threshold that is an f32", |e| {
            rule(e, Rule::Numeric { threshold: 0.1, missing: MissingRule::Nan, default_left: true });
        }),
        (support::xgboost, "NaN alone to be missing", |e| {
            rule(e, Rule::Numeric { threshold: 0.5, missing: MissingRule::Zero, default_left: true });
        }),
        (support::linear_leaves, "a rule that LightGBM has", |e| {
            rule(e, Rule::CategoricalOrMissing { bitset: vec![1] });
        }),
        (support::linear_leaves, "expected none or 4, found 3", |e| e.linear_leaves.truncate(3)),
        (support::linear_leaves, "linear leaf 1: expected a column below", |e| e.linear_leaves[1].terms[0].0 = 99),
        (support::linear_leaves, "linear leaf 0: expected finite", |e| e.linear_leaves[0].constant = f64::NAN),
    ];
    for (index, (model, words, change)) in rows.into_iter().enumerate() {
        let mut bundle = support::bundle(model());
        let Model::Extended(extended) = &mut bundle.model else { panic!("row {index}: an extended ensemble") };
        change(extended);
        let error = Estimator::open(&bundle.to_bytes().unwrap()).unwrap_err();
        assert!(error.section() == Some(Section::Model) && error.to_string().contains(words), "row {index}: {error}");
    }
    let mut plain = support::bundle(support::xgboost());
    let Model::Extended(extended) = plain.model else { panic!("an extended ensemble") };
    plain.model = Model::Ensemble(extended.trees);
    let error = Estimator::open(&plain.to_bytes().unwrap()).unwrap_err();
    assert!(error.to_string().contains("begins with a base score"), "{error}");
}

#[test]
fn parts_that_do_not_fit_each_other_are_named() {
    type Change = fn(&mut Bundle);
    fn covers(bundle: &mut Bundle) -> &mut Vec<f64> {
        let Some(Background::Covers(covers)) = &mut bundle.background else { panic!("trees have covers") };
        covers
    }
    let rows: [(Section, &str, Change); 15] = [
        (Section::Background, "9 covers, one for each leaf, found 8", |b| covers(b).truncate(8)),
        (Section::Background, "9 covers, one for each leaf, found 10", |b| covers(b).push(20.0)),
        (Section::Background, "covers above 0, found 0", |b| covers(b)[3] = 0.0),
        (Section::Background, "covers above 0, found NaN", |b| covers(b)[3] = f64::NAN),
        (Section::Background, "a finite sum, found inf", |b| covers(b)[3..5].fill(1e308)),
        (Section::Background, "expected covers for trees, found means", |b| {
            b.background = Some(Background::Means(vec![]));
        }),
        (Section::Background, "expected means for a weighted sum", |b| b.model = support::linear()),
        (Section::Target, "low <= high", |b| b.target.high = f64::NAN),
        (Section::Features, "ascending ids", |b| b.zones.zones.swap(0, 1)),
        (Section::Features, "boroughs", |b| b.zones.boroughs.clear()),
        (Section::Features, "there is no expression", |b| b.features.nodes.truncate(3)),
        (Section::Features, "earlier ones only", |b| b.features.nodes.swap(0, 2)),
        (Section::Model, "expected a feature below 3", |b| {
            b.features.columns.truncate(3);
        }),
        (Section::Golden, "ride 0: DOLocationID", |b| b.golden[0].do_location_id = 999),
        (Section::Golden, "at most 1024", |b| b.golden = vec![b.golden[0]; 1025]),
    ];
    let mut wrong = Vec::new();
    for (index, (section, words, change)) in rows.into_iter().enumerate() {
        let mut bundle = support::bundle(support::ensemble());
        change(&mut bundle);
        let error = Estimator::open(&bundle.to_bytes().unwrap()).unwrap_err();
        if error.section() != Some(section) || !error.to_string().contains(words) {
            wrong.push(format!("row {index}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
