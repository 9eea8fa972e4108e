//! `curbside verify` and `curbside inspect`, and what every verb says about a bundle that is none.

use std::io::Write;

use curbside_publish::{BundleFile, pack};
use serde_json::Value;

use crate::{Desk, bundle_bytes, support};

#[test]
fn a_good_bundle_is_good_in_either_form() {
    let desk = Desk::new();
    desk.write("bare.curb", &bundle_bytes());
    let (packed, bare) = (desk.run(&["verify", "good.curb", "--json"]), desk.run(&["verify", "bare.curb", "--json"]));
    let (packed, bare) = (packed.json(), bare.json());
    assert_eq!((&packed["ok"], &packed["packed"], &packed["golden_rides"]), (&true.into(), &true.into(), &4.into()));
    assert_eq!((&bare["ok"], &bare["packed"]), (&true.into(), &false.into()));
    assert_eq!(packed["sha256"], bare["sha256"], "the bare one packs to the same object");
    assert_eq!(packed["sha256"], BundleFile::sha256(&pack(&bundle_bytes())));
    let told = desk.run(&["verify", "good.curb"]);
    assert!(told.code == 0 && told.stdout.starts_with("good.curb: good: test 1\n"), "{}", told.stdout);
}

#[test]
fn the_digest_that_was_promised_is_compared() {
    let desk = Desk::new();
    let digest = BundleFile::sha256(&pack(&bundle_bytes()));
    assert_eq!(desk.run(&["verify", "good.curb", "--sha256", &digest.to_uppercase()]).code, 0);
    let other = desk.run(&["verify", "good.curb", "--sha256", &"0".repeat(64), "--json"]);
    assert_eq!((other.code, &other.error()["code"]), (1, &"BLOB_DIGEST".into()));
}

#[test]
fn inspecting_shows_the_parts_and_what_they_weigh() {
    let desk = Desk::new();
    let found = desk.run(&["inspect", "good.curb", "--json"]).json();
    let sections = found["sections"].as_array().unwrap();
    let names: Vec<&str> = sections.iter().map(|size| size["section"].as_str().unwrap()).collect();
    assert_eq!(names, ["card", "target", "features", "zones", "pairs", "model", "background", "calibration", "golden"]);
    // 48 bytes of header, 8 for each of 9 sections in the table, and the sections.
    let sum: u64 = sections.iter().map(|size| size["bytes"].as_u64().unwrap()).sum();
    assert_eq!(found["bytes"], sum + 48 + 8 * 9);
    assert_eq!(found["bytes"], bundle_bytes().len());
    assert_eq!(found["card"]["name"], "test");
    // The model of the tests: 1 leaf alone, then 2, 1 and 2 splits; one split is on a category.
    let ensemble = &found["model"]["ensemble"];
    let numbers =
        ["trees", "leaves", "splits", "categorical_splits", "depth"].map(|key| ensemble[key].as_u64().unwrap());
    assert_eq!(numbers, [4, 9, 5, 1, 2]);
    let features = found["features"].as_array().unwrap();
    assert_eq!(features.len(), support::features().columns.len());
    let uses: Vec<u64> = features.iter().map(|feature| feature["uses"].as_u64().unwrap()).collect();
    assert_eq!(uses.iter().sum::<u64>(), 5);
    assert!(uses.is_sorted_by(|a, b| a >= b), "{uses:?}");
    let share: f64 = features.iter().map(|feature| feature["share"].as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-12, "{share}");

    // The tables of the tests: two pairs and a zone far away; a byte for each gap between keys and one for each number at least.
    let tables = found["tables"].as_array().unwrap();
    let entries: Vec<_> =
        tables.iter().map(|table| (table["name"].as_str().unwrap(), table["entries"].as_u64().unwrap())).collect();
    assert_eq!(entries, [("speed", 2), ("winding", 3)]);
    for table in tables {
        let (bytes, entries) = (table["bytes"].as_u64().unwrap(), table["entries"].as_u64().unwrap());
        assert!((2 * entries..6 * entries).contains(&bytes), "{table}");
    }
    let calibration = &found["calibration"];
    assert_eq!(calibration["correction"], serde_json::json!({"intercept": 0.25, "slope": 1.125}));
    assert_eq!(calibration["interval"]["assumed"], serde_json::json!({"low": -2.0, "high": 3.0}));
    assert_eq!(calibration["interval"]["scale"], serde_json::json!({"smallest": 0.25, "trees": 2}));

    let told = desk.run(&["inspect", "good.curb"]);
    assert_eq!((told.code, told.stderr.as_str()), (0, ""));
    for part in [
        "\ntest 1: ",
        "Target: duration in minutes",
        "4 trees, 9 leaves",
        "kernel walk",
        "trip_distance",
        "  golden ",
        "4 of 5 rides",
        "\nTables ",
    ] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    desk.write("linear.curb", &support::bundle(support::linear()).to_bytes().unwrap());
    let linear = desk.run(&["inspect", "linear.curb", "--json"]).json();
    assert_eq!((&linear["model"]["kind"], &linear["model"]["terms"]), (&"linear".into(), &2.into()));
}

/// A few kilobytes that inflate to 64 MiB.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let megabyte = vec![0; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&megabyte).unwrap();
    }
    encoder.finish().unwrap()
}

/// A bundle whose golden ride promises other bits, under a right digest.
fn unfaithful() -> Vec<u8> {
    let mut bundle = support::bundle(support::ensemble());
    bundle.golden[1].duration_bits ^= 1;
    bundle.to_bytes().unwrap()
}

/// File, its bytes, the code, the section.
fn bad_files() -> Vec<(&'static str, Vec<u8>, &'static str, Value)> {
    let good = bundle_bytes();
    let packed = pack(&good);
    let with = |index: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[index] = value;
        bytes
    };
    let resealed = |index: usize, value: u8| {
        let mut bytes = with(index, value);
        support::reseal(&mut bytes);
        bytes
    };
    let header = || Value::from("header");
    vec![
        ("empty", Vec::new(), "BUNDLE_NOT_RECOGNISED", header()),
        ("a Parquet file", b"PAR1 and so on PAR1".to_vec(), "BUNDLE_NOT_RECOGNISED", header()),
        ("gzip of something else", pack(b"{\"trees\": []}"), "BUNDLE_NOT_RECOGNISED", header()),
        ("taken for text on the way", with(5, b'\n'), "BUNDLE_NOT_RECOGNISED", header()),
        ("an older version", with(8, 1), "BUNDLE_VERSION", header()),
        ("a newer version", with(8, 4), "BUNDLE_VERSION", header()),
        ("cut", good[..good.len() - 1].to_vec(), "BUNDLE_TRUNCATED", header()),
        ("cut in the header", good[..20].to_vec(), "BUNDLE_TRUNCATED", header()),
        ("cut inside the gzip", packed[..packed.len() / 2].to_vec(), "BLOB_GZIP", Value::Null),
        ("one byte changed", with(good.len() - 1, good[good.len() - 1] ^ 1), "BUNDLE_DIGEST", header()),
        ("a section of another kind", resealed(48, 9), "BUNDLE_MALFORMED", header()),
        ("other golden bits", unfaithful(), "BUNDLE_GOLDEN", Value::from("golden")),
        ("a gzip bomb", bomb(), "BLOB_TOO_LARGE", Value::Null),
        ("larger than any bundle", vec![0; (16 << 20) + 1], "BLOB_TOO_LARGE", Value::Null),
    ]
}

#[test]
fn what_is_no_bundle_is_refused_by_every_verb_in_the_same_words() {
    let desk = Desk::new();
    let ride = ["--pu", "130", "--do", "132"];
    assert_eq!(desk.run(&["keys", "new", "--out", "key.json"]).code, 0);
    let mut wrong = Vec::new();
    for (row, bytes, code, section) in bad_files() {
        desk.write("bad.curb", &bytes);
        let verify = desk.run(&["verify", "bad.curb", "--json"]);
        let inspect = desk.run(&["inspect", "bad.curb", "--json"]);
        let predict = desk.run(&[&["predict", "--model", "bad.curb", "--json"], &ride[..]].concat());
        let publish = desk.run(&["publish", "bad.curb", "--to", "bucket", "--key", "key.json", "--json"]);
        let told = desk.run(&["verify", "bad.curb"]);
        let error = verify.error();
        let message = error["message"].as_str().unwrap();
        let right = [verify.code, inspect.code, predict.code, publish.code, told.code] == [1; 5]
            && (error["code"] == code && error["section"] == section)
            && message.starts_with("bad.curb: ")
            // What to do comes last, after a semicolon.
            && message.contains("; ")
            && [&inspect, &predict, &publish].iter().all(|other| other.error() == error)
            && told.stderr == format!("error: {message}\n");
        if !right {
            wrong.push(format!("{row}: expected {code} in {section}, found {error}"));
        }
        assert!(!desk.path("bucket/models").exists(), "{row}: nothing of it may be published");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let desk = Desk::new();
    for name in ["absent.curb", "."] {
        let found = desk.run(&["verify", name, "--json"]);
        assert_eq!((found.code, &found.error()["code"]), (1, &"FILE_READ".into()), "{name}");
        assert!(found.error()["message"].as_str().unwrap().starts_with(&format!("{name}: ")));
    }
}
