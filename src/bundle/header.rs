//! The first 48 bytes, and the table of sections that begins the body.
//!
//! ```text
//! 0   8  magic
//! 8   2  format version
//! 10  2  number of sections
//! 12  4  bytes of the body
//! 16 32  SHA-256 of the body
//! 48     body: for each section 2 bytes kind, 2 bytes zero, 4 bytes length; then the sections in that order
//! ```
//!
//! All integers are little-endian. Lengths are compared with the bytes there are, and with [`Limits`], before anything
//! is made of them.

use super::Limits;
use super::error::{OpenError, OpenErrorKind};

/// The first eight bytes. The high bit and the line ends betray a transfer that took the file for text, as PNG's do.
pub const MAGIC: [u8; 8] = *b"\x89CURB\r\n\x1a";
/// The format that this build writes.
pub const FORMAT_VERSION: u16 = 3;
/// The oldest format that this build reads.
pub const OLDEST_VERSION: u16 = 2;
/// Length of the header.
pub const HEADER_BYTES: usize = 48;
const ENTRY_BYTES: usize = 8;

/// A part of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Section {
    /// [`Card`](super::Card)
    Card = 1,
    /// [`Target`](crate::model::Target)
    Target = 2,
    /// [`FeatureSpec`](crate::features::FeatureSpec)
    Features = 3,
    /// [`Zones`](crate::features::Zones)
    Zones = 4,
    /// [`ZonePairs`](crate::features::ZonePairs)
    Pairs = 5,
    /// [`Model`](crate::model::Model)
    Model = 6,
    /// [`GoldenRide`](super::GoldenRide)s
    Golden = 7,
    /// [`Calibration`](crate::model::Calibration)
    Calibration = 8,
    /// [`Background`](crate::model::Background); the only one that may be absent, and no part of version 2
    Background = 9,
}

impl Section {
    /// All sections, in the order of the file.
    pub const ALL: [Section; 9] = [
        Section::Card,
        Section::Target,
        Section::Features,
        Section::Zones,
        Section::Pairs,
        Section::Model,
        Section::Background,
        Section::Calibration,
        Section::Golden,
    ];

    /// The sections of a file that has so many of them: all, or all but the background.
    fn of(header: &Header) -> Option<impl Iterator<Item = Section>> {
        let whole = usize::from(header.sections) == Section::ALL.len() && header.version >= 3;
        let known = whole || usize::from(header.sections) == Section::ALL.len() - 1;
        known.then(|| Section::ALL.into_iter().filter(move |section| whole || *section != Section::Background))
    }

    /// Name, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Section::Card => "card",
            Section::Target => "target",
            Section::Features => "features",
            Section::Zones => "zones",
            Section::Pairs => "pairs",
            Section::Model => "model",
            Section::Calibration => "calibration",
            Section::Golden => "golden",
            Section::Background => "background",
        }
    }
}

/// The fixed part of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Format version, from [`OLDEST_VERSION`] to [`FORMAT_VERSION`].
    pub version: u16,
    /// Number of sections.
    pub sections: u16,
    /// Bytes of the body.
    pub body_bytes: u32,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
}

impl Header {
    /// Reads the header and checks that the body is there whole.
    ///
    /// # Errors
    ///
    /// [`OpenError`] of kind `NotABundle`, `Version`, `Truncated` or `Limit`.
    ///
    /// # Panics
    ///
    /// Never, for any input.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Header, OpenError> {
        let fail = |kind, offset, message| Err(OpenError::new(kind, offset, message));
        let shown = bytes.len().min(MAGIC.len());
        if bytes[..shown] != MAGIC[..shown] || bytes.is_empty() {
            let what = if bytes.starts_with(&[0x1f, 0x8b]) { " (this is gzip: inflate it first)" } else { "" };
            let message = format!("expected the bytes {MAGIC:02x?}, found {:02x?}{what}", &bytes[..shown]);
            return fail(OpenErrorKind::NotABundle, 0, message);
        }
        let Some((fixed, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            let message = format!("expected {HEADER_BYTES} bytes, found {}", bytes.len());
            return fail(OpenErrorKind::Truncated, bytes.len(), message);
        };
        let version = u16::from_le_bytes([fixed[8], fixed[9]]);
        if !(OLDEST_VERSION..=FORMAT_VERSION).contains(&version) {
            let age = if version > FORMAT_VERSION { "newer" } else { "older" };
            let expected = format!("expected format version {OLDEST_VERSION} to {FORMAT_VERSION}");
            let message = format!("{expected}, found {version}, which is {age}");
            return fail(OpenErrorKind::Version, 8, message);
        }
        if bytes.len() > limits.bytes {
            let message = format!("expected at most {} bytes, found {}", limits.bytes, bytes.len());
            return fail(OpenErrorKind::Limit, 0, message);
        }
        let body_bytes = u32::from_le_bytes([fixed[12], fixed[13], fixed[14], fixed[15]]);
        if body.len() != body_bytes as usize {
            let message = format!("expected {body_bytes} bytes of body, found {}", body.len());
            return fail(OpenErrorKind::Truncated, 12, message);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(&fixed[16..48]);
        Ok(Header { version, sections: u16::from_le_bytes([fixed[10], fixed[11]]), body_bytes, digest })
    }
}

/// One section's bytes and where they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct SectionBytes<'a> {
    pub(super) section: Section,
    pub(super) offset: usize,
    pub(super) bytes: &'a [u8],
}

/// A body whose table of sections has been read.
#[derive(Debug)]
pub(super) struct Body<'a> {
    sections: Vec<SectionBytes<'a>>,
}

impl<'a> Body<'a> {
    /// Reads header and table, and checks the digest where this build has a hash.
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Body<'a>, OpenError> {
        let header = Header::from_bytes(bytes, limits)?;
        check_digest(&header, &bytes[HEADER_BYTES..])?;
        let malformed = |offset, message| Err(OpenError::new(OpenErrorKind::Malformed, offset, message));
        let Some(expected) = Section::of(&header) else {
            let most = Section::ALL.len();
            let message = format!(
                "expected {} or {most} sections, {most} from version 3 on, found {}",
                most - 1,
                header.sections
            );
            return malformed(10, message);
        };
        let mut offset = HEADER_BYTES + usize::from(header.sections) * ENTRY_BYTES;
        let Some(table) = bytes.get(HEADER_BYTES..offset) else {
            return malformed(HEADER_BYTES, "expected a table of sections, found the end".to_owned());
        };
        let mut sections = Vec::with_capacity(Section::ALL.len());
        for (section, entry) in expected.zip(table.chunks_exact(ENTRY_BYTES)) {
            let kind = u16::from_le_bytes([entry[0], entry[1]]);
            let zero = u16::from_le_bytes([entry[2], entry[3]]);
            let length = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]) as usize;
            if kind != section as u16 || zero != 0 {
                let message = format!("expected section kind {} and 0, found {kind} and {zero}", section as u16);
                return malformed(offset, message);
            }
            let Some(content) = offset.checked_add(length).and_then(|end| bytes.get(offset..end)) else {
                let rest = bytes.len().saturating_sub(offset);
                return Err(OpenError::malformed(section, offset, format!("expected {length} bytes, found {rest}")));
            };
            sections.push(SectionBytes { section, offset, bytes: content });
            offset += length;
        }
        if offset != bytes.len() {
            return malformed(offset, format!("expected the end, found {} more bytes", bytes.len() - offset));
        }
        Ok(Body { sections })
    }

    pub(super) fn section(&self, section: Section) -> Result<SectionBytes<'a>, OpenError> {
        self.optional(section).ok_or_else(|| OpenError::malformed(section, 0, "the section is absent".to_owned()))
    }

    pub(super) fn optional(&self, section: Section) -> Option<SectionBytes<'a>> {
        self.sections().find(|found| found.section == section)
    }

    /// In the order of the file.
    pub(super) fn sections(&self) -> impl Iterator<Item = SectionBytes<'a>> {
        self.sections.iter().copied()
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn check_digest(header: &Header, body: &[u8]) -> Result<(), OpenError> {
    if sha256(body) == header.digest {
        return Ok(());
    }
    let message = "expected a body with the digest that the header names, found another".to_owned();
    Err(OpenError::new(OpenErrorKind::Digest, 16, message))
}

/// In wasm the JavaScript face compares the digest with WebCrypto's, which is there already and faster.
#[cfg(target_arch = "wasm32")]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as the native one")]
fn check_digest(_: &Header, _: &[u8]) -> Result<(), OpenError> {
    Ok(())
}

#[cfg(not(target_arch = "wasm32"))]
fn sha256(body: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(body).into()
}

/// Lays out a bundle. The digest is taken natively; nothing is packed in wasm.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn write(sections: &[(Section, Vec<u8>)]) -> Result<Vec<u8>, String> {
    let length = |bytes: usize| u32::try_from(bytes).map_err(|_| format!("expected below 4 GiB, found {bytes} bytes"));
    let mut body = Vec::new();
    for (section, content) in sections {
        body.extend((*section as u16).to_le_bytes());
        body.extend([0, 0]);
        body.extend(length(content.len())?.to_le_bytes());
    }
    for (_, content) in sections {
        body.extend(content);
    }
    let count = u16::try_from(sections.len()).map_err(|_| "too many sections".to_owned())?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend(MAGIC);
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(length(body.len())?.to_le_bytes());
    bytes.extend(sha256(&body));
    bytes.extend(body);
    Ok(bytes)
}
