//! A ride as a JavaScript object of whatever shape: the same rules as for JSON, plus `Date`.

use js_sys::{Array, Date, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::errors::trip_error;
use crate::Trip;
use crate::trip::{Field, Given, Pickup, TripError, TripInput};

/// A field's value, owned so that a text can be lent to `Given`.
enum Owned {
    Absent,
    Null,
    Number(f64),
    Text(String),
    Other(&'static str),
    Instant(f64),
}

impl Owned {
    fn read(ride: &JsValue, field: Field) -> Result<Owned, JsValue> {
        let mut found: Option<JsValue> = None;
        for name in field.spellings() {
            // A getter that throws, or a ride that is no object, throws on.
            let value = Reflect::get(ride, &JsValue::from_str(name))?;
            if value.is_undefined() {
                continue;
            }
            if found.as_ref().is_some_and(|known| *known != value) {
                return Err(trip_error(&TripError::conflict(field)));
            }
            found = Some(value);
        }
        Ok(found.map_or(Owned::Absent, |value| Owned::new(&value)))
    }

    fn new(value: &JsValue) -> Owned {
        if value.is_null() {
            Owned::Null
        } else if let Some(number) = value.as_f64() {
            Owned::Number(number)
        } else if let Some(text) = value.as_string() {
            Owned::Text(text)
        } else if let Some(date) = value.dyn_ref::<Date>() {
            Owned::Instant(date.get_time())
        } else if value.as_bool().is_some() {
            Owned::Other("true or false")
        } else if Array::is_array(value) {
            Owned::Other("a list")
        } else if value.is_bigint() {
            Owned::Other("a BigInt")
        } else if value.is_function() {
            Owned::Other("a function")
        } else {
            Owned::Other("an object")
        }
    }

    fn given(&self) -> Given<'_> {
        match self {
            Owned::Absent => Given::Absent,
            Owned::Null => Given::Null,
            Owned::Number(number) => Given::Number(*number),
            Owned::Text(text) => Given::Text(text),
            Owned::Other(what) => Given::Other(what),
            Owned::Instant(_) => Given::Other("a Date"),
        }
    }
}

/// Reads and checks a ride; `now` is the host's clock in milliseconds.
pub(super) fn read(ride: &JsValue, now: f64) -> Result<Trip, JsValue> {
    let pu = Owned::read(ride, Field::PuLocationId)?;
    let to = Owned::read(ride, Field::DoLocationId)?;
    let distance = Owned::read(ride, Field::TripDistance)?;
    let pickup = Owned::read(ride, Field::PickupDatetime)?;
    let mut input = TripInput {
        pu_location_id: pu.given(),
        do_location_id: to.given(),
        trip_distance: distance.given(),
        pickup_datetime: pickup.given(),
    };
    let mut time = Pickup::from_unix_millis(now);
    if let Owned::Instant(millis) = pickup {
        time = Pickup::from_unix_millis(millis);
        input.pickup_datetime = Given::Absent;
    }
    let checked = match time {
        Ok(time) => input.check(Some(time)),
        // The ride's own faults come first; then the clock's, if the ride needs it.
        Err(fault) => input
            .check(None)
            .map_err(|error| if input.takes_now() && error.field() == Field::PickupDatetime { fault } else { error }),
    };
    checked.map_err(|error| trip_error(&error))
}
