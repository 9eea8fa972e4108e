//! `curbside verify`: everything a host checks before it trusts a bundle, and the digests to compare.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use curbside::{Bundle, Limits};
use curbside_publish::BundleFile;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// Which file.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Bundle, packed or bare
    file: PathBuf,
    /// What the SHA-256 of the stored object must be, as the manifest or whoever gave you the file says it
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
}

/// What was checked.
#[derive(Serialize)]
struct Answer {
    file: String,
    ok: bool,
    model: String,
    version: String,
    sha256: String,
    stored_bytes: usize,
    bytes: usize,
    packed: bool,
    golden_rides: usize,
}

/// The verb.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let file = BundleFile::open(&arguments.file)?;
    // The digest first: bytes that are not the expected ones need not be looked into.
    let stored = file.stored();
    let sha256 = BundleFile::sha256(&stored);
    if let Some(expected) = arguments.sha256.as_deref().filter(|expected| !expected.eq_ignore_ascii_case(&sha256)) {
        let place = arguments.file.display();
        let message = format!("{place}: expected sha256 {expected}, found {sha256}; fetch the file again");
        return Err(Failure::new("BLOB_DIGEST", message));
    }
    let estimator = file.estimator()?;
    // It has just opened, so reading it once more for the number of rides cannot fail.
    let golden_rides = Bundle::from_bytes(file.bytes(), &Limits::default()).map_or(0, |bundle| bundle.golden.len());
    output.answer(&Answer {
        file: arguments.file.display().to_string(),
        ok: true,
        model: estimator.card().name.clone(),
        version: estimator.card().version.clone(),
        sha256,
        stored_bytes: stored.len(),
        bytes: file.bytes().len(),
        packed: file.is_packed(),
        golden_rides,
    })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: good: {} {}", self.file, self.model, self.version)?;
        let form = if self.packed { "packed" } else { "bare; packed to see" };
        writeln!(f, "  stored   {} bytes, sha256 {} ({form})", self.stored_bytes, self.sha256)?;
        writeln!(f, "  inside   {} bytes, digest right, every part valid", self.bytes)?;
        match self.golden_rides {
            0 => writeln!(f, "  golden   none: nothing shows that this build computes what its maker did"),
            rides => writeln!(f, "  golden   {rides} rides, each with the same bits"),
        }
    }
}
