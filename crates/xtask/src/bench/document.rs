//! The part of docs/benchmarks.md that the command writes: what stands between two marks.

use std::fs;

use anyhow::{Context, Result};

use crate::project::Project;

const DOCUMENT: &str = "docs/benchmarks.md";
const END: &str = "<!-- up to here -->";

/// Prints a part, and unless little was measured writes it behind the mark that it begins with.
///
/// # Errors
/// When the document cannot be read or written, or has no place for the part.
pub(super) fn write(project: &Project, begin: &str, part: &str, is_quick: bool) -> Result<()> {
    println!("\n{part}");
    if is_quick {
        println!("{DOCUMENT} is left as it was: --quick measures too little for it.");
        return Ok(());
    }
    let path = project.path(DOCUMENT);
    let before = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    fs::write(&path, replace(&before, begin, part)?)?;
    println!("{DOCUMENT} has been written.");
    Ok(())
}

/// The document with `part` between its marks, in the place of what stood there; `begin` is the first of them.
///
/// # Errors
/// When a mark is absent, or the end comes first.
fn replace(document: &str, begin: &str, part: &str) -> Result<String> {
    let mark = |mark| format!("{DOCUMENT}: expected the line {mark:?}, found none: put it back");
    let (before, rest) = document.split_once(begin).with_context(|| mark(begin))?;
    let (_, after) = rest.split_once(END).with_context(|| mark(END))?;
    Ok(format!("{before}{begin}\n\n{}\n\n{END}{after}", part.trim()))
}

#[cfg(test)]
mod tests {
    use super::{END, replace};

    const BEGIN: &str = "<!-- this is ours -->";

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let other = format!("<!-- this is another's -->\nkept\n{END}\n");
        let document = format!("# Head\n\n{other}\n{BEGIN}\nold\n{END}\n\ntail\n");
        let written = replace(&document, BEGIN, "new\n").unwrap_or_default();
        assert_eq!(written, format!("# Head\n\n{other}\n{BEGIN}\n\nnew\n\n{END}\n\ntail\n"));
        assert_eq!(replace(&written, BEGIN, "new").unwrap_or_default(), written, "the second time changes nothing");
    }

    #[test]
    fn a_document_without_marks_is_left_alone() {
        for document in [String::new(), format!("{BEGIN} and no end"), format!("{END}\n{BEGIN}")] {
            assert!(replace(&document, BEGIN, "new").is_err(), "{document}");
        }
    }
}
