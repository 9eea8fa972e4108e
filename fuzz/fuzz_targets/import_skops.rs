//! Any zip, and any schema in a right zip, is an error or a wrapper whose model scores. Begin with whole files and with schemas:
//!
//! ```sh
//! mkdir -p fuzz/corpus/import_skops && cp tests/golden/skops-*/*.skops fuzz/corpus/import_skops
//! for f in tests/golden/skops-*/*.skops; do unzip -p $f schema.json | sed "s/[0-9a-f-]*[.]bin/handle/" > fuzz/corpus/import_skops/$(basename $f).json; done
//! cargo +nightly fuzz run import_skops -- -max_total_time=600 -rss_limit_mb=1024
//! ```
#![no_main]

mod imported;

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fuzz_target!(|bytes: &[u8]| {
    imported::score(bytes, false);
    // Checksums would hide the schema from mutations; `handle` is any file that a schema names so.
    let snapshot =
        [&b"{L\0\0\0\0\0\0\0\x05Model"[..], include_bytes!("../../tests/golden/xgboost-3.4.1/squared.ubj"), b"}"]
            .concat();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("schema.json", bytes), ("handle", &snapshot)] {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(name, options).expect("a name for an entry");
        zip.write_all(content).expect("memory takes bytes");
    }
    imported::score(&zip.finish().expect("a whole zip").into_inner(), false);
});
