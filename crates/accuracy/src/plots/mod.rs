//! The plots of the document: what each shows. How a plot is drawn is in [`chart`].

mod chart;

use anyhow::{Context, Result};

use crate::promise::{Curve, NOMINAL};
use crate::protocols::Later;
use crate::slices::{Bin, Slice, Slices};
use chart::{Axis, Chart, Line, Style};

/// A drawn plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plot {
    /// Name of its file.
    pub(crate) file: &'static str,
    pub(crate) svg: String,
}

/// What plots are drawn of.
pub(crate) struct Subjects<'a> {
    pub(crate) curves: &'a [Curve],
    pub(crate) later: &'a [Later],
    /// Of the shipped bundle.
    pub(crate) slices: &'a Slices,
    /// The month they are of.
    pub(crate) test: &'a str,
}

/// Draws all.
///
/// # Errors
/// When there is nothing to draw.
pub(crate) fn all(subjects: &Subjects<'_>) -> Result<Vec<Plot>> {
    let plot = |file, chart: Chart| Ok(Plot { file, svg: chart.svg().with_context(|| format!("drawing {file}"))? });
    let Slices { hours, hours_hidden, bands, bands_hidden, bins, bins_hidden, .. } = subjects.slices;
    let test = subjects.test;
    let plots: [Result<Plot>; 6] = [
        plot("calibration.svg", calibration(subjects.curves)),
        plot("calibration-difference.svg", calibration_difference(subjects.curves)),
        plot("coverage-by-month.svg", by_month(subjects.later)),
        plot("reliability.svg", reliability(bins, bins_hidden, test)),
        plot(
            "error-by-hour.svg",
            by_part(&format!("Error by hour of the pickup, {test}"), "hour", hours, hours_hidden),
        ),
        plot(
            "error-by-distance.svg",
            by_part(&format!("Error by distance as recorded, {test}"), "miles", bands, bands_hidden),
        ),
    ];
    plots.into_iter().collect()
}

/// What intervals promised against what they held.
fn calibration(curves: &[Curve]) -> Chart {
    let percent = |shares: &[f64]| shares.iter().map(|share| 100.0 * share).collect::<Vec<f64>>();
    let points = |observed: &[f64]| percent(&NOMINAL).into_iter().zip(percent(observed)).collect::<Vec<_>>();
    let mut lines = vec![Line::new("as promised", Style::Guide, vec![(0.0, 0.0), (100.0, 100.0)])];
    for (number, curve) in curves.iter().enumerate() {
        lines.push(Line::new(&curve.month, Style::Solid(number), points(&curve.given)));
        lines.push(Line::new(&format!("{}, hidden", curve.month), Style::Hollow(number), points(&curve.hidden)));
    }
    Chart {
        title: "Coverage promised and observed, recalibrated on the month before (P2)".to_owned(),
        x: Axis::numbers("promised, % of rides", 0.0, 100.0),
        y: Axis::numbers("observed, % of rides", 0.0, 100.0),
        lines,
    }
}

/// How far what intervals held lies from what they promised.
fn calibration_difference(curves: &[Curve]) -> Chart {
    let points = |observed: &[f64]| {
        let point = |(nominal, share): (&f64, &f64)| (100.0 * nominal, 100.0 * (share - nominal));
        NOMINAL.iter().zip(observed).map(point).collect::<Vec<_>>()
    };
    let mut lines = vec![Line::new("as promised", Style::Guide, vec![(0.0, 0.0), (100.0, 0.0)])];
    for (number, curve) in curves.iter().enumerate() {
        lines.push(Line::new(&curve.month, Style::Solid(number), points(&curve.given)));
        lines.push(Line::new(&format!("{}, hidden", curve.month), Style::Hollow(number), points(&curve.hidden)));
    }
    Chart {
        title: "Coverage observed less promised, recalibrated on the month before (P2)".to_owned(),
        x: Axis::numbers("promised, % of rides", 0.0, 100.0),
        y: Axis::around("observed less promised, % of rides", &lines),
        lines,
    }
}

/// The coverage of one model's intervals on later and later months.
fn by_month(later: &[Later]) -> Chart {
    let rows: Vec<&Later> = later.iter().filter(|row| row.model == "P2").collect();
    let months: Vec<String> = rows.iter().map(|row| row.month.clone()).collect();
    let share = |figures: &crate::figures::Figures| Some(100.0 * figures.interval?.covered);
    let points = |of: &dyn Fn(&Later) -> Option<f64>| {
        places().zip(&rows).filter_map(|(x, row)| Some((x, of(row)?))).collect::<Vec<_>>()
    };
    let x = Axis::names("month", &months);
    Chart {
        title: "Coverage of 80 % intervals on later months (P2)".to_owned(),
        lines: vec![
            Line::new("as promised", Style::Guide, vec![(x.low, 80.0), (x.high, 80.0)]),
            Line::new("frozen", Style::Solid(0), points(&|row| share(&row.frozen.given))),
            Line::new("frozen, hidden", Style::Hollow(0), points(&|row| share(&row.frozen.hidden))),
            Line::new("recalibrated", Style::Solid(1), points(&|row| share(&row.recalibrated?.given))),
            Line::new("recalibrated, hidden", Style::Hollow(1), points(&|row| share(&row.recalibrated?.hidden))),
        ],
        x,
        y: Axis::numbers("observed, % of rides", 60.0, 100.0),
    }
}

/// What rides took against what was estimated.
fn reliability(given: &[Bin], hidden: &[Bin], test: &str) -> Chart {
    let points = |bins: &[Bin]| bins.iter().map(|bin| (bin.estimated, bin.actual)).collect::<Vec<_>>();
    Chart {
        title: format!("Mean of what rides took by what was estimated, {test}"),
        x: Axis::numbers("estimated, minutes", 0.0, 60.0),
        y: Axis::numbers("took, minutes", 0.0, 60.0),
        lines: vec![
            Line::new("as estimated", Style::Guide, vec![(0.0, 0.0), (60.0, 60.0)]),
            Line::new("with the distance", Style::Solid(0), points(given)),
            Line::new("hidden", Style::Hollow(1), points(hidden)),
        ],
    }
}

/// Errors part by part.
fn by_part(title: &str, what: &'static str, given: &[Slice], hidden: &[Slice]) -> Chart {
    let names: Vec<String> = given.iter().map(|slice| slice.name.clone()).collect();
    let points =
        |slices: &[Slice], of: &dyn Fn(&Slice) -> f64| places().zip(slices.iter().map(of)).collect::<Vec<(f64, f64)>>();
    let (mae, bias) = (|slice: &Slice| slice.figures.metrics.mae, |slice: &Slice| slice.figures.metrics.bias);
    let x = Axis::names(what, &names);
    let lines = vec![
        Line::new("none", Style::Guide, vec![(x.low, 0.0), (x.high, 0.0)]),
        Line::new("mean absolute", Style::Solid(0), points(given, &mae)),
        Line::new("mean absolute, hidden", Style::Hollow(0), points(hidden, &mae)),
        Line::new("bias", Style::Solid(1), points(given, &bias)),
        Line::new("bias, hidden", Style::Hollow(1), points(hidden, &bias)),
    ];
    Chart { title: title.to_owned(), x, y: Axis::around("minutes", &lines), lines }
}

/// 0, 1, 2 ...: where names stand on their axis.
fn places() -> impl Iterator<Item = f64> {
    (0u32..).map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;
    use curbside::bundle::Metrics;

    #[test]
    fn what_is_drawn_is_drawn_again_to_the_byte() {
        let slice = |name: &str, mae| Slice {
            name: name.to_owned(),
            figures: Figures { metrics: Metrics { rmse: 5.0, mae, bias: -1.0, rides: 9 }, interval: None },
        };
        let chart = || by_part("Error <by> hour", "hour", &[slice("00", 3.0), slice("01", 4.0)], &[slice("00", 5.0)]);
        let svg = chart().svg().unwrap();
        assert_eq!(chart().svg().unwrap(), svg);
        assert!(svg.starts_with("<svg") && svg.contains("Error &lt;by&gt; hour") && svg.contains("mean absolute"));
        assert!(svg.contains("\n01\n"), "names stand on the axis: {svg}");
    }

    #[test]
    fn a_month_without_one_before_has_no_recalibrated_point() {
        let figures = Figures { metrics: Metrics { rmse: 5.0, mae: 3.0, bias: -1.0, rides: 9 }, interval: None };
        let both = crate::figures::Both { given: figures, hidden: figures };
        let row = Later {
            model: "P2",
            month: "2021-02".to_owned(),
            frozen: both,
            on: None,
            recalibrated: None,
            shifted: None,
            bound: false,
            holds: None,
        };
        let chart = by_month(&[row.clone(), Later { model: "P1", ..row }]);
        // No interval, no point; one month on the axis and not two.
        assert!(chart.lines[1..].iter().all(|line| line.points.is_empty()), "{:?}", chart.lines);
        assert!((chart.x.high - 0.5).abs() < 1e-12);
    }
}
