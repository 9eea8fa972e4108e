//! Values to bytes and back: the one module that names bincode.
//!
//! bincode 2.0.1 is complete and no longer maintained (RUSTSEC-2025-0141), so it is kept behind these two functions,
//! always with a limit, and fuzzed.

#[cfg(not(target_arch = "wasm32"))]
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::OpenError;
use super::header::SectionBytes;

/// What decoding one section may allocate. `Limits::bytes` has bounded what it reads.
const DECODE_LIMIT: usize = 256 << 20;

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).map_err(|fault| fault.to_string())
}

pub(super) fn decode<T: DeserializeOwned>(from: SectionBytes<'_>) -> Result<T, OpenError> {
    let config = bincode::config::standard().with_limit::<DECODE_LIMIT>();
    let fail = |offset, message| Err(OpenError::malformed(from.section, offset, message));
    match bincode::serde::decode_from_slice::<T, _>(from.bytes, config) {
        Ok((value, read)) if read == from.bytes.len() => Ok(value),
        Ok((_, read)) => {
            let rest = from.bytes.len() - read;
            fail(from.offset + read, format!("expected the section to end, found {rest} more bytes"))
        }
        Err(fault) => fail(from.offset, format!("cannot be decoded: {fault}")),
    }
}
