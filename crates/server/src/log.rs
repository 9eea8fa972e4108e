//! The launcher's log: one line of JSON an event, as the processes write theirs.

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};

use crate::refusal::Refusal;

/// What happened, on standard output. A log that nobody reads any more stops nothing.
pub(crate) fn event(name: &str, fields: &Value) {
    let _ = writeln!(std::io::stdout().lock(), "{}", line(name, fields));
}

/// What went wrong, on standard error.
pub(crate) fn fault(name: &str, fields: &Value) {
    let _ = writeln!(std::io::stderr().lock(), "{}", line(name, fields));
}

/// An object of these fields, the event's name first: that is what an eye looks for.
fn line(name: &str, fields: &Value) -> String {
    let fields = fields.to_string();
    let rest = fields.strip_prefix('{').filter(|rest| *rest != "}").map_or("}".to_owned(), |rest| format!(",{rest}"));
    format!("{{\"event\":{}{rest}", Value::from(name))
}

/// A setting that is refused; in plain words for a person at a terminal.
pub(crate) fn refused(refusal: &Refusal) {
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr().lock(), "curbside-server: {refusal}");
        return;
    }
    let Refusal { field, expected, found, remedy } = refusal;
    fault("refused", &json!({ "field": field, "expected": expected, "found": found, "remedy": remedy }));
}

/// Why the server could not start or go on.
pub(crate) fn failed(message: &str) {
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr().lock(), "curbside-server: {message}");
        return;
    }
    fault("failed", &json!({ "message": message }));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::line;

    #[test]
    fn the_event_comes_first() {
        assert_eq!(line("stopping", &json!({})), "{\"event\":\"stopping\"}");
        assert_eq!(line("a", &json!({ "b": 1 })), "{\"event\":\"a\",\"b\":1}");
    }
}
