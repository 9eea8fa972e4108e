//! Statistics tables: one number for each category, such as the usual speed of each pair of zones, learnt in training.
//!
//! They are apart from the expressions because they are large: a [`Table`] is stored in about two bytes a category (the
//! keys as gaps, the values in 256 even steps), and [`FrozenTable`] answers in one or two reads.

use serde::{Deserialize, Serialize};

use super::spec::SpecError;
use crate::num::{self, Shown};

/// The largest value of a stored step.
const LAST_STEP: f64 = u8::MAX as f64;

/// One number for each of some categories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Name, for people.
    pub name: String,
    /// The categories that are listed, ascending.
    #[serde(with = "gaps")]
    pub keys: Vec<u32>,
    /// For each key the steps from `offset` to its number.
    pub values: Vec<u8>,
    /// The number of a key whose value is 0.
    pub offset: f64,
    /// What one step is worth.
    pub step: f64,
    /// The number of every category that is not listed, and of what is no category.
    pub otherwise: f64,
}

impl Table {
    /// A table of these numbers, each moved to the nearest of 256 even steps between the smallest and the largest.
    ///
    /// # Errors
    ///
    /// [`SpecError`] for entries that do not ascend or numbers that are not finite.
    pub fn new(name: &str, entries: &[(u32, f64)], otherwise: f64) -> Result<Table, SpecError> {
        let numbers = || entries.iter().map(|(_, number)| *number);
        if let Some(number) = numbers().find(|number| !number.is_finite()) {
            return Err(SpecError::new(format!("table {name:?}: expected finite numbers, found {}", Shown(number))));
        }
        let offset = numbers().reduce(f64::min).unwrap_or(0.0);
        let step = (numbers().reduce(f64::max).unwrap_or(0.0) - offset) / LAST_STEP;
        let steps = |number: f64| if step > 0.0 { (number - offset) / step } else { 0.0 };
        let table = Table {
            name: name.to_owned(),
            keys: entries.iter().map(|(key, _)| *key).collect(),
            values: numbers().map(|number| num::nearest_u8(steps(number))).collect(),
            offset,
            step,
            otherwise,
        };
        match table.fault() {
            Some(fault) => Err(SpecError::new(format!("table {name:?}: {fault}"))),
            None => Ok(table),
        }
    }

    /// What is wrong with the table, if anything is.
    pub(super) fn fault(&self) -> Option<String> {
        let (keys, values) = (self.keys.len(), self.values.len());
        if keys != values {
            return Some(format!("expected a value for each of {keys} keys, found {values}"));
        }
        if !self.keys.windows(2).all(|pair| pair[0] < pair[1]) {
            return Some("expected ascending keys".to_owned());
        }
        // The numbers lie between the first step and the last.
        let last = self.offset + self.step * LAST_STEP;
        if ![self.offset, self.step, last, self.otherwise].iter().all(|number| number.is_finite()) {
            return Some("expected finite numbers".to_owned());
        }
        None
    }
}

/// A [`Table`] that was checked, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct FrozenTable {
    index: Index,
    offset: f64,
    step: f64,
    otherwise: f64,
}

/// From a key to its value.
#[derive(Clone, Debug)]
enum Index {
    /// Place by place from the first key on; [`ABSENT`] where a key is not listed.
    Direct { first: u32, values: Vec<u16> },
    /// By bisection.
    Sorted { keys: Vec<u32>, values: Vec<u8> },
}

/// Above every value of a byte.
const ABSENT: u16 = 256;

/// A direct index has at most this many places for each key, so that memory is bounded by what was read and not by what
/// the keys are. A table of the zone pairs that were seen has about 10.
const PLACES_A_KEY: usize = 16;

impl FrozenTable {
    pub(super) fn new(table: &Table) -> FrozenTable {
        let Table { offset, step, otherwise, .. } = *table;
        FrozenTable { index: Index::new(&table.keys, &table.values), offset, step, otherwise }
    }

    /// The number of a category.
    pub(super) fn number(&self, category: f64) -> f64 {
        match num::category(category).and_then(|key| self.index.value(key)) {
            Some(value) => self.offset + self.step * f64::from(value),
            None => self.otherwise,
        }
    }
}

impl Index {
    fn new(keys: &[u32], values: &[u8]) -> Index {
        let sorted = || Index::Sorted { keys: keys.to_vec(), values: values.to_vec() };
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return sorted() };
        // `Table::fault` has made sure that they ascend.
        let place = |key: u32| (key - first) as usize;
        let places = place(*last).saturating_add(1);
        if places > keys.len().saturating_mul(PLACES_A_KEY) {
            return sorted();
        }
        let mut direct = vec![ABSENT; places];
        for (key, value) in keys.iter().zip(values) {
            direct[place(*key)] = u16::from(*value);
        }
        Index::Direct { first: *first, values: direct }
    }

    fn value(&self, key: u32) -> Option<u8> {
        match self {
            Index::Direct { first, values } => {
                let place = key.checked_sub(*first)? as usize;
                values.get(place).and_then(|value| u8::try_from(*value).ok())
            }
            Index::Sorted { keys, values } => keys.binary_search(&key).ok().map(|place| values[place]),
        }
    }
}

/// Keys as the first one and then the gap to each next: a byte each, and they ascend by construction.
mod gaps {
    use serde::de::{Deserializer, Error as _};
    use serde::ser::{Error as _, Serializer};
    use serde::{Deserialize, Serialize};

    pub(super) fn serialize<S: Serializer>(keys: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        let first = keys.first().copied().into_iter().map(Some);
        let rest = keys.windows(2).map(|pair| pair[1].checked_sub(pair[0]).filter(|gap| *gap > 0));
        let gaps: Option<Vec<u32>> = first.chain(rest).collect();
        gaps.ok_or_else(|| S::Error::custom("expected ascending keys"))?.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        let mut keys = Vec::<u32>::deserialize(deserializer)?;
        for index in 1..keys.len() {
            let gap = keys[index];
            keys[index] = keys[index - 1]
                .checked_add(gap)
                .filter(|_| gap > 0)
                .ok_or_else(|| D::Error::custom("expected gaps above 0 between keys below 2^32"))?;
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen(entries: &[(u32, f64)]) -> FrozenTable {
        FrozenTable::new(&Table::new("test", entries, -1.0).unwrap())
    }

    #[test]
    fn numbers_are_kept_to_a_step_of_256() {
        // From 10 to 61 in 255 steps of 0.2: 10 is 0 steps, 35.49 is 127.45 steps and so 127 (35.4), 61 is 255.
        let table = Table::new("speed", &[(7, 61.0), (8, 35.49), (70_000, 10.0)], 20.0).unwrap();
        assert_eq!((table.values, table.offset), (vec![255, 127, 0], 10.0));
        assert!((table.step - 0.2).abs() < 1e-15);
        let alike = Table::new("alike", &[(0, 3.5), (1, 3.5)], 0.0).unwrap();
        assert_eq!((alike.values, alike.offset, alike.step), (vec![0, 0], 3.5, 0.0));
    }

    #[test]
    fn what_is_listed_is_found_and_nothing_else() {
        // Whether the index is direct (keys close together) or bisected (a key far away), the answers are the same. Numbers
        // of 0 and 255 in 255 steps of 1 are stored as they are.
        let near = [(5, 0.0), (6, 7.0), (9, 255.0)];
        let far = [(5, 0.0), (6, 7.0), (9, 255.0), (u32::MAX, 9.0)];
        assert!(
            matches!(frozen(&near).index, Index::Direct { .. }) && matches!(frozen(&far).index, Index::Sorted { .. })
        );
        let rows = [
            (5.0, 0.0),
            (6.0, 7.0),
            (9.0, 255.0),
            (4.0, -1.0),
            (7.0, -1.0),
            (10.0, -1.0),
            (0.0, -1.0),
            (-5.0, -1.0),
            (5.5, -1.0),
            (f64::NAN, -1.0),
            (f64::INFINITY, -1.0),
            (4_294_967_301.0, -1.0),
        ];
        for (category, expected) in rows {
            for entries in [&near[..], &far] {
                assert_eq!(frozen(entries).number(category).to_bits(), f64::to_bits(expected), "{category}");
            }
        }
        assert_eq!(frozen(&far).number(f64::from(u32::MAX)).to_bits(), 9f64.to_bits());
        assert_eq!(frozen(&[]).number(5.0).to_bits(), (-1f64).to_bits());
    }

    #[test]
    fn a_direct_index_is_bounded_by_the_number_of_keys() {
        for (last, direct) in [(31, true), (32, false)] {
            assert_eq!(matches!(frozen(&[(0, 1.0), (last, 2.0)]).index, Index::Direct { .. }), direct, "{last}");
        }
    }

    #[test]
    fn tables_that_cannot_be_asked_are_refused() {
        assert!(Table::new("t", &[(1, 1.0), (1, 2.0)], 0.0).unwrap_err().to_string().contains("ascending keys"));
        assert!(Table::new("t", &[(1, f64::NAN)], 0.0).unwrap_err().to_string().contains("finite numbers, found NaN"));
        assert!(Table::new("t", &[(1, -f64::MAX), (2, f64::MAX)], 0.0).unwrap_err().to_string().contains("finite"));
        assert!(Table::new("t", &[(1, 1.0)], f64::INFINITY).unwrap_err().to_string().contains("finite"));
        let mut short = Table::new("t", &[(1, 1.0), (2, 2.0)], 0.0).unwrap();
        short.values.pop();
        assert_eq!(short.fault().unwrap(), "expected a value for each of 2 keys, found 1");
    }
}
