//! The tables of the document: engines are rows, models are columns, and what counts are ratios.

use std::fmt::Write as _;

use super::figures::{Figures, Measure};
use super::measure::Results;
use super::plan::{ENGINES, Engine, FIVE, MODELS, Model};

/// One table of a measure: for Curbside what it takes, for the others how many times that, and what they take.
pub(super) fn costs(results: &Results, measure: Measure) -> String {
    table(results, |model, engine, figures| {
        let own = figures.median(measure)?;
        let shown = shown(own, measure);
        let first = ENGINES.iter().find(|first| first.is_javascript() == engine.is_javascript())?;
        if engine.name == first.name {
            return Some(format!("**{shown}**"));
        }
        let ratio = figures.ratio(results.get(&(model.name, first.name))?, measure)?;
        Some(format!("{} ({shown})", rounded(ratio)))
    })
}

/// The table of the largest differences from the training library.
pub(super) fn differences(results: &Results) -> String {
    table(results, |_, _, figures| Some(difference(figures.difference?)))
}

/// What travels and how soon it answers, of the first model.
pub(super) fn starts(results: &Results) -> String {
    let mut text =
        "| 300 x 31 | cold start | its CPU time | module | glue | weights |\n|---|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for engine in ENGINES.iter().filter(|engine| engine.is_javascript()) {
        let Some(figures) = results.get(&(FIVE, engine.name)).filter(|figures| figures.failed.is_none()) else {
            continue;
        };
        let start = |measure| figures.median(measure).map_or_else(dash, |start| shown(start, measure));
        let sizes: Vec<String> = figures.sizes.iter().map(|bytes| kilobytes(*bytes)).collect();
        push(
            &mut text,
            &format!(
                "| {} | {} | {} | {} |\n",
                engine.title,
                start(Measure::Start),
                start(Measure::StartWork),
                sizes.join(" | ")
            ),
        );
    }
    text
}

/// Engines that were left out, and why.
pub(super) fn failures(results: &Results) -> String {
    let mut text = String::new();
    for engine in &ENGINES {
        for model in &MODELS {
            if let Some(reason) = results.get(&(model.name, engine.name)).and_then(|figures| figures.failed.as_ref()) {
                push(&mut text, &format!("- {}, {}: {reason}\n", engine.title, model.title));
            }
        }
    }
    text
}

fn table(results: &Results, cell: impl Fn(&Model, &Engine, &Figures) -> Option<String>) -> String {
    let models: Vec<&Model> =
        MODELS.iter().filter(|model| results.keys().any(|(name, _)| *name == model.name)).collect();
    let heads: Vec<&str> = models.iter().map(|model| model.title).collect();
    let mut text = format!("| | {} |\n|---|{}\n", heads.join(" | "), "---:|".repeat(models.len()));
    for engine in &ENGINES {
        let cells: Vec<String> = models
            .iter()
            .map(|model| match results.get(&(model.name, engine.name)) {
                Some(figures) if figures.failed.is_none() => cell(model, engine, figures).unwrap_or_else(dash),
                _ => dash(),
            })
            .collect();
        if cells.iter().any(|cell| *cell != dash()) {
            push(&mut text, &format!("| {} | {} |\n", engine.title, cells.join(" | ")));
        }
    }
    text
}

fn shown(value: f64, measure: Measure) -> String {
    match measure {
        Measure::Start | Measure::StartWork => format!("{value:.0} ms"),
        _ if value < 10_000.0 => format!("{:.2} us", value / 1e3),
        _ => format!("{:.0} us", value / 1e3),
    }
}

/// Two digits are all that a busy machine lets one say.
fn rounded(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.1}") } else { format!("{ratio:.0}") }
}

pub(super) fn difference(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:.0e}") }
}

/// In thousands, as the document has them elsewhere.
fn kilobytes(bytes: f64) -> String {
    match bytes {
        0.0 => dash(),
        bytes if bytes < 10_000.0 => format!("{:.1} KB", bytes / 1e3),
        bytes => format!("{:.0} KB", bytes / 1e3),
    }
}

fn dash() -> String {
    "-".to_owned()
}

fn push(text: &mut String, line: &str) {
    // Writing into a text cannot fail.
    let written = write!(text, "{line}");
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let taking = |nanoseconds: f64, difference: f64| Figures {
            warm: vec![nanoseconds],
            difference: Some(difference),
            ..Figures::default()
        };
        Results::from([
            ((FIVE, "curbside"), taking(500.0, 0.0)),
            ((FIVE, "ydf-inference"), taking(10_000.0, 3.2e-5)),
            ((FIVE, "m2cgen"), Figures::failed("absent".to_owned())),
            ((FIVE, "tables"), taking(250.0, 0.0)),
            ((FIVE, "lleaves-c"), taking(2000.0, 1e-13)),
        ])
    }

    #[test]
    fn peers_are_told_as_multiples_of_ours_on_their_own_host() {
        assert_eq!(
            costs(&results(), Measure::Warm),
            "| | 300 x 31 |\n|---|---:|\n| Curbside | **0.50 us** |\n| ydf-inference, a model of its own | 20 (10 us) |\n\
             | Curbside, natively | **0.25 us** |\n| lleaves, its compiled function | 8.0 (2.00 us) |\n"
        );
    }

    #[test]
    fn what_was_not_measured_has_no_row() {
        assert_eq!(costs(&results(), Measure::Cold), "| | 300 x 31 |\n|---|---:|\n");
        assert_eq!(failures(&results()), "- m2cgen, 300 x 31: absent\n");
    }

    #[test]
    fn differences_are_told_by_their_order() {
        let text = differences(&results());
        assert!(text.contains("| Curbside | 0 |") && text.contains("| 3e-5 |") && text.contains("| 1e-13 |"), "{text}");
    }

    #[test]
    fn sizes_are_told_in_thousands() {
        for (bytes, text) in [(0.0, "-"), (541.0, "0.5 KB"), (119_600.0, "120 KB"), (3_687_160.0, "3687 KB")] {
            assert_eq!(kilobytes(bytes), text);
        }
    }
}
