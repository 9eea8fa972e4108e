//! The real zone table and shapes, against what anybody can look up on a map. Skipped, loudly, where they are absent.

#![allow(clippy::disallowed_methods, reason = "a test of files reads files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

use std::io::Write as _;

use curbside_tlc::{DATA_VARIABLE, data_dir, zones};

#[test]
fn the_published_zones_are_where_they_are() {
    let Some(folder) = data_dir() else {
        let note = format!("SKIPPED: no real TLC files; set {DATA_VARIABLE} to their folder to test against them\n");
        std::io::stderr().write_all(note.as_bytes()).unwrap();
        return;
    };
    let zones = zones::read(&folder.join("taxi_zones.geojson"), &folder.join("taxi_zone_lookup.csv")).unwrap();
    assert_eq!(zones.len(), 265);
    let without: Vec<u16> = zones.iter().filter(|zone| zone.centroid.is_none()).map(|zone| zone.id).collect();
    assert_eq!(without, [264, 265]);
    let airports: Vec<&str> = zones.iter().filter(|zone| zone.airport).map(|zone| zone.name.as_str()).collect();
    assert_eq!(airports, ["Newark Airport", "JFK Airport", "LaGuardia Airport"]);

    // Latitude and longitude from maps, to about half a mile.
    let places = [
        (1, "Newark Airport", "EWR", 40.69, -74.174),
        (132, "JFK Airport", "Queens", 40.645, -73.787),
        (138, "LaGuardia Airport", "Queens", 40.774, -73.873),
        (230, "Times Sq/Theatre District", "Manhattan", 40.759, -73.985),
        (43, "Central Park", "Manhattan", 40.782, -73.966),
        (57, "Corona", "Queens", 40.757, -73.856),
        (56, "Corona", "Queens", 40.741, -73.857),
        // Ellis, Liberty and Governor's Island share a name and a LocationID in the shapes: the object id parts them.
        (103, "Governor's Island/Ellis Island/Liberty Island", "Manhattan", 40.690, -74.045),
        (104, "Governor's Island/Ellis Island/Liberty Island", "Manhattan", 40.699, -74.040),
        (105, "Governor's Island/Ellis Island/Liberty Island", "Manhattan", 40.689, -74.017),
    ];
    let mut wrong = Vec::new();
    for (id, name, borough, lat, lon) in places {
        let zone = &zones[id - 1];
        let (found_lat, found_lon) = zone.centroid.unwrap();
        let near = (found_lat - lat).abs() < 0.008 && (found_lon - lon).abs() < 0.01;
        if !near || zone.name != name || zone.borough != borough || usize::from(zone.id) != id {
            wrong.push(format!("{zone:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // New York City has 302 square miles of land, Manhattan 22.7; Jamaica Bay is a zone and mostly water.
    let area = |borough: &str| -> f64 {
        zones.iter().filter(|zone| zone.borough == borough).filter_map(|zone| zone.area_sq_miles).sum()
    };
    let city: f64 = ["Manhattan", "Brooklyn", "Queens", "Bronx", "Staten Island"].map(area).iter().sum();
    assert!((300.0..310.0).contains(&city), "{city}");
    assert!((22.0..24.0).contains(&area("Manhattan")), "{}", area("Manhattan"));
}
