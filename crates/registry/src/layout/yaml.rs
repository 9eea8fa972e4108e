//! The little YAML that `MLflow`'s files need: maps, lists, texts, whole numbers, null.
//!
//! Written by hand because writing this much is forty lines, and no text can be taken for anything else: each is quoted, and
//! what Python's reader would not take as it is, is escaped.

use std::fmt::{self, Write};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Yaml {
    Null,
    Number(u64),
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(&'static str, Yaml)>),
}

impl Yaml {
    pub(super) fn text(text: &str) -> Yaml {
        Yaml::Text(text.to_owned())
    }

    pub(super) fn number<T: TryInto<u64>>(number: T) -> Yaml {
        number.try_into().map_or(Yaml::Null, Yaml::Number)
    }

    pub(super) fn map(entries: impl IntoIterator<Item = (&'static str, Yaml)>) -> Yaml {
        Yaml::Map(entries.into_iter().collect())
    }

    /// Writes the value behind a key or a dash: on the same line if it fits there.
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Yaml::Null => writeln!(f, " null"),
            Yaml::Number(number) => writeln!(f, " {number}"),
            Yaml::Text(text) => {
                f.write_str(" ")?;
                write_quoted(f, text)?;
                f.write_char('\n')
            }
            Yaml::List(_) | Yaml::Map(_) => {
                f.write_char('\n')?;
                self.write_block(f, depth)
            }
        }
    }

    fn write_block(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = 2 * depth;
        match self {
            Yaml::List(items) => items.iter().try_for_each(|item| {
                write!(f, "{:indent$}-", "")?;
                item.write(f, depth + 1)
            }),
            Yaml::Map(entries) => entries.iter().try_for_each(|(key, value)| {
                write!(f, "{:indent$}{key}:", "")?;
                value.write(f, depth + 1)
            }),
            Yaml::Null | Yaml::Number(_) | Yaml::Text(_) => self.write(f, depth),
        }
    }
}

impl fmt::Display for Yaml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_block(f, 0)
    }
}

/// In double quotes, which alone have escapes.
fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            ' '..='~' => f.write_char(letter)?,
            _ => write!(f, "\\U{:08X}", u32::from(letter))?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_nested_by_two_spaces_and_texts_always_quoted() {
        let list = Yaml::List(vec![Yaml::text("-r x"), Yaml::map([("pip", Yaml::List(vec![Yaml::text("a==1")]))])]);
        let inner = Yaml::map([("no", Yaml::text("null")), ("n", Yaml::number(3_usize)), ("none", Yaml::Null)]);
        let found = Yaml::map([("outer", inner), ("list", list)]).to_string();
        let expected =
            "outer:\n  no: \"null\"\n  n: 3\n  none: null\nlist:\n  - \"-r x\"\n  -\n    pip:\n      - \"a==1\"\n";
        assert_eq!(found, expected);
    }

    #[test]
    fn what_would_end_a_text_or_break_a_reader_is_escaped() {
        let found = Yaml::map([("x", Yaml::text("a\"b\\c\n: é\u{7f}\u{1f695}#"))]).to_string();
        assert_eq!(found, "x: \"a\\\"b\\\\c\\U0000000A: \\U000000E9\\U0000007F\\U0001F695#\"\n");
    }
}
