//! Zone shapes from `GeoJSON`: of each, only the centre and the area are kept.

use std::collections::BTreeMap;
use std::path::Path;

use geo::{Area, Centroid, Coord, LineString, MultiPolygon, Polygon};
use serde::Deserialize;

use super::{EARTH_RADIUS_MILES, LAST_ZONE};
use crate::error::{TlcError, TlcErrorKind};

/// What is kept of a zone's polygons.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Latitude and longitude in degrees.
    pub(super) centroid: (f64, f64),
    pub(super) area_sq_miles: f64,
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "OBJECTID")]
    object: u16,
    #[serde(rename = "LocationID")]
    location: u16,
}

/// Longitude and latitude, as `GeoJSON` orders them.
type Ring = Vec<[f64; 2]>;

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Ring>),
    MultiPolygon(Vec<Vec<Ring>>),
}

/// The shapes by zone id.
pub(super) fn read(path: &Path) -> Result<BTreeMap<u16, Shape>, TlcError> {
    let bad = |found: String| {
        let expected = "zone shapes as GeoJSON polygons in degrees, with the properties OBJECTID and LocationID";
        let remedy = "take the taxi zones as TLC publishes them, converted to WGS 84";
        TlcError::new(TlcErrorKind::BadZones, path, expected, found, remedy)
    };
    let text = std::fs::read(path).map_err(|error| TlcError::io(path, "read", error))?;
    let Collection { features } = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    if features.is_empty() {
        return Err(bad("no shapes".to_owned()));
    }
    let mut times_named: BTreeMap<u16, u32> = BTreeMap::new();
    for feature in &features {
        *times_named.entry(feature.properties.location).or_default() += 1;
    }
    let mut shapes = BTreeMap::new();
    for Feature { properties, geometry } in features {
        let doubled = times_named.get(&properties.location).is_some_and(|&times| times > 1);
        let id = if doubled { properties.object } else { properties.location };
        if !(1..=LAST_ZONE).contains(&id) {
            return Err(bad(format!("zone {id}, where zones are 1 to {LAST_ZONE}")));
        }
        let shape = measured(geometry).ok_or_else(|| bad(format!("zone {id} without an area")))?;
        let (lat, lon) = shape.centroid;
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
            return Err(bad(format!("zone {id} with its centre at {lat}, {lon}, which are no degrees")));
        }
        if shapes.insert(id, shape).is_some() {
            return Err(bad(format!("zone {id} twice")));
        }
    }
    Ok(shapes)
}

/// Centre and area; `None` for polygons without an area.
///
/// Zones are a few miles across, so degrees are treated as a plane that is narrower eastward by the cosine of the
/// latitude: the centre is off by less than a yard, the area by less than a thousandth.
fn measured(geometry: Geometry) -> Option<Shape> {
    let polygons = match geometry {
        Geometry::Polygon(rings) => vec![rings],
        Geometry::MultiPolygon(polygons) => polygons,
    };
    let polygons: MultiPolygon<f64> = polygons.into_iter().map(polygon).collect();
    let square_degrees = polygons.unsigned_area();
    let centre = polygons.centroid()?;
    let (lat, lon) = (centre.y(), centre.x());
    let miles_a_degree = EARTH_RADIUS_MILES.to_radians();
    let area_sq_miles = square_degrees * miles_a_degree * miles_a_degree * libm::cos(lat.to_radians());
    // A polygon of no area still has the centre of its points: that is not the centre of a zone.
    (square_degrees > 0.0).then_some(Shape { centroid: (lat, lon), area_sq_miles })
}

fn polygon(rings: Vec<Ring>) -> Polygon<f64> {
    let mut rings = rings.into_iter().map(|ring| ring.into_iter().map(|[x, y]| Coord { x, y }).collect::<LineString>());
    let exterior = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    Polygon::new(exterior, rings.collect())
}
