//! Lines over an axis as SVG: readable on white and, because the background is white, on a dark page too.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::document::fixed;

/// Width and height, which GitHub shows as they are.
const SIZE: (u32, u32) = (760, 440);
/// Height of the title, and of the legend below it.
const TITLE: u32 = 34;
const LEGEND: u32 = 24;
/// What a letter of the legend takes at most, and a line before its name.
const LETTER: i32 = 6;
const SAMPLE: i32 = 18;
/// Text in the reader's own font.
const FONT: &str = "sans-serif";
/// Blue, vermilion and green: told apart by every eye (M. Okabe and K. Ito, "Color Universal Design", 2008).
const COLOURS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115)];
const GREY: RGBColor = RGBColor(120, 120, 120);
const PALE: RGBColor = RGBColor(225, 225, 225);

/// A part of the picture.
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// A plot.
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
}

/// One axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    what: &'static str,
    pub(super) low: f64,
    pub(super) high: f64,
    ticks: Ticks,
}

/// What stands beside an axis.
#[derive(Clone, Debug)]
enum Ticks {
    Numbers,
    /// Names at 0, 1, 2 ...
    Names(Vec<String>),
}

/// Points, joined.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) style: Style,
    pub(super) points: Vec<(f64, f64)>,
}

/// How a line looks; its number chooses the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Thin and grey: what is expected.
    Guide,
    /// With filled points.
    Solid(usize),
    /// Thinner, with open points.
    Hollow(usize),
}

impl Axis {
    pub(super) fn numbers(what: &'static str, low: f64, high: f64) -> Axis {
        Axis { what, low, high, ticks: Ticks::Numbers }
    }

    /// Names in order, half a place free on each side.
    pub(super) fn names(what: &'static str, names: &[String]) -> Axis {
        let places = names.iter().fold(0.0, |count, _| count + 1.0);
        Axis { what, low: -0.5, high: f64::max(places, 1.0) - 0.5, ticks: Ticks::Names(names.to_vec()) }
    }

    /// From the whole number below all points to the one above them.
    pub(super) fn around(what: &'static str, lines: &[Line]) -> Axis {
        let values = || lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
        let (low, high) = (values().fold(0.0, f64::min).floor(), values().fold(1.0, f64::max).ceil());
        Axis::numbers(what, low, high)
    }

    fn label(&self, at: f64) -> String {
        match &self.ticks {
            // Steps between whole numbers are halves or fifths.
            Ticks::Numbers => fixed(at, usize::from((at - at.round()).abs() > 1e-6)),
            Ticks::Names(names) => {
                let near = at.round();
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "not negative, and few names"
                )]
                let name = (near >= 0.0 && (at - near).abs() < 1e-6).then(|| names.get(near as usize)).flatten();
                name.cloned().unwrap_or_default()
            }
        }
    }

    fn tick_count(&self) -> usize {
        match &self.ticks {
            Ticks::Numbers => 11,
            Ticks::Names(names) => names.len() + 1,
        }
    }
}

impl Line {
    pub(super) fn new(name: &str, style: Style, points: Vec<(f64, f64)>) -> Line {
        Line { name: name.to_owned(), style, points }
    }
}

impl Style {
    fn stroke(self) -> ShapeStyle {
        match self {
            Style::Guide => GREY.stroke_width(1),
            Style::Solid(number) => colour(number).stroke_width(2),
            Style::Hollow(number) => colour(number).stroke_width(1),
        }
    }

    fn point(self) -> Option<ShapeStyle> {
        match self {
            Style::Guide => None,
            Style::Solid(number) => Some(colour(number).filled()),
            Style::Hollow(number) => Some(colour(number).stroke_width(1)),
        }
    }
}

fn colour(number: usize) -> RGBColor {
    COLOURS[number % COLOURS.len()]
}

impl Chart {
    /// Draws it.
    ///
    /// # Errors
    /// For axes without extent.
    pub(super) fn svg(&self) -> Result<String> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            self.draw(&area).map_err(|fault| anyhow!("{fault}"))?;
            area.present().map_err(|fault| anyhow!("{fault}"))?;
        }
        Ok(svg)
    }

    fn draw<'a>(&self, area: &Area<'a>) -> Drawn<'a> {
        area.fill(&WHITE)?;
        let (title, rest) = area.split_vertically(TITLE);
        let (legend, body) = rest.split_vertically(LEGEND);
        title.titled(&self.title, (FONT, 17))?;
        self.draw_legend(&legend)?;
        let mut chart = ChartBuilder::on(&body)
            .margin(12)
            .margin_top(4)
            .x_label_area_size(44)
            .y_label_area_size(48)
            .build_cartesian_2d(self.x.low..self.x.high, self.y.low..self.y.high)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(PALE)
            .axis_style(GREY)
            .label_style((FONT, 13))
            .x_desc(self.x.what)
            .y_desc(self.y.what)
            .x_labels(self.x.tick_count())
            .y_labels(self.y.tick_count())
            .x_label_formatter(&|at| self.x.label(*at))
            .y_label_formatter(&|at| self.y.label(*at))
            .draw()?;
        for line in &self.lines {
            let style = line.style;
            chart.draw_series(LineSeries::new(line.points.iter().copied(), style.stroke()))?;
            if let Some(point) = style.point() {
                chart.draw_series(line.points.iter().map(|at| Circle::new(*at, 3, point)))?;
            }
        }
        Ok(())
    }

    /// The lines' names in a row, where no line runs.
    fn draw_legend<'a>(&self, area: &Area<'a>) -> Drawn<'a> {
        let mut x = 48;
        for line in &self.lines {
            let style = line.style;
            area.draw(&PathElement::new([(x, 10), (x + SAMPLE, 10)], style.stroke()))?;
            if let Some(point) = style.point() {
                area.draw(&Circle::new((x + SAMPLE / 2, 10), 3, point))?;
            }
            area.draw(&Text::new(line.name.clone(), (x + SAMPLE + 5, 4), (FONT, 13)))?;
            let letters = i32::try_from(line.name.chars().count()).unwrap_or(0);
            x += SAMPLE + 14 + LETTER * letters;
        }
        Ok(())
    }
}
