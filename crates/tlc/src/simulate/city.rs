//! The made-up city: where rides begin and end, how far and how fast they go. Places and hours matter as they do in
//! the real one, so that a model has something to learn.

use chrono::{Datelike as _, NaiveDateTime, Timelike as _, Weekday};

use super::chance::{Chance, trait_of};
use crate::columns::Taxi;
use crate::zones::{EARTH_RADIUS_MILES, ZoneRecord};

/// Miles an hour outside the centre in each hour of a working day.
#[rustfmt::skip]
const WORKDAY_SPEED: [f64; 24] = [
    19.0, 20.5, 21.5, 22.5, 23.0, 22.0, 18.0, 14.0, 11.5, 11.5, 12.0, 11.8,
    11.5, 11.3, 10.8, 10.4, 10.2, 10.3, 11.0, 12.3, 13.8, 14.8, 16.0, 17.5,
];

/// Miles an hour outside the centre in each hour of a day off.
#[rustfmt::skip]
const WEEKEND_SPEED: [f64; 24] = [
    17.5, 18.0, 19.0, 20.5, 22.0, 22.5, 21.5, 20.0, 17.5, 15.5, 14.2, 13.5,
    12.8, 12.5, 12.4, 12.4, 12.5, 12.8, 13.0, 13.6, 14.4, 15.0, 15.5, 16.0,
];

/// One zone of the city.
#[derive(Debug, Clone)]
struct Place {
    id: u16,
    lat: f64,
    lon: f64,
    /// Radius of a disc of the zone's area, miles.
    radius: f64,
    /// How much slower (below 1) or faster traffic is here.
    pace: f64,
}

/// The zones and how rides go between them.
#[derive(Debug)]
pub(super) struct City {
    places: Vec<Place>,
    /// Running sums of pickups by place.
    pickups: Vec<f64>,
    /// For each pickup place, running sums of drop-offs by place.
    dropoffs: Vec<Vec<f64>>,
}

/// A ride between two places before anything has gone wrong with its record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Journey {
    pub(super) pu_location_id: u16,
    pub(super) do_location_id: u16,
    pub(super) miles: f64,
    pub(super) minutes: f64,
}

impl City {
    /// The city on the zones that have a centre; `None` if there are none.
    pub(super) fn new(zones: &[ZoneRecord], taxi: Taxi) -> Option<Self> {
        let centred: Vec<(&ZoneRecord, Place)> = zones.iter().filter_map(|zone| Some((zone, place(zone)?))).collect();
        let pickups = running_sums(centred.iter().map(|(zone, _)| pickup_weight(zone, taxi)));
        let pull: Vec<f64> = centred.iter().map(|(zone, _)| dropoff_weight(zone)).collect();
        let places: Vec<Place> = centred.into_iter().map(|(_, place)| place).collect();
        let dropoffs = places
            .iter()
            .map(|from| {
                running_sums(places.iter().zip(&pull).map(|(to, pull)| {
                    // Few rides cross the city: the pull of a zone fades with the fourth power of its distance.
                    let reach = centre_miles(from, to) / 2.7;
                    let fading = 1.0 + reach * reach;
                    pull / (fading * fading)
                }))
            })
            .collect();
        (!places.is_empty()).then_some(Self { places, pickups, dropoffs })
    }

    /// Draws a ride that begins at `pickup`.
    pub(super) fn journey(&self, pickup: NaiveDateTime, chance: &mut Chance) -> Journey {
        let from = chance.step(&self.pickups);
        let to = chance.step(&self.dropoffs[from]);
        let (from, to) = (&self.places[from], &self.places[to]);
        let pair = u64::from(from.id) * 1000 + u64::from(to.id);
        // Streets are no straight lines, and each pair of zones has its own detour: bridges, parks, rivers.
        let detour = 1.18 + 0.35 * trait_of(pair);
        let within = 0.5 * (from.radius + to.radius) * chance.between(0.2, 1.0);
        let miles = (centre_miles(from, to) * chance.between(0.88, 1.12) + 0.6 * within).max(0.15) * detour;
        let speed = base_speed(pickup) * 0.5 * (from.pace + to.pace);
        // Longer rides take the fast roads.
        let speed = speed * (1.0 + 0.9 * miles / (miles + 9.0));
        let minutes = (1.6 + 60.0 * miles / speed) * libm::exp(0.24 * chance.normal());
        Journey { pu_location_id: from.id, do_location_id: to.id, miles, minutes }
    }
}

/// How busy an hour is, relative to others: few rides before dawn, a peak in the evening, later on days off.
pub(super) fn demand(hour: NaiveDateTime) -> f64 {
    #[rustfmt::skip]
    const WORKDAY: [f64; 24] = [
        1.6, 1.0, 0.7, 0.6, 0.7, 1.0, 2.2, 4.0, 5.2, 5.3, 5.2, 5.2,
        5.4, 5.4, 5.9, 6.4, 6.8, 7.0, 6.6, 5.4, 4.3, 3.6, 3.1, 2.4,
    ];
    #[rustfmt::skip]
    const WEEKEND: [f64; 24] = [
        3.0, 2.4, 2.0, 1.6, 1.3, 0.9, 1.0, 1.5, 2.3, 3.2, 4.0, 4.4,
        4.7, 4.8, 4.8, 4.9, 4.9, 5.0, 4.9, 4.6, 4.1, 3.7, 3.6, 3.3,
    ];
    table(hour, &WORKDAY, &WEEKEND)
}

/// Speed outside the centre, changing gradually within the hour.
fn base_speed(time: NaiveDateTime) -> f64 {
    let now = table(time, &WORKDAY_SPEED, &WEEKEND_SPEED);
    let later = table(time + chrono::TimeDelta::hours(1), &WORKDAY_SPEED, &WEEKEND_SPEED);
    now + (later - now) * f64::from(time.minute()) / 60.0
}

fn table(time: NaiveDateTime, workday: &[f64; 24], weekend: &[f64; 24]) -> f64 {
    let day_off = matches!(time.weekday(), Weekday::Sat | Weekday::Sun);
    // An hour is 0..=23, and so is the position in a table of 24.
    let hour = (0..24).zip(if day_off { weekend } else { workday }).find(|(hour, _)| *hour == time.hour());
    hour.map_or(0.0, |(_, value)| *value)
}

fn place(zone: &ZoneRecord) -> Option<Place> {
    let (lat, lon) = zone.centroid?;
    let area = zone.area_sq_miles.unwrap_or(1.0).max(0.01);
    let pace = match zone.service_zone.as_str() {
        "Yellow Zone" => 0.68,
        "Airports" | "EWR" => 1.25,
        _ if zone.borough == "Manhattan" => 0.86,
        _ if zone.borough == "Staten Island" => 1.3,
        _ => 1.0,
    };
    let pace = pace * (0.88 + 0.24 * trait_of(u64::from(zone.id)));
    Some(Place { id: zone.id, lat, lon, radius: libm::sqrt(area / std::f64::consts::PI), pace })
}

/// Green taxis are hailed outside the core of Manhattan, yellow ones inside it and at airports.
fn pickup_weight(zone: &ZoneRecord, taxi: Taxi) -> f64 {
    let busy = 0.15 + trait_of(u64::from(zone.id) + 10_000);
    let kind = match (taxi, zone.service_zone.as_str(), zone.borough.as_str()) {
        (Taxi::Green, "Yellow Zone", _) => 0.12,
        (Taxi::Green, "Airports" | "EWR", _) => 0.3,
        (Taxi::Green, _, "Manhattan") => 20.0,
        (Taxi::Green, _, "Staten Island") | (Taxi::Yellow, "EWR", _) => 0.05,
        (Taxi::Green, _, _) => 2.2,
        (Taxi::Yellow, "Yellow Zone", _) => 18.0,
        (Taxi::Yellow, "Airports", _) => 60.0,
        (Taxi::Yellow, _, _) => 0.3,
    };
    busy * busy * kind
}

fn dropoff_weight(zone: &ZoneRecord) -> f64 {
    let busy = 0.2 + trait_of(u64::from(zone.id) + 20_000);
    let kind = match (zone.service_zone.as_str(), zone.borough.as_str()) {
        ("Yellow Zone", _) => 1.5,
        ("Airports", _) => 4.0,
        ("EWR", _) => 0.5,
        (_, "Staten Island") => 0.2,
        _ => 1.0,
    };
    busy * kind
}

fn running_sums(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

/// Miles between two centres on a plane that is narrower eastward by the cosine of the latitude.
fn centre_miles(from: &Place, to: &Place) -> f64 {
    let north = (to.lat - from.lat).to_radians();
    let east = (to.lon - from.lon).to_radians() * libm::cos((0.5 * (from.lat + to.lat)).to_radians());
    EARTH_RADIUS_MILES * libm::sqrt(north * north + east * east)
}
