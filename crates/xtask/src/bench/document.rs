//! The part of docs/benchmarks.md that the command writes: what stands between two marks.

use anyhow::{Context, Result};

const BEGIN: &str = "<!-- from here on written by `cargo xtask bench` -->";
const END: &str = "<!-- up to here -->";

/// The document with `part` between its marks, in the place of what stood there.
///
/// # Errors
/// When a mark is absent, or the end comes first.
pub(super) fn replace(document: &str, part: &str) -> Result<String> {
    let mark = |mark| format!("docs/benchmarks.md: expected the line {mark:?}, found none: put it back");
    let (before, rest) = document.split_once(BEGIN).with_context(|| mark(BEGIN))?;
    let (_, after) = rest.split_once(END).with_context(|| mark(END))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", part.trim()))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replace};

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let document = format!("# Head\n\n{BEGIN}\nold\n{END}\n\ntail\n");
        let written = replace(&document, "new\n").unwrap_or_default();
        assert_eq!(written, format!("# Head\n\n{BEGIN}\n\nnew\n\n{END}\n\ntail\n"));
        assert_eq!(replace(&written, "new").unwrap_or_default(), written, "the second time changes nothing");
    }

    #[test]
    fn a_document_without_marks_is_left_alone() {
        for document in [String::new(), format!("{BEGIN} and no end"), format!("{END}\n{BEGIN}")] {
            assert!(replace(&document, "new").is_err(), "{document}");
        }
    }
}
