//! A bundle's bytes to the stored object, which is their gzip, and back.
//!
//! Packing has no clock in it, so the same bundle is the same object with the same digest on every machine. Unpacking
//! believes nothing: a few kilobytes of gzip can promise gigabytes, so what comes out is bounded while it comes.

use std::io::Read;

use flate2::bufread::GzDecoder;

use crate::error::{PublishError, PublishErrorKind};

/// The first bytes of a gzip (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Packs a bundle into the stored object: a gzip as small as Zopfli makes it, with no time and no name in its header.
///
/// # Panics
///
/// Never: writing into memory cannot fail.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut stored = Vec::new();
    let outcome = zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, bytes, &mut stored);
    #[expect(clippy::expect_used, reason = "a slice can always be read and a Vec always written")]
    outcome.expect("compressing from memory into memory");
    stored
}

/// Whether the bytes begin as a gzip does.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP)
}

/// Unpacks a stored object of any origin into at most `max_bytes`; bytes that are no gzip are taken as the bundle itself.
///
/// # Errors
///
/// `BLOB_TOO_LARGE` once more than `max_bytes` come out, `BLOB_GZIP` for a damaged, cut or continued gzip.
///
/// # Panics
///
/// Never, for any input.
pub fn unpack(stored: &[u8], max_bytes: usize) -> Result<Vec<u8>, PublishError> {
    let too_large = |found: &str| {
        let message = format!("the bundle: expected at most {max_bytes} bytes, found {found}");
        Err(PublishError::new(PublishErrorKind::TooLarge, message))
    };
    if !is_packed(stored) {
        return if stored.len() > max_bytes { too_large(&stored.len().to_string()) } else { Ok(stored.to_vec()) };
    }
    let mut bytes = Vec::new();
    let mut decoder = GzDecoder::new(stored);
    let bound = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let damaged = |message: String| Err(PublishError::new(PublishErrorKind::Gzip, message));
    if let Err(fault) = decoder.by_ref().take(bound).read_to_end(&mut bytes) {
        return damaged(format!("the gzip around the bundle: {fault} after {} bytes", bytes.len()));
    }
    if bytes.len() > max_bytes {
        return too_large("more, and stopped inflating");
    }
    let rest = decoder.into_inner().len();
    if rest > 0 {
        // Browsers refuse this too, so such an object must never be published.
        return damaged(format!("the gzip around the bundle: expected its end, found {rest} more bytes"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip_of_zeros(megabytes: usize) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..megabytes {
            encoder.write_all(&vec![0; 1 << 20]).unwrap();
        }
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_packed_comes_back_and_packing_knows_no_time() {
        let bytes: Vec<u8> = (0..20_000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let stored = pack(&bytes);
        assert_eq!(stored, pack(&bytes));
        // Bytes 4 to 7 of a gzip are its time; flags (byte 3) 0 means no name either.
        assert_eq!(stored[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        assert!(stored.len() < bytes.len());
        assert_eq!(unpack(&stored, bytes.len()).unwrap(), bytes);
        assert_eq!(unpack(&pack(b""), 0).unwrap(), b"");
    }

    #[test]
    fn bytes_that_are_no_gzip_pass_as_they_are_within_the_bound() {
        assert_eq!(unpack(b"\x89CURB", 5).unwrap(), b"\x89CURB");
        assert_eq!(unpack(b"", 0).unwrap(), b"");
        assert_eq!(unpack(b"\x89CURB", 4).unwrap_err().code(), "BLOB_TOO_LARGE");
    }

    #[test]
    fn a_bomb_is_stopped_at_the_bound() {
        let bomb = gzip_of_zeros(64);
        assert!(bomb.len() < 100_000);
        let fault = unpack(&bomb, 1 << 20).unwrap_err();
        assert_eq!(fault.code(), "BLOB_TOO_LARGE");
        assert!(fault.to_string().contains("expected at most 1048576 bytes"), "{fault}");
    }

    #[test]
    fn every_truncation_and_every_changed_byte_is_found() {
        let bytes: Vec<u8> = (0..400_u32).flat_map(|i| (i * i).to_le_bytes()).collect();
        let stored = pack(&bytes);
        let mut missed = Vec::new();
        for length in 2..stored.len() {
            if unpack(&stored[..length], 1 << 20).is_ok() {
                missed.push(format!("cut to {length}"));
            }
        }
        // Bytes 4 to 9 (time, flags of the compressor, system) change nothing of what comes out.
        for index in (2..4).chain(10..stored.len()) {
            let mut changed = stored.clone();
            changed[index] ^= 0x55;
            if unpack(&changed, 1 << 20).is_ok() {
                missed.push(format!("byte {index}"));
            }
        }
        assert!(missed.is_empty(), "{}", missed.join(", "));
    }

    #[test]
    fn a_gzip_that_goes_on_is_refused() {
        let mut stored = pack(b"one");
        stored.extend(pack(b"two"));
        assert_eq!(unpack(&stored, 100).unwrap_err().code(), "BLOB_GZIP");
    }
}
