//! Running other programs: each is shown before it runs, and a failure names it again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// Cargo, where LightGBM's build finds a `CMake` that is new enough.
///
/// # Errors
/// When the search path cannot be told.
pub(crate) fn cargo(project: &Project) -> Result<Command> {
    let mut cargo = Command::new("cargo");
    cargo
        .env("PATH", project.search_path()?)
        // A library that is also a cdylib has no hash in its file name, so builds with other features would overwrite each
        // other's in mid-test; with this, which Cargo has for the standard library's sake, it has one.
        .env("__CARGO_DEFAULT_LIB_METADATA", "curbside");
    Ok(cargo)
}

/// Runs a program with this terminal's output.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.status().with_context(|| format!("cannot start {}", name_of(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", name_of(command));
    }
    Ok(())
}

/// Runs a program, shows its standard output line by line as it comes, and returns it too.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn run_and_keep(command: &mut Command) -> Result<String> {
    announce(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {}", name_of(command)))?;
    let mut kept = String::new();
    if let Some(stdout) = child.stdout.take() {
        let mut shown = std::io::stdout().lock();
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            writeln!(shown, "{line}")?;
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} failed ({status})", name_of(command));
    }
    Ok(kept)
}

/// What a program prints, unseen; `None` when it is absent or fails.
pub(crate) fn quiet_output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Major and minor version from what a program says of itself, such as `Python 3.11.7`, whose `name` comes first.
pub(crate) fn version(said: &str, name: &str) -> Option<(u32, u32)> {
    let mut parts = said.trim().strip_prefix(name)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn announce(command: &Command) {
    let mut line = name_of(command);
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    println!("$ {line}");
}

fn name_of(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_compare_by_number() {
        for (said, name, new_enough) in [
            ("Python 3.9.18\n", "Python ", Some(false)),
            ("Python 3.10.0\n", "Python ", Some(true)),
            ("cmake version 3.25.1\n\nCMake suite maintained by Kitware\n", "cmake version ", Some(true)),
            ("cmake version 4.0.3\n", "cmake version ", Some(true)),
            ("cmake version 4.0.3\n", "Python ", None),
            ("", "Python ", None),
        ] {
            assert_eq!(version(said, name).map(|version| version >= (3, 10)), new_enough, "{said:?}");
        }
    }
}
