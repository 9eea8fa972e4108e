//! What ARCHITECTURE.md says is absent, is absent; and imports go one way.

use std::path::{Path, PathBuf};

/// The floors of the scoring module, from the ground up; a file may import its own floor and those below.
const FLOORS: [&str; 10] =
    ["num", "warning", "trip", "features", "model", "engine", "explain", "bundle", "estimator", "serving"];

/// Every file under `folder` with one of these endings, but what is generated or installed.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let skipped = ["target", "node_modules", "pkg/wasm", "corpus"].iter().any(|skip| path.ends_with(skip));
            if path.is_dir() && !skipped {
                folders.push(path);
            } else if endings.contains(&ending) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no file of {endings:?} under {folder}: this test looks in the wrong place");
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The files under `folder` that hold `word`, less those that may.
fn holders(folder: &str, endings: &[&str], word: &str, allowed: &[&str]) -> Vec<String> {
    files(folder, endings)
        .iter()
        .filter(|path| read(path).contains(word))
        .map(|path| path.to_string_lossy().into_owned())
        .filter(|path| !allowed.iter().any(|start| path.starts_with(start)))
        .collect()
}

#[test]
fn each_dependency_stays_where_it_belongs() {
    let rows: [(&str, &[&str], &str, &[&str]); 8] = [
        ("src", &["rs"], "wasm_bindgen::", &["src/wasm"]),
        ("src", &["rs"], "js_sys::", &["src/wasm"]),
        ("src", &["rs"], "bincode::", &["src/bundle/codec.rs"]),
        ("src", &["rs"], "serde_json::", &["src/serving"]),
        ("src", &["rs"], "libm::", &["src/num.rs"]),
        ("src", &["rs"], "unsafe ", &[]),
        ("crates", &["rs"], "unsafe {", &["crates/train/src/lightgbm.rs"]),
        ("worker", &["ts"], "pkg/wasm", &[]),
    ];
    for (folder, endings, word, allowed) in rows {
        let found = holders(folder, endings, word, allowed);
        assert!(found.is_empty(), "{word:?} belongs in {allowed:?}; found in {found:?}");
    }
    assert!(holders("www", &["ts"], "pkg/wasm", &[]).is_empty(), "www imports the package `curbside`");
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for path in files("src", &["rs"]) {
        let inside = path.strip_prefix("src").unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let Some(floor) = FLOORS.iter().position(|floor| *floor == first.trim_end_matches(".rs")) else { continue };
        for line in read(&path).lines().filter_map(|line| line.trim_start().strip_prefix("use crate::")) {
            let target = line.split([':', ';', '{', ' ']).next().unwrap_or_default();
            if FLOORS.iter().position(|floor| *floor == target).is_none_or(|target| target > floor) {
                wrong.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that climb:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_for_later_in_the_code() {
    // Put together here, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    for folder in ["src", "crates", "tests", "pkg", "worker", "www", "fuzz"] {
        for word in words {
            let found = holders(folder, &["rs", "ts", "js", "mjs"], word, &["pkg/wasm"]);
            assert!(found.is_empty(), "{word} in {found:?}");
        }
    }
}
