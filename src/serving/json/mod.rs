//! JSON as the protocols need it: a text checked once and then only looked at, and a writer that appends.
//!
//! It is our own because of what is asked of it: every field's own text, so that an error names the field; Python's `NaN` where
//! clients send it; and the module's size, of which a general reader took a tenth. The tests hold it to what `serde_json` reads and
//! writes, bit for bit.
//!
//! - [`Json`]: a value as it stands in a text that is known to be JSON; [`Kind`], [`Key`], [`Malformed`].
//! - `number`: decimal digits to the nearest double.
//! - [`Writer`]: appends values.

mod number;
mod read;
mod write;

pub(super) use read::{Dialect, Json, Kind};
pub(super) use write::Writer;
