//! `curbside pull` and `curbside promote`, as far as they go without a server; with real ones: crates/registry/tests.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use curbside_publish::BundleFile;
use curbside_registry::layout::{About, write};
use serde_json::Value;

use crate::Desk;

/// A desk with a logged bundle in `logged/`, as MLflow's artifacts have it, and a key.
fn desk() -> Desk {
    let desk = Desk::new();
    fs::create_dir(desk.path("logged")).unwrap();
    let bundle = BundleFile::open(&desk.path("good.curb")).unwrap();
    let about = About { run_id: Some("0621a6fd"), model_id: Some("m-651c"), ..About::new(UNIX_EPOCH) };
    for file in write(&bundle, &about).unwrap() {
        fs::write(desk.path("logged").join(file.path), file.bytes).unwrap();
    }
    assert_eq!(desk.run(&["keys", "new", "--out", "key.json"]).code, 0);
    desk
}

#[test]
fn a_bundle_is_pulled_to_the_byte_and_knows_where_it_comes_from() {
    let desk = desk();
    let pulled = desk.run(&["pull", "logged", "--out", "new.curb", "--json"]).json();
    assert_eq!((&pulled["packed"], &pulled["origin"]["run_id"]), (&false.into(), &"0621a6fd".into()));
    assert_eq!((&pulled["origin"]["model_id"], &pulled["origin"]["file"]), (&"m-651c".into(), &"model.curb".into()));
    assert_eq!(pulled["origin"]["sha256"], pulled["sha256"]);
    assert_eq!(fs::read(desk.path("new.curb")).unwrap(), fs::read(desk.path("good.curb")).unwrap());
    assert!(desk.path("new.card.json").is_file());
    let told = desk.run(&["pull", "good.curb", "--out", "other.curb"]);
    assert!(told.stdout.contains("good.curb"), "{}", told.stdout);
    assert_eq!(fs::read(desk.path("other.curb")).unwrap(), fs::read(desk.path("good.curb")).unwrap());
    // Unless told where, into this folder.
    assert_eq!(desk.run(&["pull", "logged"]).code, 0);
    assert_eq!(fs::read(desk.path("logged.curb")).unwrap(), fs::read(desk.path("good.curb")).unwrap());
}

#[test]
fn a_foreign_model_is_packed_as_pack_does_it() {
    let desk = desk();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/xgboost-3.2.0/category_text.json");
    fs::create_dir(desk.path("foreign")).unwrap();
    desk.write("foreign/model.json", &fs::read(golden).unwrap());
    desk.write("foreign/MLmodel", b"flavors:\n  xgboost:\n    data: model.json\nrun_id: 0f0f\n");
    let columns = "[columns]\na = \"difference(trip_distance_or_estimate, great_circle)\"\nb = 'missing(trip_distance)'\n\
                   c = \"category(pickup.id, [130, 132])\"\n";
    desk.write("features.toml", columns.as_bytes());
    let features = ["--features", "features.toml", "--zones", "good.curb", "--name", "rides", "--json"];
    let pulled = desk.run(&[&["pull", "foreign", "--out", "new.curb"], &features[..]].concat()).json();
    assert_eq!((&pulled["packed"], &pulled["card"]["mlflow_run"]), (&true.into(), &"0f0f".into()));
    assert_eq!(
        pulled["card"]["command"],
        "cargo curbside pull 'models/foreign' --features models/features.toml --zones models/good.curb --name rides --out \
         models/new.curb"
    );
    let packed = desk.run(&[&["pack", "foreign", "--out", "packed.curb"], &features[..]].concat()).json();
    for same in ["algorithm", "warnings", "version", "name"] {
        assert_eq!(pulled["card"][same], packed["card"][same], "{same}");
    }
    let ride = ["predict", "--pu", "130", "--do", "132", "--distance", "6.5", "--at", "2021-02-03T08:30", "--json"];
    let estimate = |file: &str| desk.run(&[&ride[..], &["--model", file]].concat()).json()["duration"].clone();
    assert_eq!(estimate("new.curb"), estimate("packed.curb"));
    // Without the file, what is missing is said.
    let refused = desk.run(&["pull", "foreign", "--zones", "good.curb", "--out", "x.curb", "--json"]);
    assert_eq!((refused.code, &refused.error()["code"]), (1, &"PACK_COLUMN".into()));
}

#[test]
fn what_no_registry_knows_is_promoted_to_storage_alone() {
    let desk = desk();
    let promote = ["promote", "logged", "--to", "bucket", "--key", "key.json"];
    let first = desk.run(&[&promote[..], &["--json"]].concat()).json();
    assert_eq!((&first["storage"]["unchanged"], &first["mlflow"]), (&false.into(), &Value::Null));
    let manifest = &first["storage"]["after"];
    assert_eq!((&manifest["mlflow_run"], &manifest["sequence"]), (&"0621a6fd".into(), &1.into()));
    assert!(desk.path("bucket/models/test/champion.json").is_file());
    let again = desk.run(&promote);
    assert!(again.stdout.contains("stands already on"), "{}", again.stdout);
    assert!(again.stdout.contains("MLflow    no alias moved"), "{}", again.stdout);
    let named = [&promote[..], &["--alias", "challenger", "--name", "rides", "--json"]].concat();
    assert_eq!(desk.run(&named).json()["storage"]["manifest_path"], "models/rides/challenger.json");
}

#[test]
fn what_cannot_be_pulled_promoted_or_followed_is_said() {
    let desk = desk();
    let rows: [(&[&str], i32, &str); 11] = [
        (&["pull", "models:/rides", "--out", "x.curb"], 2, "PULL_URI"),
        (&["pull", "models:/rides/Production", "--out", "x.curb"], 2, "PULL_URI"),
        (&["pull", "runs:/../x", "--out", "x.curb"], 2, "PULL_URI"),
        (&["pull", "models:/rides@champion", "--out", "x.curb"], 1, "PULL_NO_SERVER"),
        (&["pull", "mlflow-artifacts:/1/m", "--out", "x.curb"], 1, "PULL_NO_SERVER"),
        (&["pull", "s3://bucket/m", "--out", "x.curb"], 1, "STORE_CREDENTIALS"),
        (&["pull", "absent", "--out", "x.curb"], 1, "PULL_MISSING"),
        (&["promote", "logged", "--key", "key.json"], 2, "USAGE"),
        (&["promote", "logged", "--to", "bucket", "--key", "key.json", "--follow"], 2, "USAGE"),
        (&["promote", "models:/rides/3", "--to", "bucket", "--key", "key.json", "--follow", "2"], 2, "USAGE"),
        (&["promote", "models:/rides@a", "--to", "bucket", "--key", "key.json", "--follow", "0"], 2, "USAGE"),
    ];
    for (arguments, exit, code) in rows {
        let mut command = desk.command(&[arguments, &["--json"]].concat());
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            command.env_remove(name);
        }
        let found = crate::outcome(&mut command);
        assert_eq!((found.code, &found.error()["code"]), (exit, &code.into()), "{arguments:?}");
    }
    assert!(!desk.path("x.curb").exists() && !desk.path("bucket/models").exists());
}

#[test]
fn a_rollback_without_a_registry_is_one_in_storage_alone() {
    let desk = desk();
    let promote = ["promote", "logged", "--to", "bucket", "--key", "key.json", "--json"];
    desk.run(&promote).json();
    let mut bundle = crate::support::bundle(crate::support::ensemble());
    "later".clone_into(&mut bundle.card.version);
    desk.write("later.curb", &curbside_publish::pack(&bundle.to_bytes().unwrap()));
    desk.run(&["publish", "later.curb", "--to", "bucket", "--key", "key.json", "--json"]).json();
    let back = desk.run(&["rollback", "bucket", "--key", "key.json", "--json"]).json();
    assert_eq!((&back["manifest"]["sequence"], &back["mlflow"]), (&3.into(), &Value::Null));
}
