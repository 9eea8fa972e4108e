//! The files of an `MLflow` model that holds a bundle, as readers of `MLflow` 2 and 3 expect them.
//!
//! It is apart from sending because nothing here knows a server: the same bundle gives the same files, which a test hands to
//! Python's own reader. Rust reads the bundle; Python finds it by the flavour `python_function`, whose loader
//! `curbside.mlflow` comes with the Python package of the same version.
//!
//! - [`write()`]: all files. [`About`]: what the bundle does not say of itself. [`LayoutFile`]: a path and its bytes.
//! - [`SIGNATURE_INPUTS`], [`SIGNATURE_OUTPUTS`]: the columns, as `MLflow` writes them.

mod yaml;

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use curbside::Limits;
use curbside::bundle::Header;
use curbside_import::MLMODEL;
use curbside_publish::{BundleFile, PublishError};
use yaml::Yaml;

/// The flavour whose model is a bundle.
pub const FLAVOR: &str = "curbside";
/// The bundle's name in the folder.
pub const BUNDLE_FILE: &str = "model.curb";
/// The card's.
pub const CARD_FILE: &str = "card.json";
/// The importance plot's, where there is one.
pub const IMPORTANCE_FILE: &str = "importance.svg";
/// What a ride has, as `MLflow` writes columns: the names that every face of Curbside takes.
pub const SIGNATURE_INPUTS: &str = r#"[{"type": "long", "name": "PULocationID", "required": true}, {"type": "long", "name": "DOLocationID", "required": true}, {"type": "double", "name": "trip_distance", "required": false}, {"type": "string", "name": "pickup_datetime", "required": false}]"#;
/// What comes out: minutes.
pub const SIGNATURE_OUTPUTS: &str = r#"[{"type": "double", "name": "duration", "required": true}]"#;

/// Python module that loads the bundle for `mlflow.pyfunc`.
const LOADER_MODULE: &str = "curbside.mlflow";
/// `MLflow` rebuilds environments by it and warns where another minor version loads the model. No Python made the bundle; this is
/// one that every `MLflow` named in [`REQUIREMENTS`] runs on.
const PYTHON: &str = "3.11";
/// The release whose layout this is; readers of 2.22 read it too.
const MLFLOW_VERSION: &str = "3.17.2";
/// What Python needs to load the model.
const REQUIREMENTS: [&str; 2] = ["mlflow>=2.22", concat!("curbside==", env!("CARGO_PKG_VERSION"))];
const INPUT_EXAMPLE: &str = r#"{"columns": ["PULocationID", "DOLocationID", "trip_distance", "pickup_datetime"], "data": [[130, 205, 3.66, "2021-02-03T08:30"]]}"#;
const INPUT_EXAMPLE_FILE: &str = "input_example.json";
const SERVING_EXAMPLE_FILE: &str = "serving_input_example.json";

/// What a bundle does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The run that it belongs to, where there is one.
    pub run_id: Option<&'a str>,
    /// The logged model of `MLflow` 3, where there is one.
    pub model_id: Option<&'a str>,
    /// Where the folder lies, as the server says: the logged model's `artifact_uri`, or for `MLflow` 2 the path within the run.
    pub artifact_path: Option<&'a str>,
    /// When it is logged.
    pub created: SystemTime,
    /// The importance plot, an SVG.
    pub importance: Option<&'a [u8]>,
}

impl About<'_> {
    /// A bundle of no run.
    pub fn new(created: SystemTime) -> Self {
        About { run_id: None, model_id: None, artifact_path: None, created, importance: None }
    }
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutFile {
    /// Its path in the folder: a plain name.
    pub path: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The files, `MLmodel` last: a reader who finds that one finds the others.
///
/// The bundle is opened first, golden rides and all. The same bundle and the same `about` give the same bytes.
///
/// # Errors
///
/// Those of [`BundleFile::estimator`].
pub fn write(bundle: &BundleFile, about: &About<'_>) -> Result<Vec<LayoutFile>, PublishError> {
    let estimator = bundle.estimator()?;
    let card = estimator.card();
    let stored = bundle.stored().into_owned();
    let sha256 = BundleFile::sha256(&stored);
    // The estimator was opened of these bytes: they have a header, and a card of plain numbers and texts is always JSON.
    let format_version = Header::from_bytes(bundle.bytes(), &Limits::default()).map_or(0, |header| header.version);
    let card_json = serde_json::to_string_pretty(card).unwrap_or_default() + "\n";
    let file = |path, bytes: &[u8]| LayoutFile { path, bytes: bytes.to_vec() };
    let mut files = vec![
        LayoutFile { path: BUNDLE_FILE, bytes: stored },
        file(CARD_FILE, card_json.as_bytes()),
        file(INPUT_EXAMPLE_FILE, INPUT_EXAMPLE.as_bytes()),
        file(SERVING_EXAMPLE_FILE, format!("{{\"dataframe_split\": {INPUT_EXAMPLE}}}").as_bytes()),
    ];
    files.extend(about.importance.map(|plot| file(IMPORTANCE_FILE, plot)));
    let model_size: usize = files.iter().map(|file| file.bytes.len()).sum();
    files.push(file("requirements.txt", format!("{}\n", REQUIREMENTS.join("\n")).as_bytes()));
    files.push(file("python_env.yaml", python_env().as_bytes()));
    files.push(file("conda.yaml", conda().as_bytes()));
    let flavor = [
        ("data", Yaml::text(BUNDLE_FILE)),
        ("format_version", Yaml::number(format_version)),
        ("model_name", Yaml::text(&card.name)),
        ("model_version", Yaml::text(&card.version)),
        ("sha256", Yaml::text(&sha256)),
    ];
    let text = mlmodel(about, &sha256, model_size, Yaml::map(flavor));
    files.push(file(MLMODEL, text.as_bytes()));
    Ok(files)
}

/// The file that says what the others are. Keys are in the order that `MLflow` writes them, which is that of the alphabet.
fn mlmodel(about: &About<'_>, sha256: &str, model_size: usize, flavor: Yaml) -> String {
    let python_function = [
        ("data", Yaml::text(BUNDLE_FILE)),
        ("env", Yaml::map([("conda", Yaml::text("conda.yaml")), ("virtualenv", Yaml::text("python_env.yaml"))])),
        ("loader_module", Yaml::text(LOADER_MODULE)),
        ("python_version", Yaml::text(PYTHON)),
    ];
    let example = [
        ("artifact_path", Yaml::text(INPUT_EXAMPLE_FILE)),
        ("pandas_orient", Yaml::text("split")),
        ("serving_input_path", Yaml::text(SERVING_EXAMPLE_FILE)),
        ("type", Yaml::text("dataframe")),
    ];
    let signature =
        [("inputs", Yaml::text(SIGNATURE_INPUTS)), ("outputs", Yaml::text(SIGNATURE_OUTPUTS)), ("params", Yaml::Null)];
    // MLflow 3 repeats the model's id here. Without one, half of the digest is as unique as a random number.
    let uuid = about.model_id.unwrap_or(&sha256[..32]);
    let mut keys = Vec::new();
    keys.extend(about.artifact_path.map(|path| ("artifact_path", Yaml::text(path))));
    keys.push(("flavors", Yaml::map([(FLAVOR, flavor), ("python_function", Yaml::map(python_function))])));
    keys.push(("mlflow_version", Yaml::text(MLFLOW_VERSION)));
    keys.extend(about.model_id.map(|id| ("model_id", Yaml::text(id))));
    keys.push(("model_size_bytes", Yaml::number(model_size)));
    keys.push(("model_uuid", Yaml::text(uuid)));
    keys.extend(about.run_id.map(|id| ("run_id", Yaml::text(id))));
    keys.push(("saved_input_example_info", Yaml::map(example)));
    keys.push(("signature", Yaml::map(signature)));
    keys.push(("utc_time_created", Yaml::text(&utc(about.created))));
    Yaml::map(keys).to_string()
}

fn python_env() -> String {
    let texts = |texts: &[&str]| Yaml::List(texts.iter().map(|text| Yaml::text(text)).collect());
    let keys = [
        ("python", Yaml::text(PYTHON)),
        ("build_dependencies", texts(&["pip", "setuptools", "wheel"])),
        ("dependencies", texts(&["-r requirements.txt"])),
    ];
    Yaml::map(keys).to_string()
}

fn conda() -> String {
    let pip = Yaml::map([("pip", Yaml::List(REQUIREMENTS.iter().map(|text| Yaml::text(text)).collect()))]);
    let keys = [
        ("channels", Yaml::List(vec![Yaml::text("conda-forge")])),
        ("dependencies", Yaml::List(vec![Yaml::text(&format!("python={PYTHON}")), Yaml::text("pip"), pip])),
        ("name", Yaml::text("mlflow-env")),
    ];
    Yaml::map(keys).to_string()
}

/// As Python prints a moment of UTC.
fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
    let moment = DateTime::from_timestamp(seconds, since.subsec_nanos()).unwrap_or(DateTime::UNIX_EPOCH);
    moment.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}
