//! The document: numbers in their forms, put into the template.

use anyhow::{Context as _, Result};
use curbside::bundle::Metrics;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use crate::choices::Choices;
use crate::promise::Worst;
use crate::shipped::Shipped;
use crate::{expectation, noise, protocols, trade};

const TEMPLATE: &str = include_str!("accuracy.md.j2");

/// Everything that the document says in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Document {
    pub(crate) measured: protocols::Measured,
    /// What the months after a training were like.
    pub(crate) expectations: Vec<expectation::Row>,
    /// Where promise and observation are farthest apart.
    pub(crate) worst: Option<Worst>,
    pub(crate) shipped: Shipped,
    pub(crate) baseline: Baseline,
    /// Months of the trade.
    pub(crate) trade_months: Vec<&'static str>,
    /// What its models were grown by, but for the tables.
    pub(crate) trade_parameters: String,
    pub(crate) trade: Vec<trade::Row>,
    pub(crate) choices: Choices,
    pub(crate) noise: Vec<noise::Row>,
    /// Standard deviation of the noise's logarithm.
    pub(crate) noise_size: f64,
    /// How many draws of noise were averaged.
    pub(crate) draws: usize,
}

/// The linear baseline on 2021-02.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Baseline {
    /// As the reference measures: distances as recorded, not clipped.
    pub(crate) as_reference: Metrics,
    /// As it serves.
    pub(crate) as_served: Metrics,
}

impl Document {
    /// The text of the document.
    ///
    /// # Errors
    /// For a template that asks for what is not there.
    pub(crate) fn render(&self) -> Result<String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        environment.add_filter("fixed", fixed);
        environment.add_filter("signed", signed);
        environment.add_filter("percent", percent);
        environment.add_filter("thousands", thousands);
        environment.add_template("accuracy.md", TEMPLATE).context("accuracy.md.j2")?;
        environment.get_template("accuracy.md")?.render(self).context("accuracy.md.j2")
    }
}

/// A number with so many decimals; no zero has a sign.
pub(crate) fn fixed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| c == '0' || c == '.') => zero.to_owned(),
        _ => text,
    }
}

/// The same with a sign.
fn signed(number: f64, decimals: usize) -> String {
    let text = fixed(number, decimals);
    if text.starts_with('-') { text } else { format!("+{text}") }
}

/// A share in hundredths, with one decimal.
fn percent(share: f64) -> String {
    format!("{} %", fixed(100.0 * share, 1))
}

/// A count with commas between its thousands.
fn thousands(count: i64) -> Result<String, Error> {
    if count < 0 {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("expected a count, found {count}")));
    }
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
