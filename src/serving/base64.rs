//! Base64 as a stream's records have it (RFC 4648, section 4): the standard alphabet, padded.

/// The bytes that a text stands for; `None` for a text that is not base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let content = text.trim_end_matches('=');
    // Whole groups of four, of which only the last is padded, and by at most two.
    if !text.len().is_multiple_of(4) || text.len() - content.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(content.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in content.bytes() {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(sextet);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_le_bytes()[0]);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_vectors_of_the_rfc_and_their_neighbours() {
        let rows: [(&str, Option<&[u8]>); 14] = [
            ("", Some(b"")),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg==", Some(b"foob")),
            ("Zm9vYmE=", Some(b"fooba")),
            ("Zm9vYmFy", Some(b"foobar")),
            ("+/+/", Some(&[0xfb, 0xff, 0xbf])),
            ("Zg=", None),
            ("Zg", None),
            ("Z===", None),
            ("====", None),
            ("Zm9-", None),
            ("Zm 9", None),
        ];
        for (text, expected) in rows {
            assert_eq!(decode(text).as_deref(), expected, "{text:?}");
        }
    }
}
