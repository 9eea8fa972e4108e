//! Errors as JavaScript has them: an `Error` with a stable `code`, and where the fault is.

use js_sys::{Error, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::explain::ExplainError;
use crate::{OpenError, TripError};

fn set(target: &JsValue, key: &str, value: &JsValue) {
    // Setting a property of a fresh object cannot fail; were it to, the message still says everything.
    let done = Reflect::set(target, &JsValue::from_str(key), value);
    if done.is_err() {
        web_sys::console::warn_1(&JsValue::from_str("curbside: an error's details could not be attached"));
    }
}

fn error(name: &str, code: &str, message: &str) -> JsValue {
    let error = Error::new(message);
    error.set_name(name);
    let error = JsValue::from(error);
    set(&error, "code", &JsValue::from_str(code));
    error
}

/// A `TripError` with `code` and `field`.
pub(super) fn trip_error(fault: &TripError) -> JsValue {
    let thrown = error("TripError", fault.code(), &fault.to_string());
    set(&thrown, "field", &JsValue::from_str(fault.field().name()));
    thrown
}

/// A `BundleError` with `code`, `section` (null for the header) and `offset`.
pub(super) fn open_error(fault: &OpenError) -> JsValue {
    let thrown = error("BundleError", fault.code(), &fault.to_string());
    set(&thrown, "section", &fault.section().map_or(JsValue::NULL, |section| JsValue::from_str(section.name())));
    set(&thrown, "offset", &JsValue::from_f64(crate::num::count_to_f64(fault.offset())));
    thrown
}

/// An `ExplainError` with `code`.
pub(super) fn explain_error(fault: ExplainError) -> JsValue {
    error("ExplainError", fault.code(), fault.message())
}

/// Columns that do not go together: pickup zone, drop-off zone, distance, time, what is given.
pub(super) fn columns_error(lengths: &[usize; 5]) -> JsValue {
    error("TripError", "COLUMNS_LENGTH", &format!("columns: expected one length, found {lengths:?}"))
}

/// One ride of a batch that cannot be scored: `{row, code, field, message}`.
pub(super) fn row_error(row: usize, fault: &TripError) -> Result<JsValue, JsValue> {
    let object = Object::new();
    let parts = [
        ("row", JsValue::from_f64(crate::num::count_to_f64(row))),
        ("code", JsValue::from_str(fault.code())),
        ("field", JsValue::from_str(fault.field().name())),
        ("message", JsValue::from_str(&fault.to_string())),
    ];
    for (key, value) in parts {
        Reflect::set(&object, &JsValue::from_str(key), &value)?;
    }
    Ok(object.into())
}
