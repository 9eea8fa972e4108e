//! The native tests of the scoring module, in one program: hostile bytes, protocols, parity of bits.
//!
//! `wasm-pack test` compiles this folder for wasm32 too, where it is empty.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that fails panics, and a test has files"
)]

mod accuracy;
mod calibration;
mod hostile;
mod parity;
mod serving;
mod support;
mod tidy;
mod web_fixture;

/// Aborts the tests when the whole process, harness included, ever holds more than this: hostile bytes must not be able to
/// ask for much.
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, 64 << 20);
