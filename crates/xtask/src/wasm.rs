//! `cargo xtask wasm`: the module that every host shares, `pkg/wasm/curbside_bg.wasm`, with its glue.
//!
//! Three steps: rustc makes a bare cdylib (built together with the rlib, link-time optimisation would be lost), the generator adds
//! the glue, wasm-opt shrinks the result. The last two are skipped when rustc had nothing to do.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::project::Project;
use crate::{command, node};

const TARGET: &str = "wasm32-unknown-unknown";

/// What rustc emits for this target, by default and by `.cargo/config.toml`, and so what wasm-opt must accept; every engine since
/// March 2023 has them.
const WASM_OPT: [&str; 11] = [
    "-O3",
    "-Oz",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
    "--strip-producers",
];

/// The verb: builds the module and prints its size.
///
/// # Errors
/// As [`build`], and when an argument is given.
pub(crate) fn run(project: &Project, mut arguments: lexopt::Parser) -> Result<()> {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    node::install_packages(project)?;
    build(project)?;
    print_size(project)
}

/// Builds the module if anything it is made of has changed.
///
/// # Errors
/// When the target cannot be set up, or one of the three steps fails.
pub(crate) fn build(project: &Project) -> Result<()> {
    let compiled = compile(project)?;
    finish(project, &compiled)
}

/// Makes the glue and the optimised module from rustc's output, unless those at hand were made from it.
///
/// # Errors
/// When the npm packages are not installed, or a step fails.
pub(crate) fn finish(project: &Project, compiled: &Path) -> Result<()> {
    let folder = project.path("pkg/wasm");
    let module = folder.join("curbside_bg.wasm");
    // Beside rustc's output, so that nothing but the product lies in the folder that is packed.
    let stamp = compiled.with_extension("made-from");
    let wanted = fingerprint(project, compiled)?;
    let known = fs::read_to_string(&stamp).unwrap_or_default();
    if known == wanted && module.is_file() {
        return Ok(());
    }
    // Without the stamp a build that is broken off half-way is not taken for a finished one.
    match fs::remove_file(&stamp) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    generate_glue(compiled, &folder)?;
    optimise(project, &module)?;
    fs::write(&stamp, wanted)?;
    Ok(())
}

/// Compiles the library for WebAssembly and returns the file.
///
/// # Errors
/// When the target is missing and cannot be added, or the code does not compile.
pub(crate) fn compile(project: &Project) -> Result<PathBuf> {
    ensure_target()?;
    command::run(Command::new("cargo").args([
        "--config",
        &rustc_flags(),
        "rustc",
        "--quiet",
        "--package=curbside",
        "--lib",
        "--crate-type=cdylib",
        "--profile=wasm",
        "--target",
        TARGET,
    ]))?;
    Ok(project.target(TARGET).join("wasm/curbside.wasm"))
}

/// What the shipped module is compiled with besides what `.cargo/config.toml` says: no folder of this machine in its messages, and
/// only small functions inlined where the code is not marked, which is 2 KB of gzip.
fn rustc_flags() -> String {
    let mut flags = vec!["-Cllvm-args=-inline-threshold=20".to_owned()];
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let registry = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok()).into_iter().flatten().flatten();
    flags.extend(registry.map(|folder| format!("--remap-path-prefix={}=crates", folder.path().display())));
    format!("target.{TARGET}.rustflags={flags:?}")
}

/// Adds Rust's WebAssembly target if this toolchain lacks it.
///
/// # Errors
/// When rustup is absent or cannot fetch it.
pub(crate) fn ensure_target() -> Result<()> {
    let installed = command::quiet_output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        .is_some_and(|folder| Path::new(folder.trim()).is_dir());
    if installed {
        return Ok(());
    }
    command::run(Command::new("rustup").args(["target", "add", TARGET]))
        .with_context(|| format!("Rust's target {TARGET} is missing and rustup cannot add it"))
}

fn generate_glue(compiled: &Path, folder: &Path) -> Result<()> {
    let mut generator = Bindgen::new();
    generator
        .input_path(compiled)
        .out_name("curbside")
        .typescript(true)
        // A trapped instance is dead: the shell starts a fresh one with this and opens the retained bundle again.
        .reset_state_function(true)
        // Every host says where its module is; a default path would make bundlers copy a file nobody loads.
        .omit_default_module_path(true)
        .remove_producers_section(true)
        .web(true)?;
    generator.generate(folder).context("the JavaScript glue could not be generated")
}

fn optimise(project: &Project, module: &Path) -> Result<()> {
    let smaller = module.with_extension("wasm.new");
    command::run(
        node::program(project, "binaryen/bin/wasm-opt")?.args(WASM_OPT).arg(module).arg("--output").arg(&smaller),
    )?;
    fs::rename(smaller, module)?;
    Ok(())
}

/// Changes whenever the glue or the optimised module could: rustc's output, the locked packages, this driver.
fn fingerprint(project: &Project, compiled: &Path) -> Result<String> {
    let driver = std::env::current_exe()?;
    let mut lines = String::new();
    for path in [compiled, &driver, &project.path("package-lock.json")] {
        // The driver's file is gone when a newer one was compiled meanwhile; that counts as a change.
        let state = match fs::metadata(path) {
            Ok(file) => format!("{} {}", file.len(), file.modified()?.duration_since(UNIX_EPOCH)?.as_nanos()),
            Err(_) => "gone".to_owned(),
        };
        writeln!(lines, "{} {state}", path.display())?;
    }
    Ok(lines)
}

/// Prints what the module weighs, as it is and as it travels.
///
/// # Errors
/// When it has not been built.
pub(crate) fn print_size(project: &Project) -> Result<()> {
    let path = project.path("pkg/wasm/curbside_bg.wasm");
    let module = fs::read(&path)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&module)?;
    println!("pkg/wasm/curbside_bg.wasm: {} bytes, {} bytes after gzip -9", module.len(), gzip.finish()?.len());
    Ok(())
}
