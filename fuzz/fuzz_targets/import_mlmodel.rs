//! Any text of an `MLmodel` is an error or names a file in the same folder.
//!
//! ```sh
//! mkdir -p fuzz/corpus/import_mlmodel && for f in tests/golden/mlflow-*/*/MLmodel; do
//!     cp $f fuzz/corpus/import_mlmodel/$(basename $(dirname $f)); done
//! cargo +nightly fuzz run import_mlmodel -- -max_total_time=600
//! ```
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(name) = curbside_import::data_of(text) else { return };
    let mut parts = Path::new(name).components();
    assert!(matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none(), "{name}");
    assert!(!name.contains(['/', '\\', ':']), "{name}");
});
