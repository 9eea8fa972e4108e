//! What each column of a model is worth, and a picture of it.
//!
//! LightGBM's gain: the drop of the squared error that a column's splits brought in training, summed over all trees. It is
//! told and drawn beside the bundle; nothing of it is in the bundle.

use plotters::prelude::*;

use crate::error::{TrainError, TrainErrorKind};

/// The columns that are drawn; the rest are summed.
const DRAWN: usize = 20;
/// Pixels: of the whole width, of a bar with the space around it, of the bar, of the title, of the line below the bars.
const WIDTH: u32 = 780;
const ROW: i32 = 22;
const BAR: i32 = 14;
const TITLE: i32 = 48;
const FOOT: i32 = 30;
/// Where names end and bars begin, and how long the longest is.
const NAMES: i32 = 250;
const LONGEST: f64 = 440.0;
/// Text in the reader's own font.
const FONT: &str = "sans-serif";
/// The blue that every eye tells from the background (M. Okabe and K. Ito, "Color Universal Design", 2008).
const BLUE: RGBColor = RGBColor(0, 114, 178);
const GREY: RGBColor = RGBColor(120, 120, 120);

/// A column and what its splits gained.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// Name of the column.
    pub column: String,
    /// The drop of the squared error that its splits brought, in square minutes times rides, over all trees.
    pub gain: f64,
}

/// Columns with their gains, the largest first; equal ones stay in the model's order.
pub(crate) fn gains(columns: &[String], gains: &[f64]) -> Vec<Gain> {
    let pairs = columns.iter().zip(gains);
    let mut gains: Vec<Gain> = pairs.map(|(column, gain)| Gain { column: column.clone(), gain: *gain }).collect();
    gains.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    gains
}

/// Draws shares of the whole gain as horizontal bars, the largest first.
///
/// # Errors
///
/// `TRAIN_CONFIG` for no gains at all, as a model without splits has them.
pub fn importance_svg(title: &str, gains: &[Gain]) -> Result<String, TrainError> {
    let total: f64 = gains.iter().map(|gain| gain.gain).sum();
    if gains.is_empty() || !total.is_finite() || total <= 0.0 {
        let message =
            format!("expected columns whose splits gained something, found {} and {total} in all", gains.len());
        return Err(TrainError::new(TrainErrorKind::Config, message));
    }
    let bars = bars(gains, total);
    let rows = i32::try_from(bars.len()).unwrap_or(0);
    let height = u32::try_from(TITLE + ROW * rows + FOOT).unwrap_or(0);
    let mut svg = String::new();
    draw(&mut svg, (WIDTH, height), title, &bars)
        .map_err(|fault| TrainError::new(TrainErrorKind::Config, format!("the importance plot: {fault}")))?;
    Ok(svg)
}

/// Names and shares, and what is left in one bar.
fn bars(gains: &[Gain], total: f64) -> Vec<(String, f64)> {
    let share = |gain: &Gain| (gain.column.clone(), gain.gain / total);
    let mut bars: Vec<(String, f64)> = gains.iter().take(DRAWN).map(share).collect();
    let rest = gains.get(DRAWN..).unwrap_or_default();
    if !rest.is_empty() {
        bars.push((format!("{} more", rest.len()), rest.iter().map(|gain| gain.gain).sum::<f64>() / total));
    }
    bars
}

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn draw<'a>(svg: &'a mut String, size: (u32, u32), title: &str, bars: &[(String, f64)]) -> Drawn<'a> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let area = SVGBackend::with_string(svg, size).into_drawing_area();
    area.fill(&WHITE)?;
    let text = |size: i32, colour: &'static RGBColor, from: HPos| {
        (FONT, size).into_text_style(&area).color(colour).pos(Pos::new(from, VPos::Center))
    };
    area.draw(&Text::new(title.to_owned(), (16, TITLE / 2), text(17, &BLACK, HPos::Left)))?;
    let longest = bars.iter().fold(0.0, |longest, bar| f64::max(longest, bar.1));
    for (row, (name, share)) in (0_i32..).zip(bars) {
        let middle = TITLE + ROW * row + ROW / 2;
        // From 0 to LONGEST, as no share is larger than the longest.
        #[allow(clippy::cast_possible_truncation, reason = "at most LONGEST, and 0 for what is no number")]
        let length = (LONGEST * share / longest).round() as i32;
        area.draw(&Text::new(shortened(name), (NAMES - 8, middle), text(13, &BLACK, HPos::Right)))?;
        let bar = [(NAMES, middle - BAR / 2), (NAMES + length.max(1), middle + BAR / 2)];
        area.draw(&Rectangle::new(bar, BLUE.filled()))?;
        let percent = format!("{:.1} %", 100.0 * share);
        area.draw(&Text::new(percent, (NAMES + length + 8, middle), text(13, &GREY, HPos::Left)))?;
    }
    let rows = i32::try_from(bars.len()).unwrap_or(0);
    let below = "share of the squared error that the column's splits took away in training (LightGBM's gain)";
    area.draw(&Text::new(below, (16, TITLE + ROW * rows + FOOT / 2), text(12, &GREY, HPos::Left)))?;
    area.present()
}

/// A name as far as it fits beside its bar.
fn shortened(name: &str) -> String {
    const FITS: usize = 40;
    if name.chars().count() <= FITS { name.to_owned() } else { name.chars().take(FITS - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_shares_and_the_rest_is_one_bar() {
        let columns: Vec<String> = (0..25).map(|n| format!("column {n}")).collect();
        // 1, 2, ... 25: 325 in all; the five smallest are 1 + 2 + 3 + 4 + 5 = 15.
        let values: Vec<f64> = (1..=25).map(f64::from).collect();
        let gains = gains(&columns, &values);
        assert_eq!((gains[0].column.as_str(), gains[24].column.as_str()), ("column 24", "column 0"));
        let bars = bars(&gains, 325.0);
        assert_eq!(bars.len(), 21);
        assert!((bars[0].1 - 25.0 / 325.0).abs() < 1e-12 && (bars[20].1 - 15.0 / 325.0).abs() < 1e-12, "{bars:?}");
        assert_eq!(bars[20].0, "5 more");
    }

    #[test]
    fn the_picture_names_every_column_and_escapes_what_is_markup() {
        let gain = |column: &str, gain| Gain { column: column.to_owned(), gain };
        let svg = importance_svg("Importance of <x> & y", &[gain("a<b", 3.0), gain("c", 1.0)]).unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains("a&lt;b") && svg.contains("75.0 %"), "{svg}");
        assert!(svg.contains("&lt;x&gt; &amp; y") && !svg.contains("<x>"), "{svg}");
        assert_eq!(importance_svg("t", &[gain("a", 0.0)]).unwrap_err().kind(), TrainErrorKind::Config);
        assert_eq!(importance_svg("t", &[]).unwrap_err().kind(), TrainErrorKind::Config);
    }
}
