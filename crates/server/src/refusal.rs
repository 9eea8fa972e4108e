//! A setting that cannot be served by, told so that the operator can put it right.

use std::fmt;

/// One setting that is refused. Never quotes a secret: those who make one say what was found in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The option or variable.
    pub(crate) field: String,
    /// What it should have said.
    pub(crate) expected: String,
    /// What it said.
    pub(crate) found: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl Refusal {
    /// A refusal of a field.
    pub(crate) fn new(
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), expected: expected.into(), found: found.into(), remedy: remedy.into() }
    }

    /// What the Worker says of a variable, in its form: `expected ..., found ...; remedy`.
    pub(crate) fn from_message(field: &str, message: &str) -> Self {
        let parts = || {
            let (before, rest) = message.split_once("expected ")?;
            let (expected, rest) = rest.split_once(", found ")?;
            let (found, remedy) = rest.split_once("; ").unwrap_or((rest, "set it again"));
            let field = match before.strip_suffix(": ") {
                Some(name) if name != field => format!("{field}: {name}"),
                _ => field.to_owned(),
            };
            Some(Self::new(field, expected, found, remedy))
        };
        parts().unwrap_or_else(|| Self::new(field, "a setting that can be served by", message, "set it again"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, expected, found, remedy } = self;
        write!(formatter, "{field}: expected {expected}, found {found}; {remedy}")
    }
}

/// What the operator wrote, shortened, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    if text.chars().count() <= SHOWN {
        return format!("{text:?}");
    }
    format!("{:?}...", text.chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn the_worker_s_messages_are_taken_apart() {
        for (message, expected) in [
            (
                "expected shipped or none, found \"x\"; shipped is taken",
                ("FALLBACK", "shipped or none", "\"x\"", "shipped is taken"),
            ),
            ("FALLBACK: expected a, found b", ("FALLBACK", "a", "b", "set it again")),
            ("S3_ENDPOINT: expected a, found b; c", ("FALLBACK: S3_ENDPOINT", "a", "b", "c")),
            ("no", ("FALLBACK", "a setting that can be served by", "no", "set it again")),
        ] {
            let (field, wanted, found, remedy) = expected;
            assert_eq!(
                Refusal::from_message("FALLBACK", message),
                Refusal::new(field, wanted, found, remedy),
                "{message}"
            );
        }
    }
}
