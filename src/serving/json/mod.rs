//! JSON as the protocols need it: a text checked once and then only looked at, and a writer that appends.
//!
//! `serde_json` checks texts and reads numbers and strings. Between the two stands [`Json`], because what is asked here is each
//! field's own text, so that an error names the field and a ride's id is given back as it came.
//!
//! - [`Json`]: a value as it stands in a text that is known to be JSON; [`Kind`], [`Text`].
//! - [`Writer`]: appends values.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use read::{Dialect, Json, Kind, Text};
pub(super) use write::Writer;
