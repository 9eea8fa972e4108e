//! Values to bytes and back: the one module that names bincode.
//!
//! bincode 2.0.1 is complete and no longer maintained (RUSTSEC-2025-0141), so it only writes, and not in the module that
//! reads untrusted bytes: [`decode`](super::decode) is our own, and bounded, and fuzzed.

#[cfg(not(target_arch = "wasm32"))]
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::OpenError;
use super::header::SectionBytes;

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).map_err(|fault| fault.to_string())
}

pub(super) fn decode<T: DeserializeOwned>(from: SectionBytes<'_>) -> Result<T, OpenError> {
    let (value, read) = super::decode::decode(from.bytes);
    let fail = |message| Err(OpenError::malformed(from.section, from.offset + read, message));
    match value {
        Ok(_) if read < from.bytes.len() => {
            fail(format!("expected the section to end, found {} more bytes", from.bytes.len() - read))
        }
        Ok(value) => Ok(value),
        Err(fault) => fail(format!("cannot be decoded, found {fault}")),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::fmt::Debug;

    use serde::{Deserialize, Serialize};

    use super::super::decode::decode;

    /// Every kind of value that a bundle has.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        flag: bool,
        byte: u8,
        widths: (u16, u32, u64, i16, i32, i64),
        floats: [f64; 2],
        single: f32,
        text: String,
        nothing: Option<u8>,
        some: Option<Box<Everything>>,
        list: Vec<Kind>,
        pairs: Vec<(String, u64)>,
        number: Number,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        One(i64),
        Two(u16, Vec<u8>),
        Named { left: u32, right: Option<f64> },
    }

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    struct Number(i32);

    fn everything() -> Everything {
        let kinds = [
            Kind::Unit,
            Kind::One(i64::MIN),
            Kind::Two(u16::MAX, vec![0, 250, 251, 255]),
            Kind::Named { left: 65_536, right: Some(-0.0) },
        ];
        let inner = Everything {
            flag: true,
            byte: 255,
            widths: (250, 251, u64::MAX, -1, i32::MIN, i64::MAX),
            floats: [f64::MIN_POSITIVE, f64::MAX],
            single: 1.5,
            text: "JFK \u{1f695}".to_owned(),
            nothing: None,
            some: None,
            list: kinds.to_vec(),
            pairs: vec![(String::new(), 0), ("a".repeat(300), 1 << 40)],
            number: Number(-126),
        };
        Everything { some: Some(Box::new(inner.clone())), flag: false, ..inner }
    }

    fn written<T: Serialize>(value: &T) -> Vec<u8> {
        bincode::serde::encode_to_vec(value, bincode::config::standard()).unwrap()
    }

    fn agree<T: serde::de::DeserializeOwned + Debug>(bytes: &[u8]) {
        // Without a limit it asks for whatever memory a length says.
        let limited = bincode::config::standard().with_limit::<65_536>();
        let theirs = bincode::serde::decode_from_slice::<T, _>(bytes, limited);
        let (ours, read) = decode::<T>(bytes);
        match (ours, theirs) {
            // By their texts, because a NaN is not equal to itself.
            (Ok(ours), Ok((theirs, length))) => {
                assert_eq!((format!("{ours:?}"), read), (format!("{theirs:?}"), length));
            }
            (Err(_), Err(_)) => assert!(read <= bytes.len()),
            (ours, theirs) => panic!("{bytes:?}: ours {ours:?}, bincode {theirs:?}"),
        }
    }

    #[test]
    fn what_bincode_writes_is_read() {
        let bytes = written(&everything());
        let (value, read) = decode::<Everything>(&bytes);
        assert_eq!((value.unwrap(), read), (everything(), bytes.len()));
        for number in [0, 1, 250, 251, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            agree::<u64>(&written(&number));
            agree::<i64>(&written(&number.cast_signed()));
            // Into a place that may be too narrow.
            agree::<u16>(&written(&number));
            agree::<i32>(&written(&number.cast_signed()));
        }
    }

    #[test]
    fn what_is_damaged_is_read_as_bincode_reads_it_or_refused_as_it_refuses() {
        let bytes = written(&everything());
        for end in 0..bytes.len() {
            agree::<Everything>(&bytes[..end]);
        }
        for place in 0..bytes.len() {
            for byte in [0, 1, 2, 4, 127, 250, 251, 252, 253, 254, 255] {
                let mut changed = bytes.clone();
                changed[place] = byte;
                agree::<Everything>(&changed);
            }
        }
    }
}
