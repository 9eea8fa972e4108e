//! One question over HTTP and the whole answer: all that the launcher asks is small, near and closes the connection.

use std::io::{Error, ErrorKind, Read, Write};

/// No answer of ours is longer.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

/// Status and body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Text; its transfer coding undone.
    pub(crate) body: String,
}

/// Sends `GET path` and reads to the end.
///
/// # Errors
/// When the connection fails, or what comes is no HTTP.
pub(crate) fn get(
    stream: &mut (impl Read + Write),
    host: &str,
    path: &str,
    token: Option<&str>,
) -> std::io::Result<Answer> {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    stream.write_all(
        format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{authorization}connection: close\r\n\r\n").as_bytes(),
    )?;
    let mut bytes = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| Error::new(ErrorKind::InvalidData, "expected an answer in HTTP, found none"))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()?;
    let is_chunked = lines.any(|line| line.to_ascii_lowercase().replace(' ', "") == "transfer-encoding:chunked");
    let body = if is_chunked { unchunked(body)? } else { body.to_owned() };
    Some(Answer { status, body })
}

fn unchunked(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, after) = rest.split_once("\r\n")?;
        let length = usize::from_str_radix(length.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(after.get(..length)?);
        rest = after.get(length..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::parse;

    #[test]
    fn both_ways_to_send_a_body_are_read() {
        for (sent, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}"),
            (
                "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
                503,
                "{\"a\":1}",
            ),
        ] {
            let answer = parse(sent.as_bytes()).unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (status, body));
        }
    }

    #[test]
    fn what_is_cut_short_is_no_answer() {
        for sent in
            ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "SSH-2.0"]
        {
            assert_eq!(parse(sent.as_bytes()), None, "{sent}");
        }
    }
}
