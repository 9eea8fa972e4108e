//! Between the launcher and workerd: a process that ties its life to the launcher's and then becomes workerd.
//!
//! Without it, processes would go on holding the port after a launcher that was killed, or that the kernel ended for its memory.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use crate::log;
use crate::options::Order;

/// Becomes the command; returns only if it cannot.
pub(crate) fn run(order: &Order) -> ExitCode {
    if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
        log::failed(&format!("cannot ask to end with the launcher: {error}"));
        return ExitCode::FAILURE;
    }
    // The launcher may have ended before it was asked.
    if getppid().map(rustix::process::Pid::as_raw_pid) != Some(order.parent) {
        return ExitCode::FAILURE;
    }
    let Some((program, arguments)) = order.command.split_first() else {
        return ExitCode::FAILURE;
    };
    let error = Command::new(program).args(arguments).exec();
    log::failed(&format!("cannot start {}: {error}", program.display()));
    ExitCode::FAILURE
}
