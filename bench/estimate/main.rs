//! What an estimate costs natively, what of that its interval and its tables cost, and what takes the place of other models' walks:
//! `cargo bench --bench estimate`.
//!
//! The bundle is the shipped one, or the stored object that `CURBSIDE_BUNDLE` names.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark has a clock and files")]

// Clippy compiles every target for wasm32 too, where neither criterion nor the clock is.
#[cfg(not(target_arch = "wasm32"))]
mod kernels;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    native::run()?;
    kernels::run()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
