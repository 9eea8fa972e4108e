//! Zones of a made-up city, for where the real table is absent.

use super::{AIRPORTS, LAST_ZONE, ZoneRecord};

/// Zones a row of the grid.
const ACROSS: u16 = 16;

/// 265 zones whose ids, kinds and extent are like the real ones and whose places are not: a grid of squares about a
/// mile across between Newark Bay and Long Island, numbered from the south-west; 264 and 265 are no places.
pub fn grid() -> Vec<ZoneRecord> {
    (1..=LAST_ZONE).map(zone).collect()
}

fn zone(id: u16) -> ZoneRecord {
    let text = str::to_owned;
    if id > 263 {
        let (name, borough) = if id == 264 { ("N/A", "Unknown") } else { ("Outside of the grid", "N/A") };
        return ZoneRecord {
            id,
            name: text(name),
            borough: text(borough),
            service_zone: text("N/A"),
            centroid: None,
            area_sq_miles: None,
            airport: false,
        };
    }
    let (row, column) = ((id - 1) / ACROSS, (id - 1) % ACROSS);
    let borough = match (row, column) {
        (0..=4, 0..=3) => "Staten Island",
        (12.., 7..) => "Bronx",
        (6.., 4..=6) => "Manhattan",
        (0..=5, _) => "Brooklyn",
        _ => "Queens",
    };
    let airport = AIRPORTS.contains(&id);
    let service_zone = match borough {
        _ if id == 1 => "EWR",
        _ if airport => "Airports",
        "Manhattan" if row < 13 => "Yellow Zone",
        _ => "Boro Zone",
    };
    ZoneRecord {
        id,
        name: format!("Square {}-{}", row + 1, column + 1),
        borough: text(borough),
        service_zone: text(service_zone),
        centroid: Some((40.55 + 0.02 * f64::from(row), -74.18 + 0.026 * f64::from(column))),
        // 0.02 degrees northward and 0.026 eastward at this latitude.
        area_sq_miles: Some(1.88),
        airport,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_like_the_real_table() {
        let zones = grid();
        assert_eq!(zones.len(), 265);
        assert!(zones.iter().zip(1..).all(|(zone, id)| zone.id == id));
        assert_eq!(zones.iter().filter(|zone| zone.centroid.is_some()).count(), 263);
        assert_eq!(zones.iter().filter(|zone| zone.airport).map(|zone| zone.id).collect::<Vec<_>>(), [1, 132, 138]);
        for borough in ["Manhattan", "Brooklyn", "Queens", "Bronx", "Staten Island"] {
            assert!(zones.iter().filter(|zone| zone.borough == borough).count() >= 15, "{borough}");
        }
        assert!(zones.iter().filter(|zone| zone.service_zone == "Yellow Zone").count() >= 15);
    }
}
