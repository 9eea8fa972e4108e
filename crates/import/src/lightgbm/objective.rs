//! What an objective does to the sum (`ConvertOutput` in `src/objective/`).

use curbside::model::Link;

use super::block::Block;
use crate::error::ImportError;

/// Those that `reg_sqrt` may square.
const ROOTED: [&str; 5] = ["regression", "regression_l1", "fair", "quantile", "mape"];
const IDENTITY: [&str; 2] = ["huber", "custom"];
const EXP: [&str; 3] = ["poisson", "gamma", "tweedie"];

/// The objective as the file names it, with its parameters; empty for a custom one.
pub(super) fn name<'a>(header: &Block<'a>) -> &'a str {
    header.optional("objective").map_or("", |entry| entry.value).trim()
}

/// Its function.
pub(super) fn link(header: &Block<'_>) -> Result<Link, ImportError> {
    let Some(entry) = header.optional("objective") else { return Ok(Link::Identity) };
    let mut words = entry.value.split_whitespace();
    let name = words.next().unwrap_or_default();
    let parameters: Vec<&str> = words.collect();
    let fail = |expected: String| Err(ImportError::new(entry.line, "objective", expected, entry.value));
    let sqrt = parameters.contains(&"sqrt");
    if name == "binary" {
        let slope = parameters.iter().find_map(|word| word.strip_prefix("sigmoid:"));
        return match slope.and_then(|slope| slope.parse::<f64>().ok()) {
            Some(slope) if slope > 0.0 && slope.is_finite() => Ok(Link::Logistic { slope }),
            _ => fail("binary with its `sigmoid:` above 0".to_owned()),
        };
    }
    match name {
        _ if ROOTED.contains(&name) => Ok(if sqrt { Link::SignedSquare } else { Link::Identity }),
        // Other words are parameters of the loss, which predictions do not read.
        _ if !sqrt && IDENTITY.contains(&name) => Ok(Link::Identity),
        _ if !sqrt && EXP.contains(&name) => Ok(Link::Exp),
        "cross_entropy" if !sqrt => Ok(Link::Logistic { slope: 1.0 }),
        _ => {
            let names = [&ROOTED[..], &IDENTITY, &EXP].concat().join(", ");
            fail(format!("an objective that predicts one number: {names}, binary, cross_entropy"))
        }
    }
}
