//! `curbside pack`: from files that XGBoost and LightGBM wrote to bundles that estimate rides.

use std::fs;
use std::path::PathBuf;

use curbside::features::FeatureSpec;
use curbside::model::Model;
use curbside_publish::BundleFile;

use crate::Desk;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A desk with a model of tests/golden on it, its columns explained, and the zones of the tests.
fn desk(model: &str) -> Desk {
    let desk = Desk::new();
    desk.write("model.bin", &fs::read(root().join("tests/golden").join(model)).unwrap());
    let columns = "[columns]\na = \"difference(trip_distance_or_estimate, great_circle)\"\nb = 'missing(trip_distance)'\n\
                   c = \"category(pickup.id, [130, 132])\"\n";
    desk.write("features.toml", columns.as_bytes());
    desk
}

const PACK: [&str; 8] =
    ["pack", "model.bin", "--features", "features.toml", "--zones", "good.curb", "--out", "new.curb"];

#[test]
fn a_model_of_another_library_becomes_a_bundle() {
    for (model, library, kernel) in [
        ("xgboost-3.2.0/category_text.json", "XGBoost 3.2.0", "walk, f32"),
        ("xgboost-1.7.6/dart.ubj", "XGBoost 1.7.6", "walk, f32"),
    ] {
        let desk = desk(model);
        let made = desk.run(&[&PACK[..], &["--json"]].concat()).json();
        let card = &made["card"];
        let digest = BundleFile::sha256(&fs::read(desk.path("model.bin")).unwrap());
        assert_eq!((&card["name"], &card["version"]), (&"ride-duration".into(), &digest[..12].into()));
        assert_eq!(card["algorithm"], format!("{library}, packed"));
        let source =
            format!("Packed from model.bin, sha256 {digest}, written by {library}, objective reg:squarederror.");
        assert_eq!(card["notes"][0], source);
        assert_eq!(
            card["command"],
            "cargo curbside pack models/model.bin --features models/features.toml --zones models/good.curb --name ride-duration \
             --out models/new.curb"
        );
        // Golden rides among them: opening has answered them.
        let verified = desk.run(&["verify", "new.curb", "--json"]).json();
        assert_eq!((&verified["sha256"], &verified["golden_rides"]), (&made["sha256"], &32.into()));
        let inspected = desk.run(&["inspect", "new.curb", "--json"]).json();
        assert_eq!(inspected["model"]["kernel"], kernel);
        assert_eq!(inspected["model"]["ensemble"]["dialect"], "XGBoost");
        let ride = ["predict", "--pu", "130", "--do", "132", "--distance", "6.5", "--at", "2021-02-03T08:30"];
        let found = desk.run(&[&ride[..], &["--model", "new.curb", "--json"]].concat()).json();
        // No pair is warned of, and there is no interval.
        assert!(found["duration"].as_f64().unwrap() >= 1.0 && found["duration_low"].is_null(), "{found}");
        assert!(found["warnings"].as_array().is_none_or(Vec::is_empty), "{found}");
        // The same command gives the same bytes.
        let first = fs::read(desk.path("new.curb")).unwrap();
        assert_eq!(desk.run(&PACK).code, 0);
        assert_eq!(fs::read(desk.path("new.curb")).unwrap(), first);
    }
}

#[test]
fn an_mlflow_folder_is_the_model_that_it_names() {
    for (folder, file, library) in [
        ("xgboost-ubj", "model.ubj", "XGBoost 3.2.0, packed"),
        ("xgboost-json", "model.json", "XGBoost 3.2.0, packed"),
        ("lightgbm", "model.lgb", "LightGBM format v4, packed"),
        ("lightgbm-wrapper", "model.skops", "LightGBM format v4, packed"),
        ("sklearn", "model.skops", "LightGBM format v4, packed"),
    ] {
        let desk = Desk::new();
        let source = root().join("tests/golden/mlflow-3.17.2").join(folder);
        let pack = |model: &str| {
            desk.run(&["pack", model, "--zones", "good.curb", "--out", "new.curb", "--json"]).json()["card"].clone()
        };
        let card = pack(source.to_str().unwrap());
        assert_eq!(card["algorithm"], library);
        let alone = pack(source.join(file).to_str().unwrap());
        assert_eq!(card["version"], alone["version"], "{folder}: the same file");
    }
    let desk = Desk::new();
    fs::create_dir(desk.path("empty")).unwrap();
    let found = desk.run(&["pack", "empty", "--zones", "good.curb", "--out", "new.curb", "--json"]);
    assert_eq!(found.error()["code"], "FILE_READ");
    desk.write("empty/model.pkl", b"\x80\x05\x95");
    for (text, words) in [
        (
            "flavors:\n  sklearn:\n    pickled_model: model.pkl\n",
            "a pickle, which only the Python that wrote it can read",
        ),
        ("flavors:\n  spark:\n    data: model.pkl\n", "expected one of lightgbm, xgboost, sklearn"),
    ] {
        desk.write("empty/MLmodel", text.as_bytes());
        let found = desk.run(&["pack", "empty", "--zones", "good.curb", "--out", "new.curb", "--json"]);
        assert!(found.error()["message"].as_str().unwrap().contains(words), "{text}");
    }
}

#[test]
fn a_packed_model_is_given_an_interval_by_recalibrating() {
    let desk = desk("xgboost-3.2.0/squared.ubj");
    assert_eq!(desk.run(&PACK).code, 0);
    let month = "green_tripdata_simulated_2021-02.parquet";
    let simulated = ["simulate", "--month", "2021-02", "--rides", "3000", "--seed", "2", "--out", month];
    assert_eq!(desk.run(&simulated).code, 0);
    let again = desk.run(&["recalibrate", "new.curb", "--on", month, "--out", "later.curb", "--json"]).json();
    assert_eq!(again["calibration"]["interval"]["coverage"], 0.8);
    assert_eq!(again["card"]["created"], "2021-02-28");
    let note = again["card"]["notes"][0].as_str().unwrap();
    assert!(note.contains("Packed from model.bin, sha256 "), "{note}");
    let found = desk.run(&["predict", "--pu", "130", "--do", "132", "--model", "later.curb", "--json"]).json();
    assert!(found["duration_low"].as_f64().unwrap() <= found["duration_high"].as_f64().unwrap(), "{found}");
}

#[test]
fn what_the_model_predicts_is_said_beside_the_columns() {
    let desk = desk("xgboost-3.2.0/squared.ubj");
    let columns = String::from_utf8(fs::read(desk.path("features.toml")).unwrap()).unwrap();
    let packed = |target: &str| {
        desk.write("features.toml", format!("{columns}{target}").as_bytes());
        desk.run(&[&PACK[..], &["--json"]].concat())
    };
    let minutes = || {
        let ride = ["predict", "--pu", "130", "--do", "132", "--distance", "6.5", "--at", "2021-02-03T08:30"];
        desk.run(&[&ride[..], &["--model", "new.curb", "--json"]].concat()).json()["duration"].as_f64().unwrap()
    };
    let doubts = |card: &serde_json::Value| card["card"]["warnings"].as_array().unwrap()[2..].to_vec();
    let plain = packed("").json();
    let raw = minutes();
    assert!(raw > 6.0 && raw < 30.0 && doubts(&plain).is_empty(), "{plain}");
    // Seconds: too short for any ride, which is pointed out; and too long as hours.
    let seconds = packed("[target]\nunit = \"seconds\"\n").json();
    assert_eq!((minutes(), seconds["calibration"]["correction"]["slope"].as_f64().unwrap()), (1.0, 1.0 / 60.0));
    assert!(doubts(&seconds)[0].as_str().unwrap().contains("none is estimated to take 6 minutes"), "{seconds}");
    let hours = packed("[target]\nunit = \"hours\"\n").json();
    assert!(doubts(&hours)[0].as_str().unwrap().contains("24 are estimated to take 60 minutes"), "{hours}");
    // A logarithm of seconds: e^raw is far above an hour, and e^raw - 1 is that with another intercept.
    let logarithm = packed("[target]\nunit = \"seconds\"\ntransform = \"log1p\"\n").json();
    let correction = &logarithm["calibration"]["correction"];
    assert_eq!((correction["intercept"].as_f64(), correction["slope"].as_f64()), (Some(-1.0 / 60.0), Some(1.0 / 60.0)));
    let expected = (raw.exp_m1() / 60.0).min(60.0);
    assert!((minutes() - expected).abs() < 1e-3 * expected, "{expected}");
    desk.write("model.bin", &fs::read(root().join("tests/golden/xgboost-3.2.0/poisson.ubj")).unwrap());
    for (target, words) in [
        ("[target]\nunit = \"days\"\n", "unknown variant `days`, expected one of `seconds`, `minutes`, `hours`"),
        ("[target]\nlog = true\n", "unknown field `log`"),
        ("[target]\ntransform = \"log\"\n", "target.transform: expected \"none\" for an objective that gives back"),
    ] {
        let found = packed(target);
        let error = found.error();
        assert_eq!(error["code"], "PACK_FEATURES", "{target}");
        assert!(error["message"].as_str().unwrap().contains(words), "{target}: {error}");
    }
}

#[test]
fn the_best_iteration_is_an_option_that_says_what_it_did() {
    let desk = desk("xgboost-2.1.4/best.ubj");
    let trees = |extra: &[&str]| {
        let made = desk.run(&[&PACK[..], &["--json"], extra].concat()).json();
        let inspected = desk.run(&["inspect", "new.curb", "--json"]).json();
        (inspected["model"]["ensemble"]["trees"].as_u64().unwrap(), made["card"].clone())
    };
    let ((all, plain), (best, cut)) = (trees(&[]), trees(&["--best-iteration"]));
    assert!(desk.run(&PACK).stdout.contains("XGBRegressor.predict stops there, as --best-iteration does."));
    assert!(best < all, "{best} of {all}");
    assert!(plain["notes"][1].as_str().unwrap().starts_with("All "), "{plain}");
    assert!(cut["notes"][1].as_str().unwrap().contains(&format!("the first {best} are used")), "{cut}");
    assert!(cut["command"].as_str().unwrap().contains(" --best-iteration --out "), "{cut}");
}

/// The names of the shipped model's columns mean in `pack` what they mean in its bundle.
#[test]
fn known_names_are_the_shipped_bundles_columns() {
    let shipped = BundleFile::open(&root().join("models/green-tripdata-duration.curb")).unwrap().estimator().unwrap();
    let spec = shipped.encoder().spec();
    // The one that is looked up in learnt tables.
    let columns: Vec<_> = spec.columns.iter().filter(|column| column.name != "usual_duration").collect();
    assert!(columns.len() > 15, "{}", columns.len());
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let empty = FeatureSpec::new(spec.calendar.clone(), spec.distance_estimate);
    let bound = curbside_import::bind(
        &names,
        &[],
        FeatureSpec { nodes: spec.nodes.clone(), tables: spec.tables.clone(), ..empty },
    );
    let bound = bound.unwrap();
    for (theirs, ours) in columns.iter().zip(&bound.columns) {
        // The nodes of the bundle are found again where they mean the same.
        assert_eq!(theirs.node, ours.node, "{}", theirs.name);
    }
}

#[test]
fn what_cannot_be_packed_is_refused_and_nothing_is_written() {
    let desk = desk("xgboost-3.2.0/squared.ubj");
    desk.write("text.toml", b"columns = 3\n");
    desk.write("stranger.toml", b"[columns]\nspeed = \"hour\"\n");
    desk.write("other.toml", b"[column]\na = \"hour\"\n");
    desk.write("wrong.toml", b"[columns]\na = \"hours\"\nb = \"hour\"\nc = \"hour\"\n");
    let zones = ["--zones", "good.curb"];
    let rows: [(&[&str], i32, &str, &str); 11] = [
        (&["absent.ubj"], 1, "FILE_READ", "absent.ubj: expected a file"),
        (&["features.toml"], 1, "PACK_MODEL", "features.toml: file: expected one of LightGBM text, XGBoost JSON"),
        (&["good.curb"], 1, "PACK_MODEL", "expected one of LightGBM text"),
        (&["model.bin"], 1, "PACK_COLUMN", "column \"a\": expected an expression for it in --features"),
        (&["model.bin", "--features", "absent.toml"], 1, "FILE_READ", "absent.toml: "),
        (&["model.bin", "--features", "text.toml"], 1, "PACK_FEATURES", "expected TOML with a table [columns]"),
        (&["model.bin", "--features", "other.toml"], 1, "PACK_FEATURES", "unknown field `column`"),
        (&["model.bin", "--features", "stranger.toml"], 1, "PACK_COLUMN", "which has a, b, c, found another"),
        (&["model.bin", "--features", "wrong.toml"], 1, "PACK_COLUMN", "byte 0: expected one of trip_distance"),
        (&["model.bin", "--best-iteration"], 1, "PACK_MODEL", "best_iteration: expected one below 6"),
        (&["model.bin", "--features"], 2, "USAGE", "--features"),
    ];
    for (arguments, exit, code, words) in rows {
        let found = desk.run(&[&["pack", "--out", "out.curb", "--json"], &zones[..], arguments].concat());
        let error = found.error();
        assert_eq!((found.code, &error["code"]), (exit, &code.into()), "{arguments:?}: {error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{arguments:?}: {error}");
        assert!(!desk.path("out.curb").exists());
    }
    let nowhere = desk.run(&["pack", "model.bin", "--features", "features.toml", "--out", "out.curb", "--json"]);
    assert_eq!((nowhere.code, &nowhere.error()["code"]), (2, &"USAGE".into()));
    let zoneless =
        desk.run(&["pack", "model.bin", "--features", "features.toml", "--zones", ".", "--out", "o", "--json"]);
    assert_eq!((zoneless.code, &zoneless.error()["code"]), (1, &"TLC_IO".into()));
}

#[test]
fn leaves_are_rounded_on_request_by_no_more_than_is_told() {
    let desk = Desk::new();
    desk.write("model.bin", &fs::read(root().join("tests/golden/lightgbm/missing_none.txt")).unwrap());
    let columns = "[columns]\nColumn_0 = 'trip_distance_or_estimate'\nColumn_1 = 'great_circle'\nColumn_2 = 'hour'\n\
                   Column_3 = 'minute_of_day'\n";
    desk.write("features.toml", columns.as_bytes());
    let exact = desk.run(&[&PACK[..], &["--json"]].concat()).json();
    let bundle = |name: &str| {
        let file = BundleFile::open(&desk.path(name)).unwrap();
        curbside::Bundle::from_bytes(file.bytes(), &curbside::Limits::default()).unwrap()
    };
    let whole = bundle("new.curb");
    let told = desk.run(&[&PACK[..], &["--leaves", "f32"]].concat());
    assert!(told.stdout.contains("leaves rounded to f32: the model's numbers change by at most "), "{}", told.stdout);
    let rounded = bundle("new.curb");
    assert_eq!(whole.background, rounded.background);
    assert!(whole.background.is_some());
    assert!(exact["card"]["parameters"].as_array().unwrap().is_empty());
    let parameter = |name: &str| rounded.card.parameters.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let most: f64 = parameter("leaves_error_bound").parse().unwrap();
    assert_eq!(parameter("leaves"), "f32");
    let leaves = |bundle: &curbside::Bundle| match &bundle.model {
        Model::Ensemble(trees) => trees.leaves().collect::<Vec<f64>>(),
        other => panic!("{other:?}"),
    };
    let errors: Vec<f64> = leaves(&whole).iter().zip(leaves(&rounded)).map(|(a, b)| (a - b).abs()).collect();
    let is_f32 = |leaf: &f64| f64::from(curbside::num::nearest_f32(*leaf)).to_bits() == leaf.to_bits();
    assert!(leaves(&rounded).iter().all(is_f32) && !leaves(&whole).iter().all(is_f32));
    // 20 trees: no less than the largest error of one leaf, no more than 20 of them.
    let largest = errors.iter().copied().fold(0.0, f64::max);
    assert!(largest > 0.0 && most >= largest && most <= 20.0 * largest, "{most} and {largest}");
    assert!(rounded.card.command.contains(" --leaves f32 "), "{}", rounded.card.command);
}
