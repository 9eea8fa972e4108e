//! The template with made-up numbers.

use super::*;
use crate::choices;
use crate::expectation::Range;
use crate::figures::{Both, Figures};
use crate::protocols::{Frozen, Grown, Later, Measured, Protocol, Three};
use crate::shipped::{AssumedDistance, Month};
use crate::slices::{Slice, Slices};
use curbside::bundle::{Card, IntervalMetrics};

fn metrics(rmse: f64) -> Metrics {
    Metrics { rmse, mae: rmse - 2.0, bias: -1.234, rides: 61_921 }
}

fn both() -> Both {
    let figures = |rmse, covered| Figures {
        metrics: metrics(rmse),
        interval: Some(IntervalMetrics { coverage: 0.8, covered, mean_width: 9.125, rides: 61_921 }),
    };
    Both { given: figures(5.1, 0.771), hidden: figures(6.1, 0.789) }
}

fn later(model: &'static str, month: &str, on: Option<&str>) -> Later {
    Later {
        model,
        month: month.to_owned(),
        frozen: both(),
        on: on.map(str::to_owned),
        recalibrated: on.map(|_| both()),
        shifted: on.map(|_| metrics(5.3)),
        bound: on.is_some(),
        holds: on.map(|_| false),
    }
}

fn slices() -> Slices {
    let slice = |name: &str| vec![Slice { name: name.to_owned(), figures: both().given }];
    Slices {
        boroughs: slice("Staten Island"),
        hours: slice("07"),
        hours_hidden: slice("07"),
        bands: slice("2 to 5"),
        bands_hidden: slice("2 to 5"),
        bins: Vec::new(),
        bins_hidden: Vec::new(),
    }
}

fn document() -> Document {
    let protocol = |bound: Option<(f64, f64)>, holds| Protocol {
        name: "P1",
        what: "2021-01",
        rmse: 5.1612,
        mae: 3.3594,
        bias: -0.0004,
        bound,
        study: Some((5.164, 3.352)),
        holds,
    };
    let month = |name: &str, looks_back| Month { name: name.to_owned(), looks_back, both: both() };
    let row = |statistics: &str, stored, gain| trade::Row {
        statistics: statistics.to_owned(),
        stored,
        given: metrics(5.0),
        hidden: metrics(6.0),
        gain,
    };
    Document {
        measured: Measured {
            coverage: 0.8,
            protocols: vec![protocol(Some((5.18, 3.36)), Some(true)), protocol(None, None)],
            frozen: vec![Frozen { model: "P1", both: both(), holds: true }],
            later: vec![
                later("P1", "2021-02", None),
                later("P2", "2021-02", None),
                later("P2", "2021-03", Some("2021-02")),
            ],
            three: vec![Three {
                month: "2021-03".to_owned(),
                learnt_from: vec!["2020-12".to_owned()],
                both: both(),
                study: 4.72,
            }],
            chosen: vec![Grown { model: "P1".to_owned(), parameters: "num_leaves=31".to_owned() }],
        },
        expectations: vec![expectation::Row {
            what: "P1, frozen".to_owned(),
            months: 11,
            rmse: Range { low: 4.1, high: 5.1 },
            bias: Range { low: -1.2, high: 0.04 },
            covered: Range { low: 0.78, high: 0.8123 },
            hidden: Range { low: 0.77, high: 0.8 },
        }],
        worst: Some(Worst { month: "2022-02".to_owned(), nominal: 0.9, observed: 0.8765, hidden: true }),
        shipped: Shipped {
            path: "models/shipped.curb",
            sha256: "0123abcd".to_owned(),
            stored: 1_068_099,
            card: Card { command: "cargo curbside train".to_owned(), folds: Some(metrics(4.465)), ..Card::default() },
            learnt_from: vec!["2023-12".to_owned(), "2024-01".to_owned()],
            test: "2024-03".to_owned(),
            months: vec![month("2021-02", true), month("2024-03", false)],
            slices: slices(),
            distance: AssumedDistance { intercept: -0.1381, slope: 1.4025, without_place: 11.16, detours: true },
        },
        baseline: Baseline { as_reference: metrics(7.480_81), as_served: metrics(7.481_14) },
        trade_months: vec!["2020-12", "2021-01"],
        trade_parameters: "num_leaves=15".to_owned(),
        trade: vec![row("none", 80_000, None), row("detours", 90_000, Some((5.04, -0.02)))],
        choices: choices::Choices {
            month: "2021-01",
            rows: vec![choices::Row {
                what: "as chosen, seed 1".to_owned(),
                given: metrics(4.465),
                hidden: metrics(5.433),
            }],
            seeds: 1,
            chance: 0.0071,
        },
        noise: vec![noise::Row { name: "P1 on 2021-02".to_owned(), recorded: both().given, noisy: both().hidden }],
        noise_size: 0.1,
        draws: 5,
    }
}

#[test]
fn numbers_have_their_forms() {
    let found =
        [fixed(5.0005, 3), fixed(-0.0004, 2), signed(-0.0004, 2), signed(1.0, 1), signed(-1.26, 1), percent(0.7999)];
    assert_eq!(found, ["5.000", "0.00", "+0.00", "+1.0", "-1.3", "80.0 %"]);
    let counts = [0, 999, 1000, 68_099, 1_234_567].map(|count| thousands(count).unwrap());
    assert_eq!(counts, ["0", "999", "1,000", "68,099", "1,234,567"]);
    assert!(thousands(-1).is_err());
}

#[test]
fn every_number_has_its_place() {
    let text = document().render().unwrap();
    for line in [
        "| P1: 2021-01 | 5.161 / 3.359 | 5.18 / 3.36 | yes | 5.164 / 3.352 | +0.00 |",
        "| P1: 2021-01 | 5.161 / 3.359 |  |  | 5.164 / 3.352 | +0.00 |",
        "| P1 | 77.1 %, 9.12 | yes | 78.9 %, 9.12 |",
        "| P2, 2021-02 | 5.100 / 3.100 | -1.23 | 77.1 %, 9.12 | | | | | | | |",
        "| P2, **2021-03** | 5.100 / 3.100 | -1.23 | 77.1 %, 9.12 | 2021-02 | 5.300 / 3.300 | 5.100 / 3.100 | -1.23 | 77.1 %, 9.12 | 78.9 %, 9.12 | **no** |",
        "| 2021-03 | 2020-12 | 5.100 / 3.100 | 4.72 | 6.100 / 4.100 | -1.23 | 77.1 %, 9.12 | 78.9 %, 9.12 |",
        "| P1, frozen | 11 | 4.10 to 5.10 | -1.20 to +0.04 | 78.0 % to 81.2 % | 77.0 % to 80.0 % |",
        "| P1 | `num_leaves=31` |",
        "Farthest from its promise is 87.6 % for 90.0 %, on 2022-02, hidden.",
        "`models/shipped.curb`, 1,068,099 bytes on the wire, SHA-256 `0123abcd`;",
        "    cargo curbside train",
        "| 2021-02 | 61,921 | 5.100 / 3.100 | -1.23 | 77.1 %, 9.12 | 6.100 / 4.100 | -1.23 | 78.9 %, 9.12 |",
        "| **2024-03** | 61,921 | 5.100 / 3.100 | -1.23 | 77.1 %, 9.12 | 6.100 / 4.100 | -1.23 | 78.9 %, 9.12 |",
        "| Staten Island | 61,921 | 5.100 / 3.100 | -1.23 | 77.1 %, 9.12 |",
        "| exact least squares, `curbside train --model linear` | 7.4808 / 5.4808 |",
        "| none | 80,000 | 5.000 / 3.000 | 6.000 / 4.000 | | |",
        "| detours | 90,000 | 5.000 / 3.000 | 6.000 / 4.000 | +5.0 | +0.0 |",
        "| as chosen, seed 1 | 4.465 / 2.465 | 5.433 / 3.433 |",
        "| P1 on 2021-02 | 5.100 / 3.100 | 77.1 %, 9.12 | 6.100 / 4.100 | 78.9 %, 9.12 |",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n--- not in ---\n{text}");
    }
    // One month of P1 that nothing is promised of is left out; the plots are all shown.
    assert!(!text.contains("P1, 2021-02"), "{text}");
    assert_eq!(text.matches("](accuracy/").count(), 6);
}

#[test]
fn tables_are_tables() {
    let text = document().render().unwrap();
    let mut columns = None;
    for line in text.lines() {
        let found = line.starts_with('|').then(|| line.matches('|').count());
        assert!(columns.is_none() || found.is_none() || found == columns, "{line}");
        columns = found;
    }
    assert!(!text.contains("\n\n\n") && !text.starts_with('\n'), "blank lines pile up:\n{text}");
    let ragged: Vec<&str> = text.lines().filter(|line| line.ends_with(' ')).collect();
    assert_eq!(ragged, Vec::<&str>::new());
}
