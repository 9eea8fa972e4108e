//! Which formats there are, and how one is told from its content.

use curbside::Limits;
use curbside::model::{Background, Model};

use crate::error::ImportError;
use crate::{lightgbm, value, xgboost};

/// Largest file of a foreign model, in bytes: text takes more than a bundle.
pub const LARGEST_FILE: usize = 64 << 20;

/// What is to be read differently from what the library's own `predict` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Cut the trees after the model's `best_iteration`. XGBoost alone: LightGBM has cut the file itself.
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

const FORMATS: [Format; 3] = [
    Format {
        name: "LightGBM text",
        recognises: |bytes| bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n"),
        read: lightgbm::read_any,
    },
    Format {
        name: "XGBoost JSON",
        // Binary keys begin with the marker of their length, which is a letter.
        recognises: |bytes| {
            let mut words = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
            words.next() == Some(&b'{') && matches!(words.next(), Some(b'"' | b'}'))
        },
        read: |bytes, options, limits| xgboost::read(&value::json(bytes)?, options, limits),
    },
    Format {
        name: "XGBoost UBJSON",
        recognises: |bytes| bytes.first() == Some(&b'{'),
        read: |bytes, options, limits| xgboost::read(&value::ubjson(bytes)?, options, limits),
    },
];

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
    let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(16)]).into_owned();
    Err(ImportError::at("file", format!("one of {names}"), format!("{beginning:?} at its beginning")))
}
