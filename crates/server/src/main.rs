//! `curbside-server`: the web service on one's own machine.
//!
//! [workerd](https://github.com/cloudflare/workerd) runs the same Worker that runs at the edge. One of its processes uses one core, so
//! this launcher starts one for each and hands each a listening socket of the same address: the kernel spreads connections among
//! them, and no byte of a request goes through the launcher. It refuses bad settings, writes the configuration (into memory), restarts a
//! process that dies, and lets requests end before it stops. docs/self-hosting.md is for those who run it.
//!
//! Reading order: [`settings`] is what the operator says, [`configuration`] what workerd is told, [`sockets`] what is listened on,
//! [`process`] one workerd, [`supervisor`] all of them.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a native server: files, clocks, sockets and processes are its work"
)]

mod configuration;
mod farewell;
mod health;
mod log;
mod notify;
mod options;
mod process;
mod refusal;
mod relay;
mod request;
mod settings;
mod signals;
mod sockets;
mod stage;
mod supervisor;
mod tls;
mod tree;
mod variables;
mod watch;
mod weights;

use std::process::ExitCode;

use clap::Parser;
use options::{Options, Verb};
use settings::Settings;
use tree::Tree;

/// Settings that cannot be served by, as for a command line that cannot be understood.
const BAD_SETTINGS: u8 = 2;

fn main() -> ExitCode {
    let options = Options::parse();
    match options.verb {
        Some(Verb::Health(question)) => health::run(&question),
        Some(Verb::Process(order)) => stage::run(&order),
        None => serve(&options.serve),
    }
}

fn serve(options: &options::Serve) -> ExitCode {
    let tree = match Tree::locate() {
        Ok(tree) => tree,
        Err(failure) => {
            log::failed(&failure);
            return ExitCode::FAILURE;
        }
    };
    let settings = match Settings::read(options, &tree) {
        Ok(settings) => settings,
        Err(refusals) => {
            refusals.iter().for_each(log::refused);
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    match supervisor::run(settings, options, &tree) {
        Ok(supervisor::End::Asked) => ExitCode::SUCCESS,
        Ok(supervisor::End::BadSettings) => ExitCode::from(BAD_SETTINGS),
        Err(failure) => {
            log::failed(&failure);
            ExitCode::FAILURE
        }
    }
}
