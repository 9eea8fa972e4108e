//! `s3://bucket/prefix`, `r2://bucket/prefix`, `file:///folder`, or a folder as it is: which store, and where in it.

use std::fmt;
use std::path::{Path, PathBuf};

use ::url::Url;

use crate::error::{PublishError, PublishErrorKind};

/// A place for objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of any store that speaks S3.
    S3 {
        /// The bucket.
        bucket: String,
        /// What every object's key begins with: empty, or segments with `/` between them and none at either end.
        prefix: String,
    },
    /// A bucket of Cloudflare R2, by its S3 interface.
    R2 {
        /// The bucket.
        bucket: String,
        /// As above.
        prefix: String,
    },
}

impl StoreUrl {
    /// Reads an address. What has no `://` is a folder.
    ///
    /// # Errors
    ///
    /// `STORE_URL` with what is wrong. An address in which there are a user's name and password is not repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// use curbside_publish::StoreUrl;
    ///
    /// let place = StoreUrl::parse("s3://weights/green").unwrap();
    /// assert_eq!((place.bucket(), place.prefix()), (Some("weights"), "green"));
    /// assert_eq!(StoreUrl::parse("ftp://weights").unwrap_err().code(), "STORE_URL");
    /// ```
    pub fn parse(text: &str) -> Result<StoreUrl, PublishError> {
        let expected = "expected s3://BUCKET[/PREFIX], r2://BUCKET[/PREFIX], file:///FOLDER or a folder";
        if !text.contains("://") {
            return if text.is_empty() {
                Err(PublishError::new(PublishErrorKind::StoreUrl, format!("{expected}, found nothing")))
            } else {
                Ok(StoreUrl::Folder(text.into()))
            };
        }
        // The parser's own message never repeats its input, which may hold a password.
        let refused =
            |found: &str| Err(PublishError::new(PublishErrorKind::StoreUrl, format!("{expected}, found {found}")));
        let Ok(url) = Url::parse(text) else { return refused("an address that cannot be read") };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("one with a user's name in it: keys come from the environment");
        }
        if url.query().is_some() || url.fragment().is_some() || url.port().is_some() {
            return refused(&format!("{text:?} with more than bucket and prefix"));
        }
        match url.scheme() {
            "file" => match url.to_file_path() {
                Ok(folder) => Ok(StoreUrl::Folder(folder)),
                Err(()) => refused(&format!("{text:?}, which is no folder of this machine")),
            },
            scheme @ ("s3" | "r2") => {
                let Some(bucket) = url.host_str().filter(|bucket| is_bucket(bucket)) else {
                    return refused(&format!("{text:?}, whose bucket is not 3 to 63 of a-z, 0-9, '.', '_' and '-'"));
                };
                let bucket = bucket.to_owned();
                let Some(prefix) = prefix(url.path()) else {
                    return refused(&format!("{text:?}, whose prefix has a segment that is no plain name"));
                };
                Ok(if scheme == "s3" { StoreUrl::S3 { bucket, prefix } } else { StoreUrl::R2 { bucket, prefix } })
            }
            scheme => refused(&format!("the scheme {scheme:?}")),
        }
    }

    /// The bucket, where it is one.
    pub fn bucket(&self) -> Option<&str> {
        match self {
            StoreUrl::Folder(_) => None,
            StoreUrl::S3 { bucket, .. } | StoreUrl::R2 { bucket, .. } => Some(bucket),
        }
    }

    /// What every object's key begins with, without `/` at its ends; empty for a folder.
    pub fn prefix(&self) -> &str {
        match self {
            StoreUrl::Folder(_) => "",
            StoreUrl::S3 { prefix, .. } | StoreUrl::R2 { prefix, .. } => prefix,
        }
    }

    /// The folder, where it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            StoreUrl::Folder(folder) => Some(folder),
            StoreUrl::S3 { .. } | StoreUrl::R2 { .. } => None,
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, bucket, prefix) = match self {
            StoreUrl::Folder(folder) => return write!(f, "{}", folder.display()),
            StoreUrl::S3 { bucket, prefix } => ("s3", bucket, prefix),
            StoreUrl::R2 { bucket, prefix } => ("r2", bucket, prefix),
        };
        write!(f, "{scheme}://{bucket}{}{prefix}", if prefix.is_empty() { "" } else { "/" })
    }
}

/// A bucket's name becomes a part of a host or of a path, so only what S3 allows is let through.
fn is_bucket(name: &str) -> bool {
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    (3..=63).contains(&name.len()) && name.bytes().all(plain) && name.as_bytes()[0].is_ascii_alphanumeric()
}

/// The path of an address as a prefix; `None` where a segment would need escaping, or would climb.
fn prefix(path: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'=' | b'+' | b'@' | b'~');
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let segments: Vec<&str> = segments.collect();
    let good = segments.iter().all(|segment| segment.bytes().all(plain) && !matches!(*segment, "." | ".."));
    good.then(|| segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_which_store_and_where_in_it() {
        let s3 = |bucket: &str, prefix: &str| StoreUrl::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
        let rows = [
            ("s3://weights", s3("weights", ""), "s3://weights"),
            ("s3://weights/", s3("weights", ""), "s3://weights"),
            ("s3://weights/a//b/", s3("weights", "a/b"), "s3://weights/a/b"),
            (
                "s3://mlflow/1/models/m-0a/artifacts",
                s3("mlflow", "1/models/m-0a/artifacts"),
                "s3://mlflow/1/models/m-0a/artifacts",
            ),
            ("r2://w.2-x", StoreUrl::R2 { bucket: "w.2-x".to_owned(), prefix: String::new() }, "r2://w.2-x"),
            ("file:///srv/a%20b", StoreUrl::Folder("/srv/a b".into()), "/srv/a b"),
            ("bucket/folder", StoreUrl::Folder("bucket/folder".into()), "bucket/folder"),
        ];
        for (text, expected, printed) in rows {
            let found = StoreUrl::parse(text).unwrap();
            assert_eq!((&found, found.to_string().as_str()), (&expected, printed), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_and_no_password_repeated() {
        let rows = [
            "",
            "ftp://weights",
            "https://weights/x",
            "s3://",
            "s3:///x",
            "s3://ab",
            "s3://We ights",
            "s3://-weights",
            "s3://weights:9000",
            "s3://weights?x=1",
            "s3://weights#x",
            "s3://weights/a%2fb",
            "s3://weights/a b",
            "file://far/x",
            "s3://GK1:topsecret@weights",
            "s3://topsecret@weights",
        ];
        for text in rows {
            let fault = StoreUrl::parse(text).unwrap_err();
            assert_eq!(fault.code(), "STORE_URL", "{text}");
            assert!(!fault.to_string().contains("topsecret"), "{fault}");
        }
    }
}
