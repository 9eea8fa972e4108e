// Bodies of POST /predict that must be answered, with what must be said beside the estimate.

import { PLAIN, ride, rideText } from "./ride.ts";

/** A body and what its answer says. */
export interface Answered {
  readonly name: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly warnings?: readonly string[];
  readonly assumed?: readonly string[];
  /** A ride whose estimate must be the same to the bit. */
  readonly same?: string;
}

/** Every spelling, synonym, instant, assumption and warning. */
export const ANSWERED: readonly Answered[] = [
  { name: "the ride itself", body: PLAIN },
  { name: "ids as text", body: ride({ PULocationID: "130", DOLocationID: "205" }), same: PLAIN },
  { name: "ids as integral numbers", body: rideText("PULocationID", "130.0"), same: PLAIN },
  { name: "an id in exponent form", body: rideText("PULocationID", "1.3e2"), same: PLAIN },
  { name: "ids under Rust's names", body: ride({ PULocationID: undefined, pu_location_id: 130 }), same: PLAIN },
  { name: "ids under long names", body: ride({ DOLocationID: undefined, dropoff_location_id: "205" }), same: PLAIN },
  { name: "one id under two names with one value", body: ride({ pu_location_id: 130 }), same: PLAIN },
  { name: "a key twice with one value", body: `{"trip_distance": 3.66, ${PLAIN.slice(1)}`, same: PLAIN },
  { name: "keys with escapes", body: PLAIN.replace("PULocationID", "PULocation\\u0049D"), same: PLAIN },
  { name: "keys that nobody knows", body: ride({ passenger_count: 2, "": null, nested: { deep: [1, { a: 2 }] } }), same: PLAIN },
  { name: "keys of the prototype", body: `{"__proto__": {"PULocationID": 1}, "constructor": 1, ${PLAIN.slice(1)}`, same: PLAIN },
  { name: "a nest that nobody knows", body: `{"x": ${"[".repeat(60)}${"]".repeat(60)}, ${PLAIN.slice(1)}`, same: PLAIN },
  { name: "blanks around", body: `\r\n\t ${PLAIN} \n`, same: PLAIN },
  { name: "the green taxis' column", body: ride({ pickup_datetime: undefined, lpep_pickup_datetime: "2021-02-03 08:30:00" }), same: PLAIN },
  { name: "the yellow taxis' column", body: ride({ pickup_datetime: undefined, tpep_pickup_datetime: "2021-02-03T08:30:00" }), same: PLAIN },
  { name: "seconds count for nothing", body: ride({ pickup_datetime: "2021-02-03T08:30:59" }), same: PLAIN },
  { name: "the instant with New York's offset", body: ride({ pickup_datetime: "2021-02-03T08:30:00-05:00" }), same: PLAIN },
  { name: "the instant in UTC", body: ride({ pickup_datetime: "2021-02-03T13:30:00Z" }), same: PLAIN },
  { name: "the instant in Tokyo", body: ride({ pickup_datetime: "2021-02-03T22:30:00+09:00" }), same: PLAIN },
  // Clocks go from 01:59 EST (06:59Z) to 03:00 EDT (07:00Z) on 2021-03-14.
  { name: "the minute before spring's change", body: ride({ pickup_datetime: "2021-03-14T06:59:00Z" }), same: ride({ pickup_datetime: "2021-03-14T01:59" }) },
  { name: "the minute of spring's change", body: ride({ pickup_datetime: "2021-03-14T07:00:00Z" }), same: ride({ pickup_datetime: "2021-03-14T03:00" }) },
  { name: "an hour that no clock showed", body: ride({ pickup_datetime: "2021-03-14T02:30" }) },
  // Clocks go from 01:59 EDT (05:59Z) to 01:00 EST (06:00Z) on 2021-11-07.
  { name: "the minute before autumn's change", body: ride({ pickup_datetime: "2021-11-07T05:59:00Z" }), same: ride({ pickup_datetime: "2021-11-07T01:59" }) },
  { name: "the minute of autumn's change", body: ride({ pickup_datetime: "2021-11-07T06:00:00Z" }), same: ride({ pickup_datetime: "2021-11-07T01:00" }) },
  { name: "an hour that clocks showed twice", body: ride({ pickup_datetime: "2021-11-07T01:30" }), same: ride({ pickup_datetime: "2021-11-07T05:30:00Z" }) },
  { name: "a leap day", body: ride({ pickup_datetime: "2024-02-29T12:00" }) },
  { name: "no distance", body: ride({ trip_distance: undefined }), assumed: ["trip_distance"] },
  { name: "a null distance", body: ride({ trip_distance: null }), assumed: ["trip_distance"], same: ride({ trip_distance: undefined }) },
  { name: "a distance of 0", body: ride({ trip_distance: 0 }), assumed: ["trip_distance"], warnings: ["TRIP_DISTANCE_IGNORED"], same: ride({ trip_distance: null }) },
  { name: "a distance of -0.0", body: rideText("trip_distance", "-0.0"), assumed: ["trip_distance"], warnings: ["TRIP_DISTANCE_IGNORED"], same: ride({ trip_distance: null }) },
  { name: "a distance of 50", body: ride({ trip_distance: 50 }) },
  { name: "a distance of 50.01", body: ride({ trip_distance: 50.01 }), assumed: ["trip_distance"], warnings: ["TRIP_DISTANCE_IGNORED"], same: ride({ trip_distance: null }) },
  { name: "a distance of 100", body: ride({ trip_distance: 100 }), assumed: ["trip_distance"], warnings: ["TRIP_DISTANCE_IGNORED"], same: ride({ trip_distance: null }) },
  { name: "a distance too small for a double", body: rideText("trip_distance", "1e-400"), assumed: ["trip_distance"], warnings: ["TRIP_DISTANCE_IGNORED"] },
  { name: "no time", body: ride({ pickup_datetime: undefined }), assumed: ["pickup_datetime"] },
  { name: "a null time", body: ride({ pickup_datetime: null }), assumed: ["pickup_datetime"] },
  { name: "nothing but zones", body: JSON.stringify({ PULocationID: 130, DOLocationID: 205 }), assumed: ["trip_distance", "pickup_datetime"] },
  // Liberty Island and Ellis Island: no road, no ride.
  { name: "a pair of zones never seen", body: ride({ PULocationID: 103, DOLocationID: 104 }), warnings: ["UNSEEN_ZONE_PAIR"] },
  { name: "an island to the unknown", body: ride({ PULocationID: 103, DOLocationID: 264 }), warnings: ["UNSEEN_ZONE_PAIR", "ZONE_WITHOUT_PLACE"] },
  { name: "an island out of town", body: ride({ PULocationID: 103, DOLocationID: 265 }), warnings: ["UNSEEN_ZONE_PAIR", "ZONE_WITHOUT_PLACE"] },
  { name: "the first zone", body: ride({ PULocationID: 1, DOLocationID: 104 }), warnings: ["UNSEEN_ZONE_PAIR"] },
  { name: "the last zone with a place", body: ride({ PULocationID: 103, DOLocationID: 263 }), warnings: ["UNSEEN_ZONE_PAIR"] },
];
