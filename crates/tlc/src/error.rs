//! What is wrong with a file as a whole. Faults of single rows are not errors: they are counted in a report.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlcErrorKind {
    /// The file system refused: no such file, no permission, a full disk.
    Io,
    /// The content is neither Parquet nor CSV nor gzip of CSV.
    UnknownFormat,
    /// The file begins well and stops before its end.
    Truncated,
    /// The file says that it is Parquet or gzip, and does not decode.
    Corrupt,
    /// One of the five columns is absent.
    MissingColumn,
    /// Two columns answer to one of the five.
    AmbiguousColumn,
    /// A column holds something else than it should.
    WrongType,
    /// The file has no rows at all.
    NoRows,
    /// The file has rows, and none of them is a ride.
    NoRides,
    /// The zone table or the zone shapes do not describe the taxi zones.
    BadZones,
}

impl TlcErrorKind {
    /// A stable name for scripts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Io => "TLC_IO",
            Self::UnknownFormat => "TLC_UNKNOWN_FORMAT",
            Self::Truncated => "TLC_TRUNCATED",
            Self::Corrupt => "TLC_CORRUPT",
            Self::MissingColumn => "TLC_MISSING_COLUMN",
            Self::AmbiguousColumn => "TLC_AMBIGUOUS_COLUMN",
            Self::WrongType => "TLC_WRONG_TYPE",
            Self::NoRows => "TLC_NO_ROWS",
            Self::NoRides => "TLC_NO_RIDES",
            Self::BadZones => "TLC_BAD_ZONES",
        }
    }
}

/// An error about one file: which file, what was expected, what was found, what to do.
#[derive(Debug)]
pub struct TlcError {
    kind: TlcErrorKind,
    file: PathBuf,
    expected: String,
    found: String,
    remedy: String,
    source: Option<io::Error>,
}

impl TlcError {
    pub(crate) fn new(
        kind: TlcErrorKind,
        file: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            file: file.to_owned(),
            expected: expected.into(),
            found: found.into(),
            remedy: remedy.into(),
            source: None,
        }
    }

    /// The file system's own error, with what was being done.
    pub(crate) fn io(file: &Path, doing: &str, source: io::Error) -> Self {
        let remedy = match source.kind() {
            io::ErrorKind::NotFound if doing == "read" => "check the path, and that the file was downloaded",
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "check the permissions of the file and of its folder",
            io::ErrorKind::StorageFull => "free some disk space",
            _ => "check the file and the disk that it is on",
        };
        let error = Self::new(TlcErrorKind::Io, file, format!("to {doing} it"), source.to_string(), remedy);
        Self { source: Some(source), ..error }
    }

    /// What went wrong, for a program.
    pub fn kind(&self) -> TlcErrorKind {
        self.kind
    }

    /// [`TlcErrorKind::code`] of its kind.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The file that it is about.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Display for TlcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, expected, found, remedy, .. } = self;
        write!(f, "{}: expected {expected}, found {found}: {remedy}", file.display())
    }
}

impl std::error::Error for TlcError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
