//! Whether intervals hold what they promise, whatever they promise: nominal coverage against observed.

use anyhow::Result;
use curbside::Bundle;
use curbside_evaluate::{Within, measure};
use curbside_tlc::MonthName;
use serde::Serialize;

use crate::figures::{Both, covered, recalibrated};
use crate::months::Archive;
use crate::work::{self, Task};

/// What is promised, one after the other.
pub(crate) const NOMINAL: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/// Months to observe on, each after recalibrating on the month before.
const MONTHS: [&str; 3] = ["2021-03", "2022-02", "2023-02"];

/// What one month held of each promise, in the order of [`NOMINAL`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Curve {
    pub(crate) month: String,
    pub(crate) given: Vec<f64>,
    pub(crate) hidden: Vec<f64>,
}

/// Where observed and promised coverage are farthest apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Worst {
    pub(crate) month: String,
    pub(crate) nominal: f64,
    pub(crate) observed: f64,
    pub(crate) hidden: bool,
}

/// The curves of a model, one a month.
///
/// # Errors
/// When a month cannot be read, or nothing can be learnt from it.
pub(crate) fn curves(bundle: &Bundle, archive: &Archive) -> Result<Vec<Curve>> {
    let mut tasks = Vec::new();
    for month in MONTHS {
        let month: MonthName = month.parse()?;
        for nominal in NOMINAL {
            tasks.push(Task::new(format!("{:.0} % of {month}", 100.0 * nominal), move || -> Result<[f64; 2]> {
                let estimator = recalibrated(bundle, archive.read(month.previous(), Within::NamedMonth)?, nominal)?;
                let both: Both = measure(&estimator, &archive.read(month, Within::File)?.into_rides()).into();
                covered(&both)
            }));
        }
    }
    let shares = work::run(tasks)?;
    let curve = |(month, shares): (&&str, &[[f64; 2]])| Curve {
        month: (*month).to_owned(),
        given: shares.iter().map(|[given, _]| *given).collect(),
        hidden: shares.iter().map(|[_, hidden]| *hidden).collect(),
    };
    Ok(MONTHS.iter().zip(shares.chunks(NOMINAL.len())).map(curve).collect())
}

/// The point that lies farthest from its promise.
pub(crate) fn worst(curves: &[Curve]) -> Option<Worst> {
    let points = |curve: &Curve| {
        let of = |hidden: bool, shares: &[f64]| {
            let point = |(nominal, observed): (&f64, &f64)| Worst {
                month: curve.month.clone(),
                nominal: *nominal,
                observed: *observed,
                hidden,
            };
            NOMINAL.iter().zip(shares).map(point).collect::<Vec<Worst>>()
        };
        [of(false, &curve.given), of(true, &curve.hidden)].concat()
    };
    let apart = |point: &Worst| (point.observed - point.nominal).abs();
    curves.iter().flat_map(points).max_by(|a, b| apart(a).total_cmp(&apart(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_point_is_found_on_either_side() {
        let kept = NOMINAL.to_vec();
        let mut broken = kept.clone();
        broken[3] -= 0.05;
        let curve = |month: &str, given: &[f64], hidden: &[f64]| Curve {
            month: month.to_owned(),
            given: given.to_vec(),
            hidden: hidden.to_vec(),
        };
        let found = worst(&[curve("2021-03", &kept, &kept), curve("2022-02", &kept, &broken)]).unwrap();
        assert_eq!((found.month.as_str(), found.hidden), ("2022-02", true));
        assert!((found.nominal - 0.4).abs() < 1e-12 && (found.observed - 0.35).abs() < 1e-12);
        assert_eq!(worst(&[]), None);
    }

    #[test]
    fn the_months_have_one_before() {
        for month in MONTHS {
            assert!(month.parse::<MonthName>().unwrap().previous().to_string().as_str() < month);
        }
    }
}
