//! Which pairs of zones the training rides covered: a bitset of 265 x 265.

use serde::{Deserialize, Serialize};

use crate::trip::MAX_LOCATION_ID;

const SIDE: usize = MAX_LOCATION_ID as usize;
const BYTES: usize = (SIDE * SIDE).div_ceil(8);

/// The set of (pickup, drop-off) pairs seen in training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZonePairs {
    bits: Vec<u8>,
}

impl Default for ZonePairs {
    fn default() -> ZonePairs {
        ZonePairs { bits: vec![0; BYTES] }
    }
}

impl ZonePairs {
    /// Adds a pair; ids out of 1 to 265 are no pair and are left out.
    pub fn insert(&mut self, pu_location_id: u16, do_location_id: u16) {
        if let Some((byte, mask)) = place(pu_location_id, do_location_id) {
            self.bits[byte] |= mask;
        }
    }

    /// Whether rides of this pair were in the training months.
    pub fn contains(&self, pu_location_id: u16, do_location_id: u16) -> bool {
        place(pu_location_id, do_location_id)
            .is_some_and(|(byte, mask)| self.bits.get(byte).is_some_and(|bits| bits & mask != 0))
    }

    /// How many pairs are in the set.
    pub fn len(&self) -> usize {
        self.bits.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// Whether no pair is in the set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the set has the size that every set has; said of bytes from a bundle.
    pub(crate) fn is_valid(&self) -> bool {
        self.bits.len() == BYTES
    }
}

fn place(pu_location_id: u16, do_location_id: u16) -> Option<(usize, u8)> {
    let ids = 1..=MAX_LOCATION_ID;
    if !ids.contains(&pu_location_id) || !ids.contains(&do_location_id) {
        return None;
    }
    let bit = usize::from(pu_location_id - 1) * SIDE + usize::from(do_location_id - 1);
    Some((bit / 8, 1 << (bit % 8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_are_distinct_pairs() {
        let mut pairs = ZonePairs::default();
        for (pu, to) in [(1, 1), (1, 265), (265, 1), (265, 265), (0, 5), (266, 5)] {
            pairs.insert(pu, to);
        }
        assert_eq!(pairs.len(), 4);
        assert!(pairs.contains(265, 265) && pairs.contains(1, 265));
        assert!(!pairs.contains(2, 1) && !pairs.contains(0, 0) && !pairs.contains(266, 5));
    }
}
