// One ride in all the examples, and what the shipped model says of it: tests send them, so a new model is noticed here.

/** The ride. */
export const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2024-03-05T08:30" } as const;

/** Its minutes. */
export const DURATION = 18.70703125;

/** Its interval. */
export const INTERVAL = { duration_low: 14.083092104222445, duration_high: 23.754876935125694, coverage: 0.8 } as const;

/** The shipped model. */
export const MODEL = "ride-duration";

/** Its version. */
export const VERSION = "2024-01";

/** A ride to a zone that is none, */
export const BAD_RIDE = { PULocationID: 130, DOLocationID: 999 } as const;

/** and why it is not scored. */
export const BAD_RIDE_REFUSED = {
  code: "DO_LOCATION_ID_RANGE",
  field: "DOLocationID",
  message: "DOLocationID: expected a TLC zone id of 1 to 265, found 999",
} as const;
