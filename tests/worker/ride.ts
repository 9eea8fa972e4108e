// The ride that the tables vary.

/** A weekday morning from Jamaica to Saint Albans, a ride that the training months know well. */
export const RIDE = {
  PULocationID: 130,
  DOLocationID: 205,
  trip_distance: 3.66,
  pickup_datetime: "2021-02-03T08:30",
};

/** The ride with fields changed; `undefined` takes one away. */
export function ride(changes: Record<string, unknown>): string {
  return JSON.stringify({ ...RIDE, ...changes });
}

/** The ride with one field written in exactly these characters, which JSON.stringify might not. */
export function rideText(field: keyof typeof RIDE, text: string): string {
  const entries = Object.entries(RIDE).map(([key, value]) => `"${key}": ${key === field ? text : JSON.stringify(value)}`);
  return `{${entries.join(", ")}}`;
}

/** The ride as it is. */
export const PLAIN = ride({});
