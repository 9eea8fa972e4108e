//! docs/command-line.md and docs/errors.md against the source: a code that nobody has described, or that nobody tells.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Variables of the environment look like codes and are none.
const VARIABLES: [&str; 7] = ["CARGO_", "CURBSIDE_", "WRANGLER_", "CLOUDFLARE_", "AWS_", "R2_", "MLFLOW_"];
/// And so do words that `MLflow` says itself.
const MLFLOW: [&str; 6] = [
    "INVALID_PARAMETER_VALUE",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
    "PERMISSION_DENIED",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_DOES_NOT_EXIST",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// The first column of the tables whose entries are code.
fn listed(document: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs").join(document)).unwrap();
    let codes = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    codes.map(|(code, _)| code.to_owned()).filter(|code| code.bytes().all(is_of_code)).collect()
}

fn is_of_code(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'_'
}

fn read_all(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_code_of_the_command_is_described() {
    let mut source = String::new();
    for name in ["cli", "evaluate", "publish", "registry", "tlc", "train"] {
        read_all(&root().join("crates").join(name).join("src"), &mut source);
    }
    let told: BTreeSet<String> = source
        .split('"')
        .filter(|word| word.contains('_') && !word.ends_with('_') && word.bytes().all(is_of_code))
        .filter(|word| !VARIABLES.iter().any(|variable| word.starts_with(variable)) && !MLFLOW.contains(word))
        .map(str::to_owned)
        .collect();
    let (own, shared) = (listed("command-line.md"), listed("errors.md"));
    let missing: Vec<_> = told.iter().filter(|code| !own.contains(*code) && !shared.contains(*code)).collect();
    let stale: Vec<_> = own.iter().filter(|code| code.contains('_') && !told.contains(*code)).collect();
    let twice: Vec<_> = own.intersection(&shared).collect();
    assert!(
        missing.is_empty() && stale.is_empty() && twice.is_empty(),
        "docs/command-line.md lacks {missing:?}, has {stale:?} that no code tells, and repeats {twice:?}"
    );
}
