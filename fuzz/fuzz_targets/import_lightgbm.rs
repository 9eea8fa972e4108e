//! Any text is an error or a LightGBM model that scores.
//!
//! ```sh
//! mkdir -p fuzz/corpus/import_lightgbm && cp tests/golden/lightgbm-*/*.txt tests/golden/frames/*.txt fuzz/corpus/import_lightgbm
//! cargo +nightly fuzz run import_lightgbm -- -max_total_time=600 -rss_limit_mb=1024
//! ```
#![no_main]

mod imported;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|rest: &[u8]| {
    // Told from its first line, which mutations would lose.
    imported::score(&[b"tree\n", rest.strip_prefix(b"tree\n").unwrap_or(rest)].concat(), false);
});
