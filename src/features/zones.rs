//! The places of a city: what a zone id stands for.

use serde::{Deserialize, Serialize};

use crate::trip::MAX_LOCATION_ID;

/// Where a zone lies and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Centre {
    /// Degrees north.
    pub latitude: f32,
    /// Degrees east.
    pub longitude: f32,
    /// Square miles.
    pub area: f32,
}

/// One zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// The TLC's `LocationID`, 1 to 265.
    pub id: u16,
    /// Name, for people.
    pub name: String,
    /// Index into [`Zones::boroughs`].
    pub borough: u8,
    /// Whether it is an airport.
    pub airport: bool,
    /// Centre and area; `None` for a zone that has no place on the map.
    pub centre: Option<Centre>,
}

/// All zones, ordered by id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Zones {
    /// Names of the boroughs.
    pub boroughs: Vec<String>,
    /// The zones, by ascending id.
    pub zones: Vec<Zone>,
}

impl Zones {
    /// The zone with this id.
    pub fn get(&self, id: u16) -> Option<&Zone> {
        self.zones.binary_search_by_key(&id, |zone| zone.id).ok().map(|index| &self.zones[index])
    }

    /// Name of the borough of a zone of this table.
    pub fn borough(&self, zone: &Zone) -> &str {
        self.boroughs.get(usize::from(zone.borough)).map_or("", String::as_str)
    }

    /// What is wrong with the table, if anything is: ids out of order or range, a borough that is not listed, a centre
    /// that is not on the globe.
    pub(super) fn fault(&self) -> Option<String> {
        let ordered = self.zones.windows(2).all(|pair| pair[0].id < pair[1].id);
        if !ordered {
            return Some("zones: expected ascending ids, each once".to_owned());
        }
        let at = |zone: &Zone, what: &str| Some(format!("zone {}: {what}", zone.id));
        for zone in &self.zones {
            if !(1..=MAX_LOCATION_ID).contains(&zone.id) {
                return at(zone, "expected an id of 1 to 265");
            }
            if usize::from(zone.borough) >= self.boroughs.len() {
                return at(zone, "its borough is not in the list of boroughs");
            }
            let on_globe = zone
                .centre
                .is_none_or(|c| c.latitude.abs() <= 90.0 && c.longitude.abs() <= 180.0 && c.area > 0.0 && c.area < 1e6);
            if !on_globe {
                return at(zone, "expected a centre on the globe and an area in square miles");
            }
        }
        None
    }
}
