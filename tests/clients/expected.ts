// What the right answer is: the package's, on the shipped bundle, in this very process.

import { type Estimate, loadEstimator, type Trip } from "curbside";

import { shippedBundle } from "../worker/publication.ts";

const estimator = await loadEstimator({ bytes: await shippedBundle() });

/** The model's version, as replies tell it. */
export const VERSION = estimator.card.version;
/** The model's name. */
export const MODEL = estimator.card.name;

/** The package's answer. */
export function estimate(trip: Trip): Estimate {
  return estimator.estimate(trip);
}

/** Rides of every kind: with and without a distance, a strange one, a pair that nobody rode. */
export const RIDES: readonly { PULocationID: number; DOLocationID: number; trip_distance: number | null; pickup_datetime: string }[] = [
  { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2024-03-05T08:30" },
  { PULocationID: 10, DOLocationID: 50, trip_distance: 40, pickup_datetime: "2024-07-04 23:59:59" },
  { PULocationID: 74, DOLocationID: 75, trip_distance: null, pickup_datetime: "2024-12-24T17:05:00-05:00" },
  { PULocationID: 75, DOLocationID: 264, trip_distance: 0.1 + 0.2, pickup_datetime: "2024-02-29T00:00" },
  { PULocationID: 1, DOLocationID: 2, trip_distance: 77.5, pickup_datetime: "2023-11-05T01:30" },
];

/** As many rides as one request may have. */
export const MANY = Array.from({ length: 1000 }, (_, row) => ({
  PULocationID: (row % 263) + 1,
  DOLocationID: ((row * 7) % 263) + 1,
  trip_distance: (row % 500) / 10 + 0.01,
  pickup_datetime: `2024-03-${String((row % 28) + 1).padStart(2, "0")}T${String(row % 24).padStart(2, "0")}:30`,
}));

/** Minutes of each. */
export function durations(rides: readonly Trip[]): number[] {
  return rides.map((ride) => estimate(ride).duration);
}
