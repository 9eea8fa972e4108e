//! Where the server's own files are: beside its program, wherever that was put.

use std::env;
use std::path::{Path, PathBuf};

/// Files that came with the program.
#[derive(Debug)]
pub(crate) struct Tree {
    /// This program.
    pub(crate) program: PathBuf,
    /// The runtime.
    pub(crate) workerd: PathBuf,
    /// The Worker, as workerd's configuration includes it.
    pub(crate) worker: PathBuf,
    /// A folder with the shipped model, published.
    pub(crate) weights: PathBuf,
    /// The public key that the shipped model is signed with.
    pub(crate) key: PathBuf,
}

impl Tree {
    /// Finds `bin/workerd` and `share/curbside/worker.capnp` from `bin/curbside-server`.
    ///
    /// # Errors
    /// Names the file that is missing.
    pub(crate) fn locate() -> Result<Self, String> {
        let program = env::current_exe().map_err(|error| format!("cannot tell where this program is: {error}"))?;
        let folder = program.parent().unwrap_or(Path::new("/"));
        let root = folder.parent().unwrap_or(Path::new("/"));
        let tree = Self {
            workerd: folder.join("workerd"),
            worker: root.join("share/curbside/worker.capnp"),
            weights: root.join("share/curbside/weights"),
            key: root.join("share/curbside/weights/key"),
            program: program.clone(),
        };
        for file in [&tree.workerd, &tree.worker, &tree.key] {
            if !file.is_file() {
                return Err(format!(
                    "expected {}, found no such file; bin/curbside-server, bin/workerd and share/curbside belong into one folder \
                     (`cargo xtask serve --build-only` makes it)",
                    file.display()
                ));
            }
        }
        Ok(tree)
    }
}
