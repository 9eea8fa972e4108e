//! The steps, in the order they run: cheap ones first, each kind of host after what it needs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{clients, counts, registry};
use crate::project::Project;
use crate::{command, image, node, serve, system, tools, wasm};

/// One heading of the log.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a thing to set up, wanted or not, whatever the others are")]
pub(crate) struct Step {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it proves, for the heading.
    pub(crate) what: &'static str,
    /// Steps whose product it uses.
    pub(crate) needs: &'static [&'static str],
    /// Whether it uses browsers or LightGBM's build tools.
    pub(crate) uses_system: bool,
    /// Whether it uses wasm-pack and its company.
    pub(crate) uses_wasm_pack: bool,
    /// Whether it uses MLflow and an S3 server.
    pub(crate) uses_servers: bool,
    /// Whether it uses other people's clients of the service.
    pub(crate) uses_clients: bool,
    /// Whether it uses what builds container images.
    pub(crate) uses_image: bool,
    /// Does it.
    pub(crate) run: fn(&Project) -> Result<()>,
}

/// A step without needs; the others name what differs.
const PLAIN: Step = Step {
    name: "",
    what: "",
    needs: &[],
    uses_system: false,
    uses_wasm_pack: false,
    uses_servers: false,
    uses_clients: false,
    uses_image: false,
    run: |_| Ok(()),
};

/// Every step of `cargo xtask test`.
pub(crate) const STEPS: &[Step] = &[
    FORMAT,
    Step {
        name: "lint",
        what: "clippy on every crate, warnings refused",
        uses_system: true,
        run: |project| lint(project, &["--workspace", "--all-features"]),
        ..PLAIN
    },
    LINT_WASM,
    Step {
        name: "native",
        what: "unit, integration and documentation tests of every crate",
        uses_system: true,
        run: |project| native_tests(project, &["--workspace", "--all-features"]),
        ..PLAIN
    },
    WASM,
    TYPES,
    Step {
        name: "web-chromium",
        what: "the module's own tests in headless Chromium",
        uses_system: true,
        uses_wasm_pack: true,
        run: |project| wasm_pack_test(project, Browser::Chromium),
        ..PLAIN
    },
    Step {
        name: "web-firefox",
        what: "the module's own tests in headless Firefox",
        uses_system: true,
        uses_wasm_pack: true,
        run: |project| wasm_pack_test(project, Browser::Firefox),
        ..PLAIN
    },
    Step {
        name: "worker",
        what: "the Worker in real workerd",
        needs: &["wasm"],
        run: |project| node_tests(project, "tests/worker"),
        ..PLAIN
    },
    Step {
        name: "serve-tree",
        what: "the self-hosted server, in a folder that runs anywhere",
        needs: &["wasm"],
        run: |project| serve::build(project).map(drop),
        ..PLAIN
    },
    Step {
        name: "server",
        what: "the self-hosted server: its processes, weights, page, TLS, its end",
        needs: &["serve-tree"],
        uses_system: true,
        run: |project| {
            // Weights out of a real store.
            tools::garage().ensure(project)?;
            node_tests(project, "tests/server")
        },
        ..PLAIN
    },
    Step {
        name: "hostile",
        what: "requests that are out to break the server, traps, slow clients and overload",
        needs: &["serve-tree"],
        run: |project| node_tests(project, "tests/hostile"),
        ..PLAIN
    },
    Step {
        name: "clients",
        what: "other people's clients, unmodified, and the description that the service gives of itself",
        needs: &["wasm", "serve-tree"],
        uses_clients: true,
        run: |project| run_node_tests(project, test_files(project, "tests/clients")?, &clients::environment(project)?),
        ..PLAIN
    },
    Step {
        name: "page",
        what: "the page in real Chromium and Firefox",
        needs: &["wasm"],
        uses_system: true,
        run: |project| node_tests(project, "tests/page"),
        ..PLAIN
    },
    Step {
        name: "package",
        what: "the packed npm tarball in Node, workerd, Chromium and Firefox",
        needs: &["wasm"],
        uses_system: true,
        run: |project| node_tests(project, "tests/package"),
        ..PLAIN
    },
    Step {
        name: "parity",
        what: "the ledger's bits in Node, workerd, Chromium and Firefox",
        needs: &["wasm"],
        uses_system: true,
        run: |project| node_tests(project, "tests/parity"),
        ..PLAIN
    },
    Step {
        name: "image",
        what: "the container image: what is in it, and that it serves, unprivileged and read-only",
        needs: &["serve-tree"],
        uses_image: true,
        run: test_image,
        ..PLAIN
    },
    Step {
        name: "registry",
        what: "tracking, publishing and the swap at the edge, against real MLflow and a real S3 server",
        needs: &["wasm"],
        uses_system: true,
        uses_servers: true,
        run: |project| {
            registry::run(project, |environment| {
                // The Worker's source is tried on a real store here: where `worker` runs there is none.
                let worker = [PathBuf::from("tests/worker/s3.test.ts")];
                run_node_tests(project, worker.into_iter().chain(test_files(project, "tests/registry")?), environment)
            })
        },
        ..PLAIN
    },
];

/// The steps of `cargo xtask check`: no browser, no Worker, no LightGBM.
pub(crate) const QUICK_STEPS: &[Step] = &[
    FORMAT,
    Step {
        name: "lint-quick",
        what: "clippy on every crate but the trainer and what is built on it",
        run: |project| lint(project, &["--workspace", "--exclude=curbside-train", "--exclude=curbside-accuracy"]),
        ..PLAIN
    },
    LINT_WASM,
    Step {
        name: "native-quick",
        what: "tests of every crate but the trainer and what is built on it",
        run: |project| {
            native_tests(project, &["--workspace", "--exclude=curbside-train", "--exclude=curbside-accuracy"])
        },
        ..PLAIN
    },
    WASM,
    TYPES,
];

const FORMAT: Step = Step {
    name: "format",
    what: "rustfmt on every crate",
    run: |_| command::run(Command::new("cargo").args(["fmt", "--all", "--check"])),
    ..PLAIN
};

/// WebAssembly sees other code than native: `wasm.rs` and the tests in the browser.
const LINT_WASM: Step = Step {
    name: "lint-wasm",
    what: "clippy on the scoring module for WebAssembly",
    run: |project| {
        wasm::ensure_target()?;
        lint(project, &["--package=curbside", "--target=wasm32-unknown-unknown"])
    },
    ..PLAIN
};

const WASM: Step = Step {
    name: "wasm",
    what: "the module that all hosts share, and its size",
    run: |project| {
        wasm::build(project)?;
        wasm::print_size(project)
    },
    ..PLAIN
};

/// Folder by folder, since each runs in another world: browser, Worker, Node.
const TYPES: Step = Step {
    name: "types",
    what: "TypeScript's types of package, Worker, page and tests",
    needs: &["wasm"],
    run: check_types,
    ..PLAIN
};

#[derive(Clone, Copy)]
enum Browser {
    Chromium,
    Firefox,
}

/// The step with this name.
///
/// # Errors
/// Lists the names there are.
pub(super) fn named(name: &str) -> Result<&'static Step> {
    STEPS.iter().find(|step| step.name == name).with_context(|| {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        format!("no step is called {name:?}; there are {}", names.join(", "))
    })
}

fn lint(project: &Project, scope: &[&str]) -> Result<()> {
    command::run(
        command::cargo(project)?
            .args(["clippy", "--quiet", "--all-targets"])
            .args(scope)
            .args(["--", "--deny", "warnings"]),
    )
}

/// Runs `cargo test` on the chosen packages; tests of real data find it through `CURBSIDE_DATA`.
fn native_tests(project: &Project, packages: &[&str]) -> Result<()> {
    let mut cargo = command::cargo(project)?;
    cargo.args(["test", "--no-fail-fast"]).args(packages);
    if let Some(data) = project.trip_data() {
        cargo.env("CURBSIDE_DATA", data);
    }
    counts::require_tests(&command::run_and_keep(&mut cargo)?)
}

fn check_types(project: &Project) -> Result<()> {
    let mut failed = Vec::new();
    for folder in ["pkg", "worker", "www", "www/service-worker", "tests"] {
        let checked = command::run(
            node::program(project, "typescript/bin/tsc")?
                .args(["--noEmit", "--project"])
                .arg(project.path(folder).join("tsconfig.json")),
        );
        if checked.is_err() {
            failed.push(folder);
        }
    }
    if !failed.is_empty() {
        bail!("types do not hold in {}", failed.join(", "));
    }
    Ok(())
}

fn wasm_pack_test(project: &Project, browser: Browser) -> Result<()> {
    let found = system::find(project)?;
    let mut wasm_pack = Command::new("wasm-pack");
    wasm_pack
        .env("PATH", project.search_path()?)
        // Nothing is fetched in mid-test: the set-up has installed everything.
        .args(["test", "--headless", "--mode", "no-install"]);
    match browser {
        Browser::Chromium => wasm_pack.arg("--chrome").arg("--chromedriver").arg(&found.chromedriver),
        Browser::Firefox => {
            let mut binary = std::ffi::OsString::from("--binary=");
            binary.push(&found.firefox);
            wasm_pack.arg("--firefox").env("GECKODRIVER_ARGS", binary)
        }
    };
    counts::require_tests(&command::run_and_keep(&mut wasm_pack)?)
}

fn node_tests(project: &Project, folder: &str) -> Result<()> {
    run_node_tests(project, test_files(project, folder)?, &[])
}

fn test_image(project: &Project) -> Result<()> {
    let Some(tried) = image::tried::build(project)? else {
        return Ok(());
    };
    run_node_tests(project, test_files(project, "tests/image")?, &tried.environment()?)
}

/// Runs test files one after another, with these variables and none of the user's own servers.
fn run_node_tests(
    project: &Project,
    files: impl IntoIterator<Item = PathBuf>,
    environment: &[(String, PathBuf)],
) -> Result<()> {
    let mut node = node::node(project)?;
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=300000"]).args(files);
    registry::set(&mut node, environment);
    if let Ok(found) = system::find(project) {
        node.env("CURBSIDE_CHROMIUM", found.chromium).env("CURBSIDE_FIREFOX", found.firefox);
    }
    counts::require_tests(&command::run_and_keep(&mut node)?)
}

/// The test files of a folder, sorted, as paths from the root.
fn test_files(project: &Project, folder: &str) -> Result<Vec<PathBuf>> {
    let listing = fs::read_dir(project.path(folder)).with_context(|| format!("cannot list {folder}"))?;
    let mut files = Vec::new();
    for entry in listing {
        let name = entry?.file_name();
        let shown = name.to_string_lossy();
        if shown.ends_with(".test.ts") || shown.ends_with(".test.mjs") || shown.ends_with(".test.js") {
            files.push(PathBuf::from(folder).join(name));
        }
    }
    if files.is_empty() {
        bail!("{folder} holds no *.test.ts or *.test.mjs: nothing was tested");
    }
    files.sort();
    Ok(files)
}
