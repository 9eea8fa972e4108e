//! An explanation as a table: the average ride, what moves the estimate from there, and what comes out.

use std::fmt;

use curbside::explain::{Explanation, Space};

/// Marks of the longest bar.
const LONGEST: f64 = 24.0;

/// Writes the table below an answer.
pub(super) fn table(f: &mut fmt::Formatter<'_>, explanation: &Explanation<'_>) -> fmt::Result {
    let Explanation { space, unit, base_value, contributions, sum, clipped } = explanation;
    let about =
        if *space == Space::Target { "" } else { " (the model ends in a function: these add up to what it is given)" };
    writeln!(f, "  why       {unit}{about}")?;
    let most = contributions.iter().fold(0.0, |most: f64, contribution| most.max(contribution.amount.abs()));
    let width = contributions.iter().map(|contribution| contribution.words.len()).max().unwrap_or(0).max(12);
    writeln!(f, "  {base_value:>9.2}  an average ride")?;
    for contribution in contributions {
        let marks = if most > 0.0 { (contribution.amount.abs() / most * LONGEST).round() } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 24")]
        let bar = if contribution.amount < 0.0 { "-" } else { "+" }.repeat(marks as usize);
        let line = format!("  {:>+9.2}  {:width$}  {bar}", contribution.amount, contribution.words);
        writeln!(f, "{}", line.trim_end())?;
    }
    let ends = match (space, clipped) {
        (Space::Target, true) => "this ride, before it is moved into the bounds of the estimate",
        (Space::Target, false) => "this ride",
        _ => "the model's number for this ride",
    };
    writeln!(f, "  {sum:>9.2}  {ends}")
}
