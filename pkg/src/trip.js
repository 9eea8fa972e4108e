// A ride as the module takes it: numbers where the caller gave numbers, else a plain copy that the module reads by name.

/** @import { Trip } from "../index.js" */

import { TripError } from "./errors.js";

/** `given` bit: the distance counts. */
export const GIVEN_DISTANCE = 1;
/** `given` bit: the pickup is minutes on the wall, and not milliseconds of UTC. */
export const GIVEN_WALL_MINUTES = 2;

/** The names under which the module reads a time of pickup. */
const PICKUP_SPELLINGS = /** @type {const} */ (["pickup_datetime", "lpep_pickup_datetime", "tpep_pickup_datetime"]);
/** All names that the module reads. */
const SPELLINGS = /** @type {const} */ ([
  "PULocationID",
  "pu_location_id",
  "pickup_location_id",
  "DOLocationID",
  "do_location_id",
  "dropoff_location_id",
  "trip_distance",
  ...PICKUP_SPELLINGS,
]);

/** @typedef {{ [name in typeof SPELLINGS[number]]?: unknown }} AnyTrip */

/**
 * @param {unknown} trip
 * @returns {asserts trip is AnyTrip}
 */
export function requireObject(trip) {
  if (typeof trip === "object" && trip !== null) return;
  const found = trip === null ? "null" : typeof trip;
  throw new TripError("TRIP_TYPE", `the ride: expected an object with PULocationID and DOLocationID, found ${found}`, null);
}

/**
 * Whether a field comes under another name than ours. Spelled out, since a loop over names costs more than an estimate.
 * @param {AnyTrip} trip
 */
export function hasOtherSpelling(trip) {
  return (
    trip.pu_location_id !== undefined ||
    trip.pickup_location_id !== undefined ||
    trip.do_location_id !== undefined ||
    trip.dropoff_location_id !== undefined ||
    trip.lpep_pickup_datetime !== undefined ||
    trip.tpep_pickup_datetime !== undefined
  );
}

/**
 * A copy that holds nothing of the caller's that could run (getters, proxies, subclasses): what throws while the module
 * reads it would pass for a trap.
 * @param {AnyTrip} trip
 * @returns {{ ride: AnyTrip, assumesNow: boolean }}
 */
export function plainCopy(trip) {
  /** @type {AnyTrip} */
  const ride = {};
  for (const name of SPELLINGS) {
    const value = trip[name];
    if (value !== undefined) ride[name] = value instanceof Date ? new Date(value.getTime()) : value;
  }
  return { ride, assumesNow: PICKUP_SPELLINGS.every((name) => ride[name] == null) };
}
