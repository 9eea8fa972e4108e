//! `curbside pack`: a model that another library trained in, a bundle out.

mod foreign;
mod golden;
mod leaves;
mod place;
mod predicted;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use curbside_evaluate::file_name;
use curbside_import::{LARGEST_FILE, MLMODEL, MlModel};

use super::written::Written;
use crate::failure::Failure;
use crate::output::Output;
pub(crate) use foreign::{Foreign, Reading};

/// What to make a bundle of.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Model file, told by its content: LightGBM text, XGBoost JSON or UBJSON, skops of their scikit-learn wrappers; or an MLflow
    /// model folder
    model: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Name of the model
    #[arg(long, default_value = "ride-duration")]
    name: String,
    /// Bundle to write; its card is written beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let path = model_file(&arguments.model)?;
    let foreign = Foreign {
        place: &path.display().to_string(),
        file: &file_name(&arguments.model),
        bytes: &read_bounded(&path)?,
        name: &arguments.name,
        command: &arguments.command(),
        mlflow_run: None,
    };
    output.answer(&Written::to(&arguments.out, arguments.reading.pack(&foreign)?)?)
}

/// The model's file: the argument itself, or the one that the `MLmodel` of a folder names.
fn model_file(path: &Path) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let file = path.join(MLMODEL);
    if !file.exists() {
        let message = format!(
            "{}: expected the folder of a model, with a file {MLMODEL}, found none: give the folder within that has it, such as \
             artifacts of MLflow 3's models/m-ID or artifacts/model of a run of MLflow 2",
            path.display()
        );
        return Err(Failure::new("FILE_READ", message));
    }
    let fail = |fault: &dyn std::fmt::Display| Failure::new("PACK_MODEL", format!("{}: {fault}", file.display()));
    let text = String::from_utf8_lossy(&read_bounded(&file)?).into_owned();
    let found = MlModel::read(&text).map_err(|fault| fail(&fault))?;
    if found.is_bundle() {
        let message = format!("expected a model of another library, found a bundle: use its {} as it is", found.data);
        return Err(fail(&message));
    }
    Ok(path.join(found.data))
}

/// Reads a file, but not more of it than any model has.
fn read_bounded(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // One byte more than is accepted, so that what is too large is told as such. `usize` to `u64` loses nothing.
    let most = LARGEST_FILE as u64 + 1;
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(|fault| {
        let message = format!("{}: expected a file that can be read, found {fault}: give another", path.display());
        Failure::new("FILE_READ", message)
    })?;
    Ok(bytes)
}

impl Arguments {
    /// The command that makes this again.
    fn command(&self) -> String {
        let [files, numbers] = self.reading.command();
        format!(
            "cargo curbside pack models/{}{files} --name {}{numbers} --out models/{}",
            file_name(&self.model),
            self.name,
            file_name(&self.out)
        )
    }
}
