//! What of ours goes into the image: the server's tree, its licences, and the bill of materials of everything inside.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{FOLDER, licences, sbom};
use crate::project::Project;

/// The product of `cargo xtask serve --build-only`, inside the build directory.
pub(super) const SERVER: &str = "server";
/// Where the bill of materials and the licences are in the tree, and below `/usr/local` in the image.
const DOCUMENTS: &str = "share/doc/curbside";

/// Puts the tree together and returns its folder; the bill of materials is also put beside that.
///
/// # Errors
/// When the server's tree is missing, a file cannot be copied, or a part cannot be named in the bill of materials.
pub(crate) fn stage(project: &Project, base: &Path) -> Result<PathBuf> {
    let server = project.target(SERVER);
    let tree = project.target(FOLDER).join("tree");
    match fs::remove_dir_all(&tree) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    copy(&server, &tree)
        .with_context(|| format!("{} cannot be copied; `cargo xtask serve --build-only` makes it", server.display()))?;
    let documents = tree.join(DOCUMENTS);
    fs::create_dir_all(&documents)?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(project.path(licence), documents.join(licence)).with_context(|| format!("cannot copy {licence}"))?;
    }
    let materials = sbom::Materials::of_packages(project, base)?;
    fs::write(documents.join(licences::FILE), licences::collect(project, &materials.components)?)?;
    let materials = materials.bill(&tree)?;
    fs::write(documents.join(sbom::FILE), &materials)?;
    fs::write(project.target(FOLDER).join(sbom::FILE), &materials)?;
    settle_modes(&tree)?;
    Ok(tree)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Gives folders and programs 0755 and other files 0644, whatever this user's mask is: modes are part of a layer.
#[cfg(unix)]
fn settle_modes(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = fs::metadata(path)?;
    let is_program = metadata.permissions().mode() & 0o111 != 0;
    fs::set_permissions(path, fs::Permissions::from_mode(if is_program { 0o755 } else { 0o644 }))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            settle_modes(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature everywhere")]
fn settle_modes(_: &Path) -> Result<()> {
    Ok(())
}

/// The files below a folder, as sorted paths from it.
///
/// # Errors
/// When a folder cannot be listed.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot list {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The SHA-256 of a file in hex.
///
/// # Errors
/// When it cannot be read.
pub(super) fn sha256(file: &Path) -> Result<String> {
    use sha2::{Digest as _, Sha256};

    let mut input = fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match input.read(&mut piece)? {
            0 => break,
            read => digest.update(piece.get(..read).unwrap_or_default()),
        }
    }
    Ok(hex(&digest.finalize()))
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
