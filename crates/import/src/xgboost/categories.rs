//! The values of a data frame's categories as XGBoost writes them since 3.1: an encoding for each column (`src/data/cat_container.h`).

use crate::categories::Vocabulary;
use crate::error::ImportError;
use crate::value::{Fields, Value, index};

/// The values of a column's codes; `None` for a column that is no category.
pub(super) fn read(encoding: &Fields<'_>) -> Result<Option<Vocabulary>, ImportError> {
    let values = encoding.numbers("values")?;
    let path = encoding.path("values");
    let found = if encoding.optional("offsets").is_some() {
        let offsets = encoding.numbers("offsets")?;
        if offsets.is_empty() { None } else { Some(Vocabulary::new(&texts(encoding, offsets, values)?, &path)?) }
    } else {
        // The kind of number, which says nothing more.
        encoding.required("type")?;
        Some(Vocabulary::new(&Value::Numbers(values.to_vec()), &path)?)
    };
    encoding.all_met()?;
    Ok(found)
}

/// Texts out of their bytes, one after another, and where each begins.
fn texts(encoding: &Fields<'_>, offsets: &[f64], values: &[f64]) -> Result<Value, ImportError> {
    let text = |pair: &[f64]| {
        let bytes = values.get(index(pair[0])?..index(pair[1])?)?;
        // What is no digit is no id either, and is told as the text that it is where it can be.
        let byte = |byte: &f64| index(*byte).and_then(|byte| u8::try_from(byte).ok()).map_or('?', char::from);
        Some(Value::Text(bytes.iter().map(byte).collect()))
    };
    let texts = offsets.windows(2).map(text).collect::<Option<Vec<_>>>();
    texts.map(Value::List).ok_or_else(|| encoding.fail("offsets", "places among the values", "others"))
}
