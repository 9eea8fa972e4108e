//! Any UBJSON is an error or an XGBoost model that scores.
//!
//! ```sh
//! mkdir -p fuzz/corpus/import_ubjson && for v in 1.7.6 2.1.4 3.2.0 3.3.0 3.4.1; do
//!     for f in tests/golden/xgboost-$v/*.ubj; do cp $f fuzz/corpus/import_ubjson/$v-$(basename $f); done; done
//! cp tests/golden/frames/*.ubj fuzz/corpus/import_ubjson
//! cargo +nightly fuzz run import_ubjson -- -max_total_time=600 -rss_limit_mb=1024
//! ```
#![no_main]

mod imported;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    imported::score(bytes, false);
    imported::score(bytes, true);
});
