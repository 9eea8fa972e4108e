//! What a store answers, in words: no XML, no counts of retries, no keys, and what to do in each case.

use std::error::Error as _;

use object_store::Error;

use crate::error::{PublishError, PublishErrorKind};

/// The kinds of failure that have remedies of their own.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    kind: PublishErrorKind,
    found: String,
}

/// A store's error as ours, under one of the codes `STORE_UNREACHABLE`, `STORE_DENIED`, `STORE_BUCKET` and `STORE_FAILED`; `place` is the
/// object or the bucket, without keys.
pub fn store_error(place: &str, fault: &Error) -> PublishError {
    let told = told(fault);
    PublishError::new(told.kind, format!("{place}: {}", told.found))
}

/// Whether a conditional write was refused because its condition did not hold.
pub(crate) fn is_refused_condition(fault: &Error) -> bool {
    matches!(fault, Error::Precondition { .. } | Error::AlreadyExists { .. } | Error::NotModified { .. })
}

/// Whether a store says that it knows no conditional writes.
pub(crate) fn knows_no_conditions(fault: &Error) -> bool {
    matches!(fault, Error::NotImplemented { .. } | Error::NotSupported { .. })
        || Answer::of(fault)
            .is_some_and(|answer| answer.status == 501 || answer.code.as_deref() == Some("NotImplemented"))
}

/// Whether a write that failed so may have been done all the same, or may still be.
pub(crate) fn is_outcome_unknown(fault: &Error) -> bool {
    Answer::of(fault).map_or_else(|| connection_of(fault).is_some(), |answer| answer.status >= 500)
}

fn told(fault: &Error) -> Told {
    let new = |kind, found: String| Told { kind, found };
    if let Some(answer) = Answer::of(fault) {
        let code = answer.code.as_deref().unwrap_or_default();
        let kind = match (answer.status, code) {
            (_, "NoSuchBucket") => PublishErrorKind::StoreBucket,
            (401 | 403, _)
            | (
                _,
                "AuthorizationHeaderMalformed"
                | "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "RequestTimeTooSkewed",
            ) => PublishErrorKind::StoreDenied,
            _ => PublishErrorKind::Store,
        };
        return new(kind, answer.to_string());
    }
    match connection_of(fault) {
        Some(found) => new(PublishErrorKind::StoreUnreachable, found),
        None => new(PublishErrorKind::Store, innermost(fault)),
    }
}

/// What an HTTP store answered with.
#[derive(Debug)]
struct Answer {
    status: u16,
    reason: String,
    code: Option<String>,
    message: Option<String>,
}

impl Answer {
    /// `object_store` keeps status and body in its text alone; its wording is pinned by a test below and by those on a real server.
    fn of(fault: &Error) -> Option<Answer> {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(fault);
        let mut text = None;
        while let Some(error) = source {
            let printed = error.to_string();
            if printed.starts_with("Server returned non-2xx status code: ") {
                text = Some(printed);
                break;
            }
            source = error.source();
        }
        let text = text?;
        let rest = text.strip_prefix("Server returned non-2xx status code: ")?;
        let (status, body) = rest.split_once(": ").unwrap_or((rest, ""));
        let (number, reason) = status.split_once(' ').unwrap_or((status, ""));
        Some(Answer {
            status: number.parse().ok()?,
            reason: reason.to_owned(),
            code: element(body, "Code"),
            message: element(body, "Message"),
        })
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the store answered {} {}", self.status, self.reason)?;
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, " ({code}: {message})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, _) => Ok(()),
        }
    }
}

/// The text of an XML element of a store's answer, on one line and short. A wrong key's id may be quoted there, a secret never is;
/// ids are left out all the same.
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = [("&apos;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escape, sign)| text.replace(escape, sign));
    let words: Vec<&str> =
        text.split_whitespace().map(|word| if is_key_id(word) { "[key id]" } else { word }).collect();
    let mut line = words.join(" ").trim_end_matches('.').to_owned();
    if let Some((end, _)) = line.char_indices().nth(160) {
        line.truncate(end);
        line.push_str("...");
    }
    Some(line)
}

/// Ids of access keys as Amazon (`AKIA...`, `ASIA...`) and Garage (`GK...`) make them.
fn is_key_id(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    word.len() >= 16 && ["AKIA", "ASIA", "GK"].iter().any(|prefix| word.starts_with(prefix))
}

/// Why there was no answer at all, if that is what happened.
fn connection_of(fault: &Error) -> Option<String> {
    let chain = chain(fault);
    let is_network = chain.iter().any(|text| text.contains("error sending request") || text.contains("HTTP error"));
    if !is_network {
        return None;
    }
    let why = chain.last()?;
    Some(format!("no answer from the store ({why})"))
}

/// The message of the deepest cause, which is the one that says something.
fn innermost(fault: &Error) -> String {
    chain(fault).pop().unwrap_or_else(|| fault.to_string())
}

fn chain(fault: &Error) -> Vec<String> {
    let mut texts = vec![fault.to_string()];
    let mut source = fault.source();
    while let Some(error) = source {
        texts.push(error.to_string());
        source = error.source();
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_of_an_answer_is_one_short_line_without_ids_of_keys() {
        let body = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>No such key: AKIAIOSFODNN7EXAMPLE,\n  or &apos;GK0123456789abcdef01234567&apos;.</Message><HostId>x</HostId></Error>";
        assert_eq!(element(body, "Code").as_deref(), Some("AccessDenied"));
        assert_eq!(element(body, "Message").as_deref(), Some("No such key: [key id] or [key id]"));
        assert_eq!(element(body, "Resource"), None);
        assert_eq!(element("<Message>cut", "Message"), None);
        let long = element(&format!("<Message>{}</Message>", "word ".repeat(200)), "Message").unwrap();
        assert_eq!((long.len(), long.ends_with("...")), (163, true));
    }

    #[test]
    fn a_refused_condition_is_told_from_a_store_without_conditions() {
        let refused = Error::Precondition { path: "p".to_owned(), source: "412".into() };
        let unknown = Error::NotImplemented { operation: "put".to_owned(), implementer: "folder".to_owned() };
        assert!(is_refused_condition(&refused) && !knows_no_conditions(&refused));
        assert!(!is_refused_condition(&unknown) && knows_no_conditions(&unknown));
        // Neither may still be done later.
        assert!(!is_outcome_unknown(&refused) && !is_outcome_unknown(&unknown));
    }
}
