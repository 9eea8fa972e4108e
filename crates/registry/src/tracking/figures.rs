//! A card's figures as metrics.

use curbside::bundle::{Card, IntervalMetrics, Metrics};

/// On what a figure was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredOn {
    /// The training months, by folds of whole days.
    Training,
    /// The months kept apart.
    Validation,
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name, such as `test_rmse`.
    pub key: String,
    /// Its value, in minutes, or a share, or a number of rides.
    pub value: f64,
    /// On what.
    pub on: MeasuredOn,
}

/// All figures of a card: errors by folds and on the months kept apart, with and without a distance, intervals, boroughs.
pub fn figures(card: &Card) -> Vec<Figure> {
    use MeasuredOn::{Training, Validation};
    let mut figures = Vec::new();
    let mut add = |key: String, value: f64, on| {
        if value.is_finite() {
            figures.push(Figure { key: super::name(&key), value, on });
        }
    };
    let errors = [
        ("folds", &card.folds, Training),
        ("folds_without_distance", &card.folds_without_distance, Training),
        ("test", &card.test, Validation),
        ("test_without_distance", &card.test_without_distance, Validation),
    ];
    for (name, metrics, on) in errors {
        for (what, value) in metrics.iter().flat_map(values) {
            add(format!("{name}_{what}"), value, on);
        }
    }
    let intervals = [("interval", &card.interval), ("interval_without_distance", &card.interval_without_distance)];
    for (name, metrics) in intervals {
        if let Some(IntervalMetrics { coverage, covered, mean_width, .. }) = metrics {
            for (what, value) in [("promised", coverage), ("covered", covered), ("mean_width", mean_width)] {
                add(format!("{name}_{what}"), *value, Validation);
            }
        }
    }
    for borough in &card.boroughs {
        for (what, value) in values(&borough.metrics) {
            add(format!("test_{what}_by_borough/{}", borough.borough), value, Validation);
        }
    }
    figures
}

fn values(metrics: &Metrics) -> [(&'static str, f64); 4] {
    #[allow(clippy::cast_precision_loss, reason = "rides are counted in millions, far below 2^53")]
    let rides = metrics.rides as f64;
    [("rmse", metrics.rmse), ("mae", metrics.mae), ("bias", metrics.bias), ("rides", rides)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use curbside::bundle::BoroughError;

    #[test]
    fn every_figure_of_a_card_has_a_name() {
        let metrics = Metrics { rmse: 4.0, mae: 3.0, bias: f64::NAN, rides: 10 };
        let interval = IntervalMetrics { coverage: 0.8, covered: 0.75, mean_width: 7.0, rides: 10 };
        let card = Card {
            folds: Some(metrics),
            test: Some(metrics),
            interval: Some(interval),
            boroughs: vec![BoroughError { borough: "Staten Island".into(), metrics }],
            ..Card::default()
        };
        let found = figures(&card);
        let names: Vec<&str> = found.iter().map(|figure| figure.key.as_str()).collect();
        // What is not a number is left out: the bias here.
        let expected = [
            "folds_rmse",
            "folds_mae",
            "folds_rides",
            "test_rmse",
            "test_mae",
            "test_rides",
            "interval_promised",
            "interval_covered",
            "interval_mean_width",
            "test_rmse_by_borough/Staten Island",
            "test_mae_by_borough/Staten Island",
            "test_rides_by_borough/Staten Island",
        ];
        assert_eq!(names, expected);
        assert!(found[..3].iter().all(|figure| figure.on == MeasuredOn::Training));
        assert!(found[3..].iter().all(|figure| figure.on == MeasuredOn::Validation));
    }
}
