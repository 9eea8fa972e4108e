//! The goals, each with what was found: reached or not is for the numbers to say.

use std::fmt::Write as _;

use super::figures::{Figures, Measure, median};
use super::measure::Results;
use super::plan::{ENGINES, FIVE, MODELS};
use super::prepare::Weights;
use super::table::difference;

/// A ratio that was promised.
struct Goal {
    what: &'static str,
    model: &'static str,
    ours: &'static str,
    peer: &'static str,
    measure: Measure,
    at_least: f64,
}

const fn goal(
    what: &'static str,
    model: &'static str,
    [ours, peer]: [&'static str; 2],
    measure: Measure,
    at_least: f64,
) -> Goal {
    Goal { what, model, ours, peer, measure, at_least }
}

const YDF: [&str; 2] = ["curbside", "ydf-inference"];
const ONNX: [&str; 2] = ["curbside", "onnxruntime-web"];
const LLEAVES: [&str; 2] = ["tables", "lleaves-c"];
const LLEAVES_PYTHON: [&str; 2] = ["tables", "lleaves-python"];

const GOALS: [Goal; 14] = [
    goal("one row, 300 x 31, over ydf-inference", "five", YDF, Measure::Warm, 20.0),
    goal("over onnxruntime-web", "five", ONNX, Measure::Warm, 60.0),
    goal("batch, 300 x 31, over ydf-inference", "five", YDF, Measure::Batch, 18.0),
    goal("one row, 1,000 x 63, over ydf-inference", "large", YDF, Measure::Warm, 8.0),
    goal("batch, 1,000 x 63, over ydf-inference", "large", YDF, Measure::Batch, 14.0),
    goal("batch, 30 columns, over onnxruntime-web", "thirty", ONNX, Measure::Batch, 14.0),
    goal("one row, categories, over onnxruntime-web", "categories", ONNX, Measure::Warm, 150.0),
    goal("one row with cold caches, 300 x 31, over ydf-inference", "five", YDF, Measure::Cold, 10.0),
    goal("cold start, 300 x 31, over ydf-inference", "five", YDF, Measure::Start, 10.0),
    goal("by the CPU time of all threads", "five", YDF, Measure::StartWork, 10.0),
    goal("natively, one row, 300 x 31, over lleaves by its compiled function", "five", LLEAVES, Measure::Warm, 15.0),
    goal("over lleaves as Python calls it", "five", LLEAVES_PYTHON, Measure::Warm, 15.0),
    goal("natively, batch, 300 x 31, over lleaves by its compiled function", "five", LLEAVES, Measure::Batch, 10.0),
    goal("over lleaves as Python calls it", "five", LLEAVES_PYTHON, Measure::Batch, 10.0),
];

/// Nanoseconds of an estimate with its interval in WebAssembly.
const ESTIMATE: f64 = 1500.0;
/// Nanoseconds of an explanation by the first model in WebAssembly.
const EXPLANATION: f64 = 1e6;
/// Bytes of the module after gzip.
const MODULE: f64 = 140e3;
/// Bytes of weights on the wire for a leaf of the first model, of which there are 300 times 31.
const BYTES_A_LEAF: f64 = 10.0;
const BYTES_A_ROUNDED_LEAF: f64 = 8.0;
const LEAVES: f64 = 9300.0;

/// The table of goals. `estimate` is what the package's own benchmark found, in nanoseconds.
pub(super) fn table(results: &Results, estimate: Option<f64>, weights: Weights) -> String {
    let mut text = "| goal | asked | found | |\n|---|---:|---:|---|\n".to_owned();
    for goal in &GOALS {
        let ratio = goal.ratio(results);
        let found = ratio.map(|ratio| format!("{ratio:.1}"));
        line(&mut text, goal.what, &goal.at_least.to_string(), found, ratio.map(|ratio| ratio >= goal.at_least));
    }
    let found = estimate.map(|nanoseconds| format!("{:.1} us", nanoseconds / 1e3));
    line(
        &mut text,
        "`estimator.estimate(trip)` with its interval",
        "1.5 us",
        found,
        estimate.map(|took| took <= ESTIMATE),
    );
    let explanation = results.get(&(FIVE, "curbside")).and_then(|figures| median(&figures.explanations));
    let found = explanation.map(|nanoseconds| format!("{:.0} us", nanoseconds / 1e3));
    let what = "`estimator.explain(trip)`, 300 x 31";
    line(&mut text, what, "1000 us", found, explanation.map(|took| took <= EXPLANATION));
    let worst = loss(results);
    let exact = worst.map(|worst| worst == 0.0);
    line(&mut text, "largest difference from LightGBM and XGBoost, all models", "0", worst.map(difference), exact);
    let sizes = results.get(&(FIVE, "curbside")).map_or(&[][..], |figures| &figures.sizes);
    let module = sizes.first().copied();
    line(
        &mut text,
        "the module, gzip -9",
        "140 KB",
        module.map(|bytes| format!("{:.1} KB", bytes / 1e3)),
        module.map(|bytes| bytes <= MODULE),
    );
    let rounded = u32::try_from(weights.rounded).ok().map(f64::from);
    for (what, weights, most) in [
        (
            "bytes on the wire a leaf, 300 x 31, lossless: trees and the counts of leaves",
            Some(weights.trees.into()),
            BYTES_A_LEAF,
        ),
        ("the whole bundle, with 265 zones", sizes.get(2).copied(), BYTES_A_LEAF),
        ("the whole bundle with leaves in f32", rounded, BYTES_A_ROUNDED_LEAF),
    ] {
        let leaf = weights.map(|weights| weights / LEAVES);
        let found = leaf.map(|bytes| format!("{bytes:.1}"));
        line(&mut text, what, &most.to_string(), found, leaf.map(|bytes| bytes <= most));
    }
    text
}

impl Goal {
    fn ratio(&self, results: &Results) -> Option<f64> {
        let figures = |engine| results.get(&(self.model, engine)).filter(|figures| figures.failed.is_none());
        figures(self.peer)?.ratio(figures(self.ours)?, self.measure)
    }
}

/// The largest difference of ours, of all models and before and after `prepare()`.
fn loss(results: &Results) -> Option<f64> {
    let ours = ENGINES.iter().filter(|engine| engine.is_ours());
    let found: Vec<&Figures> =
        ours.flat_map(|engine| MODELS.iter().filter_map(|model| results.get(&(model.name, engine.name)))).collect();
    // An engine of ours that failed has no difference, and must not pass for one without loss.
    found.iter().map(|figures| figures.difference).collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
}

fn line(text: &mut String, what: &str, asked: &str, found: Option<String>, is_reached: Option<bool>) {
    let found = found.unwrap_or_else(|| "-".to_owned());
    let verdict = match is_reached {
        Some(true) => "reached",
        Some(false) => "**not reached**",
        None => "not measured",
    };
    let written = writeln!(text, "| {what} | {asked} | {found} | {verdict} |");
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(difference: f64) -> Figures {
        let sizes = vec![120e3, 9e3, 93_930.0];
        Figures { warm: vec![400.0], difference: Some(difference), sizes, ..Figures::default() }
    }

    #[test]
    fn numbers_say_what_is_reached() {
        let peer = |nanoseconds| Figures { warm: vec![nanoseconds], ..Figures::default() };
        let results = Results::from([
            ((FIVE, "curbside"), ours(0.0)),
            ((FIVE, "ydf-inference"), peer(8000.0)),
            ((FIVE, "onnxruntime-web"), peer(23_000.0)),
        ]);
        let text = table(&results, Some(1600.0), Weights { trees: 90_580, rounded: 74_400 });
        for row in [
            "| one row, 300 x 31, over ydf-inference | 20 | 20.0 | reached |",
            "| over onnxruntime-web | 60 | 57.5 | **not reached** |",
            "| batch, 300 x 31, over ydf-inference | 18 | - | not measured |",
            "| `estimator.estimate(trip)` with its interval | 1.5 us | 1.6 us | **not reached** |",
            "| largest difference from LightGBM and XGBoost, all models | 0 | 0 | reached |",
            "| the module, gzip -9 | 140 KB | 120.0 KB | reached |",
            "lossless: trees and the counts of leaves | 10 | 9.7 | reached |",
            "| the whole bundle, with 265 zones | 10 | 10.1 | **not reached** |",
            "| the whole bundle with leaves in f32 | 8 | 8.0 | reached |",
        ] {
            assert!(text.contains(row), "{row} in\n{text}");
        }
    }

    #[test]
    fn a_failed_engine_of_ours_is_no_proof_of_exactness() {
        let exact = Results::from([((FIVE, "curbside"), ours(0.0)), ((FIVE, "walk"), ours(2e-9))]);
        assert_eq!(loss(&exact), Some(2e-9));
        let failed =
            Results::from([((FIVE, "curbside"), ours(0.0)), ((FIVE, "walk"), Figures::failed("absent".to_owned()))]);
        assert_eq!(loss(&failed), None);
    }
}
