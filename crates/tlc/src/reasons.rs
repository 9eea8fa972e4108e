//! The small table in which rows are accounted for: reason, rows, share. One form for reading and for filtering.

use std::fmt;

/// Writes a heading and one line a reason, the columns aligned; shares are of `total` rows.
pub(crate) fn write_table(f: &mut fmt::Formatter<'_>, total: u64, lines: &[(String, u64)]) -> fmt::Result {
    let width = lines.iter().map(|(reason, _)| reason.chars().count()).max().unwrap_or(0).max("reason".len());
    writeln!(f, "{:width$}  {:>9}  {:>9}", "reason", "rows", "share")?;
    for (reason, rows) in lines {
        writeln!(f, "{reason:width$}  {rows:>9}  {:>7.3} %", percent(*rows, total))?;
    }
    Ok(())
}

/// Per cent of `total`; 0 of nothing is 0.
#[allow(clippy::cast_precision_loss, reason = "rows of a month are far below 2^53, and this is printed to 3 digits")]
fn percent(rows: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { 100.0 * rows as f64 / total as f64 }
}
