//! Universal Binary JSON, draft 12, as XGBoost writes it: big-endian, lists with a type and a length.

use super::{Budget, DEEPEST, Growing, Value};
use crate::error::ImportError;

/// Reads one value, which must be all there is.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, ImportError> {
    let mut reader = Reader { bytes, at: 0, budget: Budget::new() };
    let marker = reader.byte()?;
    let value = reader.value(marker, 0)?;
    if reader.at == bytes.len() { Ok(value) } else { Err(reader.fail("the end", "more bytes")) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    budget: Budget,
}

impl<'a> Reader<'a> {
    fn fail(&self, expected: &str, found: &str) -> ImportError {
        ImportError::at(&format!("byte {}", self.at), expected, found)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ImportError> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..count) else {
            return Err(self.fail(&format!("{count} more bytes"), &format!("{} of them", rest.len())));
        };
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ImportError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, ImportError> {
        Ok(self.array::<1>()?[0])
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn integer(&mut self, marker: u8) -> Result<i64, ImportError> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(self.byte()?),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return Err(self.fail("the marker of an integer", &shown(marker))),
        })
    }

    fn length(&mut self) -> Result<usize, ImportError> {
        let marker = self.byte()?;
        let length = self.integer(marker)?;
        usize::try_from(length).map_err(|_| self.fail("a length of 0 or more", &length.to_string()))
    }

    fn string(&mut self) -> Result<String, ImportError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.fail("a text in UTF-8 up to here", "other bytes"))
    }

    fn value(&mut self, marker: u8, depth: usize) -> Result<Value, ImportError> {
        if depth > DEEPEST {
            let expected = format!("at most {DEEPEST} lists and objects within each other");
            return Err(self.fail(&expected, "more"));
        }
        Ok(match marker {
            b'Z' => Value::Null,
            b'T' => Value::Number(1.0),
            b'F' => Value::Number(0.0),
            b'd' => Value::Number(f64::from(f32::from_be_bytes(self.array()?))),
            b'D' => Value::Number(f64::from_be_bytes(self.array()?)),
            b'S' => Value::Text(self.string()?),
            b'C' => Value::Text(char::from(self.byte()?).to_string()),
            b'[' => self.list(depth)?,
            b'{' => self.object(depth)?,
            b'i' | b'U' | b'I' | b'l' | b'L' => {
                let integer = self.integer(marker)?;
                #[expect(clippy::cast_precision_loss, reason = "no count is that large")]
                let number = integer as f64;
                Value::Number(number)
            }
            _ => return Err(self.fail("a marker of UBJSON up to here", &shown(marker))),
        })
    }

    fn list(&mut self, depth: usize) -> Result<Value, ImportError> {
        let (kind, count) = self.kind_and_count()?;
        let mut list = Growing::default();
        let mut read = 0;
        // Without a count the list ends with its bracket. With one, each value takes bytes: only kinds that take none could
        // make much of little, and those are no numbers.
        while count.is_none_or(|count| read < count) {
            let marker = match kind {
                Some(kind) => kind,
                None => self.byte()?,
            };
            if count.is_none() && marker == b']' {
                break;
            }
            let value = self.value(marker, depth + 1)?;
            self.budget.value(&value)?;
            if !list.push(value) {
                return Err(self.fail("numbers or other values in a list, not both, up to here", "both"));
            }
            read += 1;
        }
        Ok(list.finish())
    }

    /// What a list says of all its values.
    fn kind_and_count(&mut self) -> Result<(Option<u8>, Option<usize>), ImportError> {
        let mut kind = None;
        if self.peek() == Some(b'$') {
            self.at += 1;
            let marker = self.byte()?;
            if !b"diUIlLDSC[{".contains(&marker) {
                return Err(self.fail("a kind of value that takes bytes", &shown(marker)));
            }
            kind = Some(marker);
        }
        if self.peek() == Some(b'#') {
            self.at += 1;
            return Ok((kind, Some(self.length()?)));
        }
        match kind {
            Some(_) => Err(self.fail("a count after the kind of a list", "none")),
            None => Ok((None, None)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ImportError> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        if matches!(self.peek(), Some(b'$' | b'#')) {
            return Err(self.fail("an object that ends with `}`, as XGBoost writes them", "a counted one"));
        }
        while self.peek() != Some(b'}') {
            let key = self.string()?;
            let marker = self.byte()?;
            let value = self.value(marker, depth + 1)?;
            self.budget.field(&key, &value)?;
            super::fields::add(&mut fields, key, value)?;
        }
        self.at += 1;
        Ok(Value::Object(fields))
    }
}

fn shown(marker: u8) -> String {
    format!("{:?}", char::from(marker))
}
