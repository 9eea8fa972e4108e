//! Which formats there are, and how one is told from its content.

use curbside::Limits;
use curbside::model::{Background, Model};

use crate::error::ImportError;
use crate::xgboost::Cut;
use crate::{lightgbm, skops, value, xgboost};

/// Largest file of a foreign model, in bytes: text takes more than a bundle.
pub const LARGEST_FILE: usize = 64 << 20;

/// What is to be read differently from what the library's own `predict` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Cut the trees after the model's `best_iteration`. XGBoost's own files alone: LightGBM has cut the file itself, and
    /// scikit-learn wrappers stop there of themselves.
    pub best_iteration: bool,
}

/// A foreign model, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Who trained it, such as `XGBoost`.
    pub library: &'static str,
    /// The library's version, or where it does not say so that of its format; `None` where the file says neither.
    pub version: Option<String>,
    /// The objective as the file names it.
    pub objective: String,
    /// Names of the columns, in the order of the features.
    pub feature_names: Vec<String>,
    /// The model, in its library's arithmetic.
    pub model: Model,
    /// What explanations compare with, where the file says so: the covers of the leaves.
    pub background: Option<Background>,
    /// What a user may want to know of the reading.
    pub notes: Vec<String>,
}

/// A format: a row of [`FORMATS`].
struct Format {
    name: &'static str,
    /// Whether bytes look like it: the first that says so reads them.
    recognises: fn(&[u8]) -> bool,
    read: fn(&[u8], Options, &Limits) -> Result<Imported, ImportError>,
}

const FORMATS: [Format; 4] = [
    Format {
        name: "LightGBM text",
        recognises: |bytes| bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n"),
        read: lightgbm::read_file,
    },
    Format {
        name: "XGBoost JSON",
        // Binary keys begin with the marker of their length, which is a letter.
        recognises: |bytes| {
            let mut words = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
            words.next() == Some(&b'{') && matches!(words.next(), Some(b'"' | b'}'))
        },
        read: |bytes, options, limits| xgboost::read(&value::json(bytes)?, cut(options), limits),
    },
    Format {
        name: "XGBoost UBJSON",
        recognises: |bytes| bytes.first() == Some(&b'{'),
        read: |bytes, options, limits| xgboost::read(&value::ubjson(bytes)?, cut(options), limits),
    },
    Format {
        name: "skops of a scikit-learn wrapper",
        recognises: |bytes| bytes.starts_with(b"PK\x03\x04"),
        read: skops::read,
    },
];

/// How formats begin that are not read, what they are, and what to do instead.
const ELSEWHERE: [(&[u8], &str, &str); 3] = [
    (
        b"\x80",
        "a pickle, which only the Python that wrote it can read",
        "save the model with Booster.save_model, or a scikit-learn wrapper with skops.io.dump or MLflow's \
         serialization_format=\"skops\"",
    ),
    (
        b"binf",
        "XGBoost's binary format of old",
        "load it with the XGBoost that wrote it and save it as .json or .ubj, with 1.7 or later",
    ),
    (b"CBM1", "CatBoost's format", "CatBoost's models are not read"),
];

fn cut(options: Options) -> Cut {
    if options.best_iteration { Cut::AtBest } else { Cut::Nowhere }
}

/// Reads a model in whichever of the formats its content is.
///
/// # Errors
///
/// [`ImportError`] with the place, what was expected and what was found: for a file that is none of the formats, that is
/// damaged or exceeds `limits` or [`LARGEST_FILE`], or that predicts in a way that is not understood.
///
/// # Panics
///
/// Never, for any bytes.
pub fn read(bytes: &[u8], options: Options, limits: &Limits) -> Result<Imported, ImportError> {
    if bytes.len() > LARGEST_FILE {
        return Err(ImportError::at("file", format!("at most {LARGEST_FILE} bytes"), bytes.len().to_string()));
    }
    if let Some(format) = FORMATS.iter().find(|format| (format.recognises)(bytes)) {
        return (format.read)(bytes, options, limits);
    }
    let names = FORMATS.map(|format| format.name).join(", ");
    if let Some((_, what, advice)) = ELSEWHERE.iter().find(|(beginning, ..)| bytes.starts_with(beginning)) {
        return Err(ImportError::at("file", format!("one of {names} ({advice})"), what));
    }
    let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(16)]).into_owned();
    Err(ImportError::at("file", format!("one of {names}"), format!("{beginning:?} at its beginning")))
}
