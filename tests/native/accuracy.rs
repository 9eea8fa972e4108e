//! docs/accuracy.md speaks of the bundle that is shipped, and of no other.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

#[test]
fn the_figures_are_those_of_the_shipped_bundle() {
    let shipped = std::fs::read("models/green-tripdata-duration.curb").unwrap();
    let mut digest = String::new();
    for byte in Sha256::digest(&shipped) {
        write!(digest, "{byte:02x}").unwrap();
    }
    let document = std::fs::read_to_string("docs/accuracy.md").unwrap();
    assert!(
        document.contains(&digest),
        "docs/accuracy.md is of another bundle than the shipped one ({digest}): run `cargo xtask accuracy`"
    );
}

#[test]
fn every_plot_that_is_shown_is_there() {
    let document = std::fs::read_to_string("docs/accuracy.md").unwrap();
    let shown: Vec<&str> =
        document.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect();
    let plots: Vec<&&str> =
        shown.iter().filter(|target| Path::new(target).extension().is_some_and(|kind| kind == "svg")).collect();
    assert!(!plots.is_empty(), "no plot is shown: {shown:?}");
    for plot in plots {
        let text = std::fs::read_to_string(format!("docs/{plot}")).unwrap();
        assert!(text.starts_with("<svg"), "docs/{plot} is no SVG");
    }
}
