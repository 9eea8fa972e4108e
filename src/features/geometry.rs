//! Distances and directions on the globe between the centres of zones.

use super::zones::Centre;
use crate::num;

/// A zone's centre in the form in which distances are computed from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    /// Square miles.
    pub(super) area: f64,
    latitude_radians: f64,
    longitude_radians: f64,
    sin_latitude: f64,
    cos_latitude: f64,
}

impl Place {
    pub(super) fn new(centre: Centre) -> Place {
        let (latitude, longitude) = (f64::from(centre.latitude), f64::from(centre.longitude));
        let (latitude_radians, longitude_radians) = (latitude.to_radians(), longitude.to_radians());
        Place {
            latitude,
            longitude,
            area: f64::from(centre.area),
            latitude_radians,
            longitude_radians,
            sin_latitude: num::sin(latitude_radians),
            cos_latitude: num::cos(latitude_radians),
        }
    }

    /// Great-circle distance in miles by the haversine formula (R. W. Sinnott, "Virtues of the Haversine", 1984).
    pub(super) fn miles_to(&self, to: &Place) -> f64 {
        let half_height = num::sin((to.latitude_radians - self.latitude_radians) / 2.0);
        let half_width = num::sin((to.longitude_radians - self.longitude_radians) / 2.0);
        let chord = half_height * half_height + self.cos_latitude * to.cos_latitude * half_width * half_width;
        2.0 * num::EARTH_RADIUS_MILES * num::asin(num::sqrt(chord.min(1.0)))
    }

    /// Expected order of a ride within one zone: half the side of a square of its area.
    pub(super) fn miles_within(&self) -> f64 {
        num::sqrt(self.area) / 2.0
    }

    /// Initial bearing in degrees clockwise from north, 0 to 360.
    pub(super) fn bearing_to(&self, to: &Place) -> f64 {
        let turn = to.longitude_radians - self.longitude_radians;
        let east = num::sin(turn) * to.cos_latitude;
        let north = self.cos_latitude * to.sin_latitude - self.sin_latitude * to.cos_latitude * num::cos(turn);
        let degrees = num::atan2(east, north).to_degrees();
        if degrees < 0.0 { degrees + 360.0 } else { degrees }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f32, longitude: f32) -> Place {
        Place::new(Centre { latitude, longitude, area: 4.0 })
    }

    #[test]
    fn a_quarter_of_the_globe() {
        // From the equator to the pole: a quarter circle of radius 3958.8 miles is 3958.8 * pi / 2 = 6218.47.
        let (equator, pole) = (place(0.0, 0.0), place(90.0, 0.0));
        assert!((equator.miles_to(&pole) - 6218.468).abs() < 0.001);
        assert!(equator.bearing_to(&pole).abs() < 1e-12);
        assert!((equator.bearing_to(&place(0.0, 90.0)) - 90.0).abs() < 1e-9);
        assert!((equator.bearing_to(&place(0.0, -90.0)) - 270.0).abs() < 1e-9);
    }

    #[test]
    fn within_a_zone_of_four_square_miles_one_goes_one_mile() {
        assert_eq!(place(40.0, -73.0).miles_within().to_bits(), 1.0f64.to_bits());
    }
}
