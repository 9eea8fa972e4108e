//! buildah: whether it works here, and the build itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::commit::Commit;
use crate::command;
use crate::project::Project;

/// The image's name in this machine's storage, where podman finds it too.
const NAME: &str = "localhost/curbside-server";
/// The dynamic loaders there are, each a program by itself: the smallest thing that can be run to see whether anything can.
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

/// An image in this machine's storage.
#[derive(Debug)]
pub(super) struct Image {
    /// What it is tagged with, or its id.
    pub(super) name: String,
    /// The digest of its configuration, which names the digests of all its layers.
    pub(super) id: String,
}

impl Image {
    /// An image of the storage.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(super) fn named(name: &str) -> Result<Self> {
        let id = id_of(name).with_context(|| format!("there is no image {name}: `cargo xtask image` builds one"))?;
        Ok(Self { name: name.to_owned(), id })
    }
}

/// buildah, isolated by a changed root alone: what a machine allows that is a container itself.
pub(super) fn buildah() -> Command {
    let mut buildah = Command::new("buildah");
    buildah.env("BUILDAH_ISOLATION", "chroot");
    buildah
}

/// Runs buildah and returns what it prints, without the last line's end.
///
/// # Errors
/// When it cannot be started or fails, with its own words.
pub(super) fn ask(arguments: &[&str]) -> Result<String> {
    let output = buildah().args(arguments).output().context("buildah cannot be started")?;
    if !output.status.success() {
        bail!("buildah {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Tries whether buildah can make a container here and run a program in it as another user: many a machine that is a container
/// itself allows neither.
///
/// # Errors
/// Says in buildah's words what is not allowed.
pub(super) fn probe(project: &Project) -> Result<()> {
    let Some(loader) = LOADERS.iter().find(|loader| Path::new(loader).exists()) else {
        bail!("this is no Linux on x86-64 or ARM64 with the GNU C library");
    };
    if project.which(&["buildah"])?.is_none() || project.which(&["mmdebstrap"])?.is_none() {
        bail!("buildah or mmdebstrap is not installed");
    }
    let container = ask(&["from", "scratch"])?;
    let tried = ask(&["copy", "--quiet", &container, loader, "/loader"])
        .and_then(|_| ask(&["run", "--user", "65532:65532", &container, "--", "/loader", "--version"]));
    ask(&["rm", &container])?;
    tried.map(drop)
}

/// Tries whether a container's files can be looked at from outside, which a user without root's rights may not.
///
/// # Errors
/// Says in buildah's words what is not allowed.
pub(super) fn probe_mount() -> Result<()> {
    let container = ask(&["from", "scratch"])?;
    let tried = ask(&["mount", &container]).and_then(|_| ask(&["umount", &container]));
    ask(&["rm", &container])?;
    tried.map(drop)
}

/// Builds the image from the two folders.
///
/// # Errors
/// When buildah fails.
pub(super) fn build(project: &Project, base: &Path, tree: &Path) -> Result<Image> {
    let name = tag();
    let before = id_of(&name);
    let image = build_as(project, base, tree, &name)?;
    if let Some(before) = before.filter(|before| *before != image.id) {
        // Nothing names it now. Where a container still stands on it, it stays.
        let _ = ask(&["rmi", &before]);
    }
    Ok(image)
}

/// The same under a name, which may be another's for a comparison: the two last stages of `Containerfile`, one after the other.
///
/// # Errors
/// When buildah fails.
pub(super) fn build_as(project: &Project, base: &Path, tree: &Path, name: &str) -> Result<Image> {
    let commit = Commit::here()?;
    // Another build on this machine may be between its stages, too.
    let files = format!("{NAME}-files:{}", std::process::id());
    // Files are of no time, so that a layer's digest says what is in it and nothing else: see `Containerfile`.
    let mut layers = build_stage(project, &files, 0);
    layers.args(["--target", "files"]);
    layers.args(["--build-context", &format!("base={}", base.display())]);
    layers.args(["--build-context", &format!("tree={}", tree.display())]);
    command::run(layers.arg(empty_context(project)?))?;
    // The image is of the commit's time: what is older than something is what registries throw away.
    let mut whole = build_stage(project, name, commit.seconds);
    whole.args(["--build-context", &format!("files=container-image://{files}")]);
    whole.args(["--build-arg", &format!("VERSION={}", env!("CARGO_PKG_VERSION"))]);
    whole.args(["--build-arg", &format!("REVISION={}", commit.revision)]);
    whole.args(["--build-arg", &format!("CREATED={}", commit.created)]);
    command::run(whole.arg(empty_context(project)?))?;
    // Where another build of the same files is under way, its container stands on it: then the name stays.
    let _ = ask(&["rmi", &files]);
    Image::named(name)
}

/// What both stages are built by.
fn build_stage(project: &Project, name: &str, seconds: u64) -> Command {
    let mut build = buildah();
    // What can be found on the machine is not looked for in a registry.
    build.args(["build", "--quiet", "--layers", "--pull=false", "--tag", name]);
    // A layer from the cache may be one that somebody built with other times in it.
    build.arg("--no-cache");
    // OCI's own format has no health check; the layers are the same, and every engine reads both.
    build.args(["--format", "docker", "--timestamp", &seconds.to_string()]);
    build.arg("--file").arg(project.path("Containerfile"));
    build
}

/// The stages copy from the two folders alone: no other file is to be read, and none can be.
fn empty_context(project: &Project) -> Result<PathBuf> {
    let folder = project.target(super::FOLDER).join("empty");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn tag() -> String {
    format!("{NAME}:{}", env!("CARGO_PKG_VERSION"))
}

fn id_of(name: &str) -> Option<String> {
    ask(&["inspect", "--type", "image", "--format", "{{.FromImageID}}", name]).ok().filter(|id| !id.is_empty())
}
