//! Warnings: what a rider should know about an estimate, carried as bits.
//!
//! They are bits until the outermost face turns them into text, so that predicting allocates nothing.

/// A set of [`Warning`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warnings(u32);

/// One thing the rider should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Warning {
    /// No training ride went from this pickup zone to this drop-off zone.
    UnseenZonePair = 1,
    /// The distance given was 0 or above 50 miles, which a meter writes when it did not measure; it was ignored.
    DistanceIgnored = 1 << 1,
    /// The pickup or drop-off zone has no place on the map (264 "Unknown", 265 "Outside of NYC").
    ZoneWithoutPlace = 1 << 2,
    /// The model's number lay outside what it was trained to say and was moved to the nearest bound.
    DurationClipped = 1 << 3,
}

impl Warning {
    /// Every warning, in the order in which replies list them.
    pub const ALL: [Warning; 4] =
        [Warning::UnseenZonePair, Warning::DistanceIgnored, Warning::ZoneWithoutPlace, Warning::DurationClipped];

    /// The stable code of this warning on every wire.
    pub fn code(self) -> &'static str {
        match self {
            Warning::UnseenZonePair => "UNSEEN_ZONE_PAIR",
            Warning::DistanceIgnored => "TRIP_DISTANCE_IGNORED",
            Warning::ZoneWithoutPlace => "ZONE_WITHOUT_PLACE",
            Warning::DurationClipped => "DURATION_CLIPPED",
        }
    }

    /// One sentence for a person.
    pub fn message(self) -> &'static str {
        match self {
            Warning::UnseenZonePair => {
                "no ride between these two zones was in the training months; the estimate comes from their surroundings"
            }
            Warning::DistanceIgnored => {
                "a trip_distance of 0 or above 50 miles is taken as not measured; the estimated distance was used instead"
            }
            Warning::ZoneWithoutPlace => {
                "zone 264 (Unknown) or 265 (Outside of NYC) has no place on the map; the estimate is a rough one"
            }
            Warning::DurationClipped => {
                "the model's number lay outside the range it was trained for and was moved to the nearest bound"
            }
        }
    }
}

impl Warnings {
    /// No warning.
    pub const NONE: Warnings = Warnings(0);

    /// Adds `warning`.
    pub fn add(&mut self, warning: Warning) {
        self.0 |= warning as u32;
    }

    /// Adds `warning` if `condition` holds.
    pub fn add_if(&mut self, condition: bool, warning: Warning) {
        if condition {
            self.add(warning);
        }
    }

    /// Whether `warning` is in the set.
    pub fn contains(self, warning: Warning) -> bool {
        self.0 & warning as u32 != 0
    }

    /// The bits, as they cross into JavaScript.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The warnings in the set.
    pub fn iter(self) -> impl Iterator<Item = Warning> {
        Warning::ALL.into_iter().filter(move |w| self.contains(*w))
    }
}
