//! Where objects are kept: a folder, or a bucket of a store that speaks S3.
//!
//! Apart from publishing, because whoever only fetches an artifact opens a store in the same way. Reading order:
//! [`StoreUrl`] names a place, [`StoreSettings`] says how it is reached and by whose keys, [`open_store`] opens it, and
//! `fault` turns what the store answers into words without its XML and without anybody's keys.

mod fault;
mod open;
#[cfg(feature = "s3")]
mod s3;
mod settings;
mod url;

pub use fault::store_error;
pub(crate) use fault::{is_outcome_unknown, is_refused_condition, knows_no_conditions};
pub use open::{open_folder, open_store};
pub use settings::StoreSettings;
pub use url::StoreUrl;
