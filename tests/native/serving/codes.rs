//! Every code that the source tells stands in the documents, and no other.

use std::collections::BTreeSet;
use std::ffi::OsStr;

/// The words in quotes in a source file that look like a code.
fn codes_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\'']).filter(|word| {
        word.contains('_') && !word.ends_with('_') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    })
}

#[test]
fn the_documents_list_every_code_and_no_other() {
    let document = std::fs::read_to_string("docs/errors.md").unwrap();
    let listed: BTreeSet<&str> =
        document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let mut source = String::new();
    for folder in [
        "src/trip",
        "src/explain",
        "src/bundle",
        "src/serving",
        "src/wasm",
        "pkg/src",
        "worker",
        "worker/http",
        "worker/weights",
        "www",
    ] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ["rs", "js", "ts"].map(OsStr::new).contains(&ending)) {
                source.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    source.push_str(&std::fs::read_to_string("src/warning.rs").unwrap());
    let told: BTreeSet<&str> = codes_in(&source).collect();
    // What the Worker is set up by is named in quotes, too.
    let settings = std::fs::read_to_string("worker/env.ts").unwrap();
    let is_setting = |word: &str| word == "CARGO_PKG_VERSION" || settings.contains(&format!("readonly {word}?:"));
    let unlisted: Vec<_> = told.difference(&listed).filter(|word| !is_setting(word)).collect();
    let stale: Vec<_> = listed.difference(&told).filter(|code| code.contains('_')).collect();
    assert!(
        unlisted.is_empty() && stale.is_empty(),
        "docs/errors.md lacks {unlisted:?} and has {stale:?} that no code tells"
    );
}
