// Bodies of POST /predict that must be refused: everything the reference service answers wrongly or not at all.

import { ride, rideText } from "./ride.ts";

/** A body and its refusal. */
export interface Refused {
  readonly name: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly status: number;
  readonly code: string;
  readonly field?: string;
  /** Words that the message must hold: what was found. */
  readonly says?: string;
}

const bytes = (...parts: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));

const idRows = (field: "PULocationID" | "DOLocationID", prefix: string): Refused[] => {
  const row = (name: string, value: string, problem: string, says: string): Refused => ({
    name: `${field} ${name}`,
    body: rideText(field, value),
    status: 422,
    code: `${prefix}_${problem}`,
    field,
    says,
  });
  return [
    { ...row("absent", "", "MISSING", "nothing"), body: ride({ [field]: undefined }) },
    row("null", "null", "MISSING", "null"),
    row("a list", "[130]", "TYPE", "a list"),
    row("an object", '{"id": 130}', "TYPE", "an object"),
    row("true", "true", "TYPE", "true or false"),
    row("130.5", "130.5", "TYPE", "130.5"),
    row("empty text", '""', "TYPE", '""'),
    row("text NaN", '"NaN"', "TYPE", "NaN"),
    row("text 130.0", '"130.0"', "TYPE", "130.0"),
    row("text with a sign", '"+130"', "TYPE", "+130"),
    row("text with a space", '" 130"', "TYPE", " 130"),
    row("Arabic digits", '"\u0661\u0663\u0660"', "TYPE", "\u0661"),
    row("0", "0", "RANGE", "0"),
    row("-1", "-1", "RANGE", "-1"),
    row("266", "266", "RANGE", "266"),
    row("text 266", '"266"', "RANGE", "266"),
    row("1e400", "1e400", "RANGE", "inf"),
    row("text of many digits", '"99999999999999999999999"', "RANGE", "999"),
  ];
};

const distanceRow = (name: string, value: string, problem: string, says: string): Refused => ({
  name: `trip_distance ${name}`,
  body: rideText("trip_distance", value),
  status: 422,
  code: `TRIP_DISTANCE_${problem}`,
  field: "trip_distance",
  says,
});

const timeRow = (value: string, problem: string, says: string): Refused => ({
  name: `pickup_datetime ${value}`,
  body: rideText("pickup_datetime", value),
  status: 422,
  code: `PICKUP_DATETIME_${problem}`,
  field: "pickup_datetime",
  says,
});

const conflictRow = (field: string, code: string, body: string): Refused => ({
  name: `${field} twice with two values: ${body}`,
  body,
  status: 422,
  code,
  field,
  says: "two that differ",
});

const malformedRow = (name: string, body: string | Uint8Array<ArrayBuffer>): Refused => ({
  name,
  body,
  status: 400,
  code: "MALFORMED_JSON",
  says: "expected a JSON object",
});

/** Every rule for ids, distances, times, names, ride ids and JSON itself. */
export const REFUSED: readonly Refused[] = [
  ...idRows("PULocationID", "PU_LOCATION_ID"),
  ...idRows("DOLocationID", "DO_LOCATION_ID"),
  distanceRow("as text", '"40"', "TYPE", '"40"'),
  distanceRow("as the text NaN", '"NaN"', "TYPE", "NaN"),
  distanceRow("as a list", "[3.66]", "TYPE", "a list"),
  distanceRow("as an object", "{}", "TYPE", "an object"),
  distanceRow("as false", "false", "TYPE", "true or false"),
  distanceRow("-5", "-5", "RANGE", "-5"),
  distanceRow("-0.001", "-0.001", "RANGE", "-0.001"),
  distanceRow("100.001", "100.001", "RANGE", "100.001"),
  distanceRow("1e400", "1e400", "RANGE", "inf"),
  distanceRow("-1e400", "-1e400", "RANGE", "inf"),
  timeRow('""', "FORMAT", '""'),
  timeRow('"tomorrow"', "FORMAT", "tomorrow"),
  timeRow('"2021-02-03"', "FORMAT", "2021-02-03"),
  timeRow('"08:30"', "FORMAT", "08:30"),
  timeRow('"2021-02-30T08:30"', "FORMAT", "2021-02-30"),
  timeRow('"2021-13-01T08:30"', "FORMAT", "2021-13-01"),
  timeRow('"2021-02-03T24:00"', "FORMAT", "24:00"),
  timeRow('"2021-02-03T08:60"', "FORMAT", "08:60"),
  timeRow('"02/03/2021 08:30"', "FORMAT", "02/03/2021"),
  timeRow('"2021-02-03T08:30-25:00"', "FORMAT", "-25:00"),
  timeRow('"2006-12-31T23:59"', "RANGE", "2006"),
  timeRow('"2100-01-01T00:00"', "RANGE", "2100"),
  timeRow("1612341000", "TYPE", "1612341000"),
  timeRow("[]", "TYPE", "a list"),
  timeRow("true", "TYPE", "true or false"),
  conflictRow("PULocationID", "PU_LOCATION_ID_CONFLICT", ride({ pu_location_id: 131 })),
  conflictRow("DOLocationID", "DO_LOCATION_ID_CONFLICT", ride({ dropoff_location_id: 131 })),
  conflictRow("pickup_datetime", "PICKUP_DATETIME_CONFLICT", ride({ lpep_pickup_datetime: "2021-02-03T08:31" })),
  conflictRow("PULocationID", "PU_LOCATION_ID_CONFLICT", `{"PULocationID": 131, ${ride({}).slice(1)}`),
  conflictRow("trip_distance", "TRIP_DISTANCE_CONFLICT", `{"trip_distance": 1, ${ride({}).slice(1)}`),
  { name: "ride_id a list", body: ride({ ride_id: [1] }), status: 422, code: "RIDE_ID_TYPE", field: "ride_id", says: "a list" },
  { name: "ride_id 1.5", body: ride({ ride_id: 1.5 }), status: 422, code: "RIDE_ID_TYPE", field: "ride_id" },
  { name: "ride_id of 4 KB", body: ride({ ride_id: "x".repeat(4096) }), status: 422, code: "RIDE_ID_TYPE", field: "ride_id" },
  { name: "ride_id twice", body: `{"ride_id": 1, "ride_id": 2, ${ride({}).slice(1)}`, status: 422, code: "RIDE_ID_TYPE", field: "ride_id" },
  malformedRow("an empty body", ""),
  malformedRow("blanks", " \n"),
  malformedRow("rides one after another", `${ride({})} ${ride({})}`),
  malformedRow("a text", '"130"'),
  malformedRow("a number", "130"),
  malformedRow("null", "null"),
  malformedRow("NaN as a word", rideText("trip_distance", "NaN")),
  malformedRow("Infinity as a word", rideText("trip_distance", "Infinity")),
  malformedRow("an id with a leading zero", rideText("PULocationID", "0130")),
  malformedRow("a body that breaks off", ride({}).slice(0, -1)),
  malformedRow("a comma at the end", `${ride({}).slice(0, -1)},}`),
  malformedRow("single quotes", ride({}).replaceAll('"', "'")),
  malformedRow("two objects", `${ride({})}${ride({})}`),
  malformedRow("a form", "PULocationID=130&DOLocationID=205&trip_distance=3.66"),
  malformedRow("HTML", "<html></html>"),
  malformedRow("a broken escape", ride({}).replace("PULocationID", "\\uD8PULocationID")),
  { name: "half of a pair in a key", body: ride({}).replace("PULocationID", "\\uD800PULocationID"), status: 422, code: "PU_LOCATION_ID_MISSING", field: "PULocationID" },
  malformedRow("bad UTF-8 in a key", bytes('{"', [0xff, 0xfe], '": 1, ', ride({}).slice(1))),
  malformedRow("bad UTF-8 in a text", bytes('{"note": "', [0xc3, 0x28], '", ', ride({}).slice(1))),
  malformedRow("UTF-16", new Uint8Array(Buffer.from(ride({}), "utf16le"))),
  malformedRow("zero bytes", new Uint8Array(64)),
  malformedRow("100,000 open brackets", "[".repeat(100_000)),
  malformedRow("100,000 open objects", '{"a":'.repeat(100_000)),
  distanceRow("of nested lists", `${"[".repeat(60)}${"]".repeat(60)}`, "TYPE", "a list"),
  malformedRow("10,000 nested lists", ride({}).replace("3.66", `${"[".repeat(10_000)}${"]".repeat(10_000)}`)),
  malformedRow("10,000 nested lists that nobody knows", `{"x": ${"[".repeat(10_000)}${"]".repeat(10_000)}, ${ride({}).slice(1)}`),
];
