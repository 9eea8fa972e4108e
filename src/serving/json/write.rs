//! Appending JSON.

use super::read::Json;

/// A JSON text under way. Values follow one another with the commas between them; whoever opens something closes it.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Nothing yet.
    pub(crate) const fn new() -> Writer {
        Writer(Vec::new())
    }

    /// Nothing yet, and room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Writer {
        Writer(Vec::with_capacity(bytes))
    }

    /// The text.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// `{` or `[`.
    pub(crate) fn open(&mut self, bracket: u8) {
        self.comma();
        self.0.push(bracket);
    }

    /// `}` or `]`.
    pub(crate) fn close(&mut self, bracket: u8) {
        self.0.push(bracket);
    }

    /// A key whose name needs no escapes.
    pub(crate) fn key(&mut self, name: &str) {
        self.comma();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.comma();
        self.0.push(b'"');
        for byte in text.bytes() {
            let short = match byte {
                b'"' | b'\\' => byte,
                8 => b'b',
                12 => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                0..0x20 => {
                    let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                    self.0.extend_from_slice(b"\\u00");
                    self.0.extend_from_slice(&digits);
                    continue;
                }
                _ => {
                    self.0.push(byte);
                    continue;
                }
            };
            self.0.extend_from_slice(&[b'\\', short]);
        }
        self.0.push(b'"');
    }

    /// A number, in the shortest digits that are read as the same double; null where it is none.
    pub(crate) fn number(&mut self, x: f64) {
        self.comma();
        if x.is_finite() {
            self.0.extend_from_slice(zmij::Buffer::new().format_finite(x).as_bytes());
        } else {
            self.0.extend_from_slice(b"null");
        }
    }

    /// A count.
    pub(crate) fn count(&mut self, n: usize) {
        self.raw(&n.to_string());
    }

    /// A value as it came.
    pub(crate) fn value(&mut self, value: Json<'_>) {
        self.raw(value.text());
    }

    /// A text that is one JSON value.
    pub(crate) fn raw(&mut self, value: &str) {
        self.comma();
        self.0.extend_from_slice(value.as_bytes());
    }

    /// A value that was written apart.
    pub(crate) fn append(&mut self, mut value: Writer) {
        self.comma();
        self.0.append(&mut value.0);
    }

    /// `"key":"text"`.
    pub(crate) fn pair(&mut self, name: &str, text: &str) {
        self.key(name);
        self.text(text);
    }

    /// Behind a value, of which none ends as what begins one does.
    fn comma(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }
}
