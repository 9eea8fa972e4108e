//! The 265 taxi zones: names from the lookup table, centres and areas from the shapes.
//!
//! Two of the zones are no places (264 "Unknown", 265 "Outside of NYC") and have no centre. In the published shapes
//! the `LocationID` 56 stands twice and 103 three times, while 57, 104 and 105 are absent: where a `LocationID` is
//! doubled, `OBJECTID` is the zone's number. "N/A" is a text like any other here.

mod grid;
mod shapes;

pub use grid::grid;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{TlcError, TlcErrorKind};

/// Highest zone id; the lowest is 1.
pub const LAST_ZONE: u16 = 265;

/// Zones that are airports: Newark, Kennedy, La Guardia.
const AIRPORTS: [u16; 3] = [1, 132, 138];

/// Radius of the Earth in miles that goes with the haversine distances between centres.
pub(crate) const EARTH_RADIUS_MILES: f64 = 3958.8;

/// What is known about one taxi zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneRecord {
    /// 1..=265.
    pub id: u16,
    /// Such as "JFK Airport"; several zones may share one.
    pub name: String,
    /// Such as "Queens"; "EWR", "Unknown" and "N/A" occur.
    pub borough: String,
    /// "Boro Zone", "Yellow Zone" (where green taxis may not be hailed), "Airports", "EWR" or "N/A".
    pub service_zone: String,
    /// Area-weighted centre of the zone's polygons: latitude and longitude in degrees (WGS 84).
    pub centroid: Option<(f64, f64)>,
    /// Area of the zone's polygons in square miles.
    pub area_sq_miles: Option<f64>,
    /// Whether it is one of the three airports.
    pub airport: bool,
}

/// A row of the lookup table as it stands.
#[derive(Debug, Deserialize)]
struct LookupRow {
    #[serde(rename = "LocationID")]
    id: u16,
    #[serde(rename = "Borough")]
    borough: String,
    #[serde(rename = "Zone")]
    name: String,
    service_zone: String,
}

/// Reads the zone shapes (`GeoJSON` in WGS 84) and the lookup table, and gives all 265 zones in the order of their ids.
///
/// # Errors
/// [`TlcError`] when a file cannot be read, the lookup table is not the 265 zones, or a shape is not a polygon in
/// degrees of a zone in the table.
pub fn read(geojson: &Path, lookup_csv: &Path) -> Result<Vec<ZoneRecord>, TlcError> {
    let rows = read_lookup(lookup_csv)?;
    let mut shapes = shapes::read(geojson)?;
    Ok(rows
        .into_values()
        .map(|row| {
            let shape = shapes.remove(&row.id);
            ZoneRecord {
                id: row.id,
                name: row.name,
                borough: row.borough,
                service_zone: row.service_zone,
                centroid: shape.map(|shape| shape.centroid),
                area_sq_miles: shape.map(|shape| shape.area_sq_miles),
                airport: AIRPORTS.contains(&row.id),
            }
        })
        .collect())
}

fn read_lookup(path: &Path) -> Result<BTreeMap<u16, LookupRow>, TlcError> {
    const EXPECTED: &str = "a zone table with the columns LocationID, Borough, Zone, service_zone";
    let bad = |found: String| {
        let remedy = "take taxi_zone_lookup.csv as TLC publishes it";
        TlcError::new(TlcErrorKind::BadZones, path, EXPECTED, found, remedy)
    };
    let text = std::fs::read(path).map_err(|error| TlcError::io(path, "read", error))?;
    let mut zones = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_slice()).deserialize() {
        let row: LookupRow = row.map_err(|error| bad(error.to_string()))?;
        let id = row.id;
        if !(1..=LAST_ZONE).contains(&id) {
            return Err(bad(format!("zone {id}, where zones are 1 to {LAST_ZONE}")));
        }
        if zones.insert(id, row).is_some() {
            return Err(bad(format!("zone {id} twice")));
        }
    }
    match (1..=LAST_ZONE).find(|id| !zones.contains_key(id)) {
        Some(absent) => Err(bad(format!("{} zones, zone {absent} not among them", zones.len()))),
        None => Ok(zones),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use tempfile::TempDir;

    /// A square of `size` degrees with its south-west corner at (`lat`, `lon`), counter-clockwise.
    fn square(lat: f64, lon: f64, size: f64) -> String {
        let (north, east) = (lat + size, lon + size);
        format!("[[{lon},{lat}],[{east},{lat}],[{east},{north}],[{lon},{north}],[{lon},{lat}]]")
    }

    fn feature(object: u16, location: u16, geometry: &str) -> String {
        let properties = format!(r#"{{"OBJECTID":{object},"LocationID":{location},"zone":"Z","borough":"B"}}"#);
        format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
    }

    fn polygon(rings: &str) -> String {
        format!(r#"{{"type":"Polygon","coordinates":[{rings}]}}"#)
    }

    fn collection(features: &[String]) -> String {
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    fn lookup() -> String {
        let mut text = "\"LocationID\",\"Borough\",\"Zone\",\"service_zone\"\r\n".to_owned();
        for id in 1..=263 {
            write!(text, "{id},\"Queens\",\"Zone {id}, the\",\"Boro Zone\"\r\n").unwrap();
        }
        text + "264,\"Unknown\",\"N/A\",\"N/A\"\r\n265,\"N/A\",\"Outside of NYC\",\"N/A\"\r\n"
    }

    fn read_texts(geojson: &str, lookup: &str) -> Result<Vec<ZoneRecord>, TlcError> {
        let folder = TempDir::new().unwrap();
        let (shapes, table) = (folder.path().join("zones.geojson"), folder.path().join("lookup.csv"));
        std::fs::write(&shapes, geojson).unwrap();
        std::fs::write(&table, lookup).unwrap();
        read(&shapes, &table)
    }

    #[test]
    fn centres_are_weighted_by_area_and_doubled_ids_go_by_object() {
        let island = square(40.0, -73.0, 0.1);
        let two_islands = format!(
            r#"{{"type":"MultiPolygon","coordinates":[[{}],[{}]]}}"#,
            square(40.0, -73.0, 0.1),
            square(40.0, -72.0, 0.3)
        );
        let with_hole = polygon(&format!("{},{}", square(40.0, -73.0, 0.3), square(40.0, -73.0, 0.1)));
        let shapes = collection(&[
            feature(4, 4, &polygon(&island)),
            feature(5, 5, &two_islands),
            feature(6, 6, &with_hole),
            // 56 twice: the second is 57, by its object id.
            feature(56, 56, &polygon(&square(40.0, -73.0, 0.1))),
            feature(57, 56, &polygon(&square(41.0, -73.0, 0.1))),
            // Not doubled, so the location id counts whatever the object id.
            feature(200, 201, &polygon(&island)),
        ]);
        let zones = read_texts(&shapes, &lookup()).unwrap();
        assert_eq!(zones.len(), 265);
        let centre = |id: usize| zones[id - 1].centroid;
        let near = |id: usize, lat: f64, lon: f64| {
            let (found_lat, found_lon) = centre(id).unwrap();
            assert!((found_lat - lat).abs() < 1e-9 && (found_lon - lon).abs() < 1e-9, "{id}: {:?}", centre(id));
        };
        near(4, 40.05, -72.95);
        // Areas 1 and 9, so the centre is (1 * 40.05 + 9 * 40.15) / 10, (1 * -72.95 + 9 * -71.85) / 10.
        near(5, 40.14, -71.96);
        // Areas 9 and -1: (9 * 40.15 - 1 * 40.05) / 8, (9 * -72.85 + 1 * 72.95) / 8.
        near(6, 40.1625, -72.8375);
        near(56, 40.05, -72.95);
        near(57, 41.05, -72.95);
        near(201, 40.05, -72.95);
        assert_eq!(centre(200), None);
        // 0.1 degree is 6.909 miles northward, and cos(40.05 degrees) = 0.7655 of that eastward.
        let area = zones[3].area_sq_miles.unwrap();
        assert!((area - 6.909 * 6.909 * 0.7655).abs() < 0.02, "{area}");
        assert_eq!((zones[263].name.as_str(), zones[264].borough.as_str()), ("N/A", "N/A"));
        assert_eq!(zones[6].name, "Zone 7, the");
    }

    #[test]
    fn bad_tables_and_shapes_are_named() {
        let good = collection(&[feature(4, 4, &polygon(&square(40.0, -73.0, 0.1)))]);
        let feet = collection(&[feature(4, 4, &polygon(&square(200_000.0, 900_000.0, 100.0)))]);
        let flat = collection(&[feature(4, 4, &polygon("[[-73,40],[-73,40],[-73,40],[-73,40]]"))]);
        let unknown = collection(&[feature(300, 300, &polygon(&square(40.0, -73.0, 0.1)))]);
        let point = collection(&[feature(4, 4, r#"{"type":"Point","coordinates":[-73,40]}"#)]);
        let same = feature(4, 4, &polygon(&square(40.0, -73.0, 0.1)));
        let table = lookup();
        let cases = [
            (good.clone(), table.replace("77,\"Queens\"", "78,\"Queens\""), "zone 78 twice"),
            (good.clone(), table.replace("77,\"Queens\"", "777,\"Queens\""), "zone 777, where zones are 1 to 265"),
            (good.clone(), table.split_inclusive('\n').take(100).collect(), "99 zones, zone 100 not among them"),
            (good.clone(), table.replace("LocationID", "id"), "missing field `LocationID`"),
            (good.clone(), table.replace("77,\"Queens\"", "a,\"Queens\""), "invalid digit"),
            (good[..good.len() / 2].to_owned(), table.clone(), "EOF"),
            ("[]".to_owned(), table.clone(), "invalid"),
            (collection(&[]), table.clone(), "no shapes"),
            (feet, table.clone(), "zone 4 with its centre at"),
            (flat, table.clone(), "zone 4 without an area"),
            (unknown, table.clone(), "zone 300"),
            (point, table.clone(), "Point"),
            (collection(&[same.clone(), same]), table.clone(), "zone 4 twice"),
        ];
        let mut wrong = Vec::new();
        for (shapes, table, expected) in cases {
            match read_texts(&shapes, &table) {
                Err(error) if error.kind() == TlcErrorKind::BadZones && error.to_string().contains(expected) => {}
                other => wrong.push(format!("{expected}: {other:?}")),
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
