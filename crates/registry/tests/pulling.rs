//! Models that Python's own clients logged, pulled; and a bundle's layout, read by Python's own readers.
//!
//! `cargo xtask test registry` starts MLflow and S3 and says where they are; without that these tests say what they skip.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics; Python and files are what it works with"
)]

mod python;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use curbside::bundle::Card;
use curbside::features::{Calendar, CalendarPart, DistanceEstimate, Expr, FeatureSpec, ZonePairs, Zones};
use curbside::model::{Calibration, Target};
use curbside::{Bundle, Estimator, Limits};
use curbside_import::{Imported, Options};
use curbside_publish::BundleFile;
use curbside_registry::layout::{About, write};
use curbside_registry::{Held, ModelUri, Pulled, Puller, process_environment};
use ndarray::Array2;
use python::{Python, server};
use serde_json::Value;

/// The shipped bundle.
fn shipped() -> BundleFile {
    BundleFile::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/green-tripdata-duration.curb")).unwrap()
}

/// A puller whose tracking server this is; keys to S3 as the environment has them.
fn puller(server: &str) -> Puller {
    let variable = |name: &str| {
        if name == "MLFLOW_TRACKING_URI" { Some(server.to_owned()) } else { process_environment(name) }
    };
    Puller::from_env(&variable).unwrap()
}

fn pull(puller: &Puller, uri: &str) -> Pulled {
    puller.pull(&ModelUri::parse(uri).unwrap()).unwrap_or_else(|fault| panic!("{uri}: {fault}"))
}

/// What an imported model says of rows that are encoded already.
fn predicted(imported: Imported, rows: &Array2<f64>) -> Vec<f64> {
    let nothing = DistanceEstimate { intercept: 0.0, slope: 0.0, without_place: 0.0, detour: None };
    let mut features = FeatureSpec::new(Calendar::new_york(), nothing);
    for name in &imported.feature_names {
        features.column(name, Expr::Calendar(CalendarPart::Hour)).unwrap();
    }
    let bundle = Bundle {
        card: Card::default(),
        target: Target { name: "y".into(), unit: "1".into(), low: -1e300, high: 1e300 },
        features,
        zones: Zones::default(),
        pairs: ZonePairs::default(),
        model: imported.model,
        background: None,
        calibration: Calibration::default(),
        golden: Vec::new(),
    };
    Estimator::from_bundle(bundle, &Limits::default()).unwrap().raw_matrix(&rows.view()).unwrap().to_vec()
}

/// Every form of address, of what Python logged at one server, gives the model that Python predicts with.
fn pulls_what_python_logged(variable: &str, prefix: &str) {
    let (Some(server), Some(python)) = (server(variable), Python::find()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("models.json");
    python.run(&server, "log_models.py", &[prefix, file.to_str().unwrap()], None);
    let told: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let rows: Vec<Vec<f64>> = serde_json::from_value(told["rows"].clone()).unwrap();
    let rows = Array2::from_shape_vec((rows.len(), 3), rows.concat()).unwrap();
    let puller = puller(&server);
    let models = told["models"].as_array().unwrap();
    assert_eq!(models.len(), 11);
    for model in models {
        let (name, uri) = (model["name"].as_str().unwrap(), model["uri"].as_str().unwrap());
        let Pulled { origin, held } = pull(&puller, uri);
        let Held::Foreign(bytes) = held else { panic!("{name}: a bundle") };
        assert_eq!(origin.sha256, BundleFile::sha256(&bytes), "{name}");
        let imported = curbside_import::read(&bytes, Options::default(), &Limits::default()).unwrap();
        assert_eq!(imported.library, model["library"], "{name}");
        let found = predicted(imported, &rows);
        let expected: Vec<f64> = serde_json::from_value(model["predictions"].clone()).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.to_bits(), expected.to_bits(), "{name}: {found}, {expected}");
        }
        let registered = uri.starts_with("models:/") && !uri.starts_with("models:/m-");
        assert_eq!((origin.model.is_some(), origin.version.is_some()), (registered, registered), "{name}");
        // Only what was asked for by the place alone, in MLflow 2's layout, does not know its run.
        assert_eq!(origin.run_id.is_some(), name != "by where it lies", "{name}");
    }
    // The whole chain of an alias, by every name.
    let origin = pull(&puller, &format!("models:/{prefix}-lightgbm@champion")).origin;
    assert_eq!(origin.model.as_deref(), Some(format!("{prefix}-lightgbm").as_str()));
    assert_eq!((origin.version.as_deref(), origin.run_id.as_deref()), (Some("1"), told["run"].as_str()));
    assert!(origin.model_id.is_some_and(|id| id.starts_with("m-")));
    tells_what_is_not_there(&puller, prefix, told["run"].as_str().unwrap());
}

fn tells_what_is_not_there(puller: &Puller, prefix: &str, run: &str) {
    let name = format!("{prefix}-lightgbm");
    let has = format!("model {name:?} has versions up to 1 and the aliases champion -> 1");
    let rows = [
        (format!("models:/{name}@nobody"), "REGISTRY_NOT_FOUND", has.as_str()),
        (format!("models:/{name}/7"), "REGISTRY_NOT_FOUND", &has),
        (
            format!("models:/{prefix}-nobody@champion"),
            "REGISTRY_NOT_FOUND",
            "found no model of that name; there are \"",
        ),
        (format!("models:/{prefix}-nobody/latest"), "REGISTRY_NOT_FOUND", "found no model of that name; there are \""),
        ("models:/m-0123".to_owned(), "REGISTRY_NOT_FOUND", "m-0123"),
        ("runs:/0123/model".to_owned(), "REGISTRY_NOT_FOUND", "0123"),
        (format!("runs:/{run}/nobody"), "PULL_MISSING", "expected the file nobody, found nothing there"),
    ];
    for (uri, code, words) in rows {
        let fault = puller.pull(&ModelUri::parse(&uri).unwrap()).unwrap_err();
        assert_eq!(fault.code(), code, "{uri}: {fault}");
        assert!(fault.to_string().contains(words), "{uri}: {fault}");
    }
}

#[test]
fn models_behind_the_proxy_are_pulled() {
    pulls_what_python_logged("CURBSIDE_TEST_MLFLOW", &format!("proxied-{}", std::process::id()));
}

#[test]
fn models_that_lie_in_s3_are_pulled() {
    pulls_what_python_logged("CURBSIDE_TEST_MLFLOW_DIRECT", &format!("direct-{}", std::process::id()));
}

/// Writes the layout, has Python read it, and compares what it says.
fn python_reads(python: &Python, about: &About<'_>) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    fs::create_dir(&model).unwrap();
    for file in write(&shipped(), about).unwrap() {
        fs::write(model.join(file.path), file.bytes).unwrap();
    }
    // Stands for the Python package that is to come: it says what it was asked to load.
    let package = folder.path().join("site/curbside");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("__init__.py"), "").unwrap();
    let loader = "class Loaded:\n    def __init__(self, path):\n        self.path = path\n\n    \
                  def predict(self, rides, params=None):\n        return [self.path, len(open(self.path, 'rb').read())]\n\n\n\
                  def _load_pyfunc(path):\n    return Loaded(path)\n";
    fs::write(package.join("mlflow.py"), loader).unwrap();
    let site = package.parent().unwrap();
    let text = python.run("http://127.0.0.1:9", "read_layout.py", &[model.to_str().unwrap()], Some(site));
    let told: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let length = shipped().stored().len();
    assert_eq!(told["predicted"], serde_json::json!([model.join("model.curb"), length]));
    told
}

/// Compares what a reader says with what was written.
fn assert_says(told: &Value, about: &About<'_>) {
    let estimator = shipped().estimator().unwrap();
    let expected = [
        serde_json::json!(["PULocationID", "long", true]),
        serde_json::json!(["DOLocationID", "long", true]),
        serde_json::json!(["trip_distance", "double", false]),
        serde_json::json!(["pickup_datetime", "string", false]),
    ];
    assert_eq!(told["inputs"].as_array().unwrap(), &expected);
    assert_eq!(told["outputs"], serde_json::json!([["duration", "double"]]));
    let ride = serde_json::json!({
        "PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66, "pickup_datetime": "2021-02-03T08:30",
    });
    assert_eq!(told["example"][0], ride);
    let flavor = &told["flavors"]["curbside"];
    assert_eq!(flavor["data"], "model.curb");
    assert_eq!(flavor["sha256"], BundleFile::sha256(&shipped().stored()));
    assert_eq!(flavor["format_version"], u16::from_le_bytes([shipped().bytes()[8], shipped().bytes()[9]]));
    let card = estimator.card();
    assert_eq!(
        (&flavor["model_name"], &flavor["model_version"]),
        (&card.name.as_str().into(), &card.version.as_str().into())
    );
    assert_eq!(told["flavors"]["python_function"]["loader_module"], "curbside.mlflow");
    assert_eq!((&told["run_id"], &told["model_id"]), (&about.run_id.into(), &about.model_id.into()));
    assert_eq!(told["utc_time_created"], "2024-01-31 23:59:59.500000");
    let sizes = ["model.curb", "card.json", "input_example.json", "serving_input_example.json", "importance.svg"];
    let files = write(&shipped(), about).unwrap();
    let size: usize = files.iter().filter(|file| sizes.contains(&file.path)).map(|file| file.bytes.len()).sum();
    assert_eq!(told["model_size_bytes"], size);
}

fn created() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_706_745_599_500)
}

fn is_read_by(python: &Python) {
    let alone = About::new(created());
    let told = python_reads(python, &alone);
    assert_says(&told, &alone);
    let sha256 = BundleFile::sha256(&shipped().stored());
    assert_eq!(told["model_uuid"], sha256[..32]);
    assert!(told["signature_of_info"].as_str().unwrap().contains("'trip_distance': double (optional)"), "{told}");
    let logged = About {
        run_id: Some("0621a6fdc5524fdba29863ecf5f09a8a"),
        model_id: Some("m-651c1109be124f1eb36c7041aade7a4d"),
        artifact_path: Some("mlflow-artifacts:/1/models/m-651c1109be124f1eb36c7041aade7a4d/artifacts"),
        importance: Some(b"<svg/>"),
        ..alone
    };
    let told = python_reads(python, &logged);
    assert_says(&told, &logged);
    assert_eq!(told["model_uuid"], Value::from(logged.model_id));
}

#[test]
fn mlflow_3_reads_the_layout() {
    if let Some(python) = Python::find() {
        is_read_by(&python);
    }
}

#[test]
fn mlflow_2_reads_the_layout() {
    if let Some(python) = Python::of("CURBSIDE_TEST_MLFLOW2_PYTHON") {
        is_read_by(&python);
    }
}

#[test]
fn the_layout_is_pulled_as_the_bundle_that_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let about = About { run_id: Some("0621"), model_id: Some("m-651c"), ..About::new(created()) };
    let files = write(&shipped(), &about).unwrap();
    assert_eq!(files, write(&shipped(), &about).unwrap(), "the same bytes again");
    assert_eq!(files.last().unwrap().path, "MLmodel");
    for file in &files {
        fs::write(folder.path().join(file.path), &file.bytes).unwrap();
    }
    let puller = Puller::from_env(&|_| None).unwrap();
    let place = folder.path().to_str().unwrap();
    let Pulled { origin, held } = pull(&puller, place);
    assert_eq!((origin.run_id.as_deref(), origin.model_id.as_deref()), (Some("0621"), Some("m-651c")));
    assert!(matches!(held, Held::Bundle(bundle) if bundle.stored() == shipped().stored()));
    // A file by itself, told by its content.
    let alone = pull(&puller, &format!("{place}/model.curb"));
    assert!(matches!(alone.held, Held::Bundle(_)) && alone.origin.run_id.is_none());
    assert_eq!(alone.origin.sha256, origin.sha256);
    let fault = |uri: &str| puller.pull(&ModelUri::parse(uri).unwrap()).unwrap_err();
    assert_eq!(fault("models:/a@b").code(), "PULL_NO_SERVER");
    assert_eq!(fault(&format!("{place}/absent")).code(), "PULL_MISSING");
    // Bytes that are not those that were logged.
    fs::write(folder.path().join("model.curb"), curbside_publish::pack(b"other")).unwrap();
    assert_eq!(fault(place).code(), "PULL_DIGEST");
    let text = fs::read_to_string(folder.path().join("MLmodel")).unwrap();
    fs::write(folder.path().join("MLmodel"), text.replace("sha256", "md5")).unwrap();
    assert_eq!(fault(place).code(), "BUNDLE_NOT_RECOGNISED");
    fs::write(folder.path().join("MLmodel"), text.replace("model.curb", "../model.curb")).unwrap();
    assert_eq!(fault(place).code(), "PULL_MODEL");
}
