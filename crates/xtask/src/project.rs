//! Where things are: the repository, the build directory, and which of two files is older.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

/// The repository this driver was compiled in.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    invoked_from: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the repository, which must still be where the driver was compiled, and makes it the working directory.
    ///
    /// # Errors
    /// When the folder is gone, or the driver does not run from a cargo build directory.
    pub(crate) fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("crates/xtask has no folder two levels above it")?
            .to_path_buf();
        let invoked_from = env::current_dir()?;
        env::set_current_dir(&root).with_context(|| format!("cannot enter {}", root.display()))?;
        // <target>/<profile>/xtask: right whatever CARGO_TARGET_DIR or a configuration file says.
        let target =
            env::current_exe()?.ancestors().nth(2).context("the driver must be run by `cargo xtask`")?.to_path_buf();
        Ok(Self { root, invoked_from, target })
    }

    /// A path inside the repository.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A path as the user wrote it, who may stand in another folder.
    pub(crate) fn users_path(&self, written: impl AsRef<Path>) -> PathBuf {
        self.invoked_from.join(written)
    }

    /// A path inside cargo's build directory.
    pub(crate) fn target(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.target.join(relative)
    }

    /// Where tools that cargo installs for this project stand, apart from the user's own.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target("tools")
    }

    /// `PATH` with the project's own tools and Node first.
    pub(crate) fn search_path(&self) -> Result<OsString> {
        let own = [self.path("node_modules/.bin"), self.tools().join("bin")];
        let inherited = env::var_os("PATH").unwrap_or_default();
        Ok(env::join_paths(own.into_iter().chain(env::split_paths(&inherited)))?)
    }

    /// The first of `names` found on the search path, as a path.
    pub(crate) fn which(&self, names: &[&str]) -> Result<Option<PathBuf>> {
        let search_path = self.search_path()?;
        Ok(names
            .iter()
            .flat_map(|name| env::split_paths(&search_path).map(move |folder| folder.join(name)))
            .find(|candidate| candidate.is_file()))
    }

    /// The version that Cargo.lock pins for a crate, so that tools outside the build agree with what is inside.
    ///
    /// # Errors
    /// When Cargo.lock does not name the crate.
    pub(crate) fn locked_version(&self, crate_name: &str) -> Result<String> {
        let lock = fs::read_to_string(self.path("Cargo.lock")).context("cannot read Cargo.lock")?;
        let Some(version) = version_in_lock(&lock, crate_name) else {
            bail!("Cargo.lock names no crate {crate_name:?}; run `cargo update --workspace`");
        };
        Ok(version.to_owned())
    }

    /// The folder with the real trip records, if this machine has it: `CURBSIDE_DATA`, else `../shared/data`.
    pub(crate) fn trip_data(&self) -> Option<PathBuf> {
        let folder = env::var_os("CURBSIDE_DATA").map_or_else(|| self.path("../shared/data"), PathBuf::from);
        folder.is_dir().then_some(folder)
    }
}

/// Whether `product` exists and is no older than `source`.
pub(crate) fn is_fresh(product: &Path, source: &Path) -> bool {
    match (modified(product), modified(source)) {
        (Some(product), Some(source)) => product >= source,
        _ => false,
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

fn version_in_lock<'a>(lock: &'a str, crate_name: &str) -> Option<&'a str> {
    let entry = format!("name = \"{crate_name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry)?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::version_in_lock;

    #[test]
    fn a_lock_entry_is_found_by_its_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "bindgen"), None);
    }
}
