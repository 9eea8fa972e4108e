//! The TLC's zone table as a bundle holds it.

use curbside::features::{Centre, Zone, Zones};
use curbside_tlc::zones::ZoneRecord;

/// The zones as a bundle holds them; boroughs in the order in which they first appear.
pub fn zone_table(records: &[ZoneRecord]) -> Zones {
    let mut table = Zones::default();
    for record in records {
        let known = table.boroughs.iter().position(|borough| *borough == record.borough);
        let borough = known.unwrap_or_else(|| {
            table.boroughs.push(record.borough.clone());
            table.boroughs.len() - 1
        });
        let centre = record.centroid.zip(record.area_sq_miles).map(|((latitude, longitude), area)| Centre {
            latitude: curbside::num::nearest_f32(latitude),
            longitude: curbside::num::nearest_f32(longitude),
            area: curbside::num::nearest_f32(area),
        });
        table.zones.push(Zone {
            id: record.id,
            name: record.name.clone(),
            // A table of 265 zones has at most 265 boroughs; one that has more than 256 is refused on opening.
            borough: u8::try_from(borough).unwrap_or(u8::MAX),
            airport: record.airport,
            centre,
        });
    }
    table
}
