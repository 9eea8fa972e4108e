//! What is wrong with the bytes of a bundle: for the person who deployed them.

use std::fmt;

use super::header::Section;

/// The kind of thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// The bytes do not begin as a bundle does.
    NotABundle,
    /// The bundle is of a format version that this build does not read.
    Version,
    /// The bytes end before the bundle does.
    Truncated,
    /// The bundle is larger than the host's `Limits` allow.
    Limit,
    /// The body is not what its digest was taken of.
    Digest,
    /// A section cannot be decoded.
    Malformed,
    /// A section can be decoded but not scored with.
    Invalid,
    /// A golden ride gave other bits than the bundle says.
    Golden,
}

/// Bytes that are no bundle this build can score with, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    kind: OpenErrorKind,
    section: Option<Section>,
    offset: usize,
    message: String,
}

impl OpenError {
    pub(super) fn new(kind: OpenErrorKind, offset: usize, message: String) -> OpenError {
        OpenError { kind, section: None, offset, message }
    }

    pub(super) fn malformed(section: Section, offset: usize, message: String) -> OpenError {
        OpenError { kind: OpenErrorKind::Malformed, section: Some(section), offset, message }
    }

    pub(crate) fn invalid(section: Section, message: impl fmt::Display) -> OpenError {
        OpenError { kind: OpenErrorKind::Invalid, section: Some(section), offset: 0, message: message.to_string() }
    }

    pub(crate) fn golden(message: String) -> OpenError {
        OpenError { kind: OpenErrorKind::Golden, section: Some(Section::Golden), offset: 0, message }
    }

    /// The kind of problem.
    pub fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// The section at fault; `None` for the header.
    pub fn section(&self) -> Option<Section> {
        self.section
    }

    /// Where in the bytes, as far as that is known.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self.kind {
            OpenErrorKind::NotABundle => "BUNDLE_NOT_RECOGNISED",
            OpenErrorKind::Version => "BUNDLE_VERSION",
            OpenErrorKind::Truncated => "BUNDLE_TRUNCATED",
            OpenErrorKind::Limit => "BUNDLE_LIMIT",
            OpenErrorKind::Digest => "BUNDLE_DIGEST",
            OpenErrorKind::Malformed => "BUNDLE_MALFORMED",
            OpenErrorKind::Invalid => "BUNDLE_INVALID",
            OpenErrorKind::Golden => "BUNDLE_GOLDEN",
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            OpenErrorKind::NotABundle => "give a .curb file, or make one with `curbside train`",
            OpenErrorKind::Version => "update this build of curbside, or pack the model again with the version you run",
            OpenErrorKind::Truncated | OpenErrorKind::Digest => "fetch the file again from where it was published",
            OpenErrorKind::Limit => "raise the host's Limits if the bundle is meant to be that large",
            OpenErrorKind::Malformed | OpenErrorKind::Invalid => "make the bundle again with the build that made it",
            OpenErrorKind::Golden => "do not serve it: this build computes other numbers than the one that packed it",
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.section {
            Some(section) => write!(f, "bundle section {}", section.name())?,
            None => f.write_str("bundle header")?,
        }
        write!(f, ": {}; {}", self.message, self.remedy())
    }
}

impl std::error::Error for OpenError {}
