// Every rule of the wire format for a ride, and everything the reference service gets wrong, through the real Worker.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner, publish, shippedBundle } from "./publication.ts";
import { differs, everyRow, readJson } from "./table.ts";

let worker: RunningWorker;

before(async () => {
  const signer = makeSigner();
  worker = await startWorker({ trusted: [signer] });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

/** A weekday morning from Jamaica to Saint Albans, a ride that the training months know well. */
const RIDE = {
  PULocationID: 130,
  DOLocationID: 205,
  trip_distance: 3.66,
  pickup_datetime: "2021-02-03T08:30",
};

/** The ride with fields changed; `undefined` takes one away. */
function ride(changes: Record<string, unknown>): string {
  return JSON.stringify({ ...RIDE, ...changes });
}

/** The ride with one field written in exactly these characters, which JSON.stringify might not. */
function rideText(field: keyof typeof RIDE, text: string): string {
  const entries = Object.entries(RIDE).map(([key, value]) => `"${key}": ${key === field ? text : JSON.stringify(value)}`);
  return `{${entries.join(", ")}}`;
}

interface Refused {
  readonly name: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly status: number;
  readonly code: string;
  readonly field?: string;
  /** Words that the message must hold: what was found. */
  readonly says?: string;
}

interface Answered {
  readonly name: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly warnings?: readonly string[];
  readonly assumed?: readonly string[];
  /** A ride whose estimate must be the same to the bit. */
  readonly same?: string;
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

const REFUSED: readonly Refused[] = [
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
  { name: "ride_id twice", body: `{"ride_id": 1, "ride_id": 2, ${ride({}).slice(1)}`, status: 400, code: "MALFORMED_JSON", says: "ride_id" },
  malformedRow("an empty body", ""),
  malformedRow("blanks", " \n"),
  malformedRow("an array of rides", `[${ride({})}]`),
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
  malformedRow("a broken escape", ride({}).replace("PULocationID", "\\uD800PULocationID")),
  malformedRow("bad UTF-8 in a key", bytes('{"', [0xff, 0xfe], '": 1, ', ride({}).slice(1))),
  malformedRow("bad UTF-8 in a text", bytes('{"note": "', [0xc3, 0x28], '", ', ride({}).slice(1))),
  malformedRow("UTF-16", new Uint8Array(Buffer.from(ride({}), "utf16le"))),
  malformedRow("zero bytes", new Uint8Array(64)),
  malformedRow("100,000 open brackets", "[".repeat(100_000)),
  malformedRow("100,000 open objects", '{"a":'.repeat(100_000)),
  { ...distanceRow("of 10,000 nested lists", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, "TYPE", "a list") },
];

const PLAIN = ride({});

const ANSWERED: readonly Answered[] = [
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
  { name: "a nest that nobody knows", body: `{"x": ${"[".repeat(10_000)}${"]".repeat(10_000)}, ${PLAIN.slice(1)}`, same: PLAIN },
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

async function post(body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return worker.fetch("/predict", { method: "POST", body, headers: { "content-type": "application/json" } });
}

/** Codes of the warnings about the ride; whether its number was moved into range is the model's affair. */
const codesOf = (list: unknown): string[] =>
  Array.isArray(list)
    ? list.map((entry: { code: string }) => entry.code).filter((code) => code !== "DURATION_CLIPPED")
    : [];

test("a ride that cannot be scored is refused by field and reason", async () => {
  await everyRow(REFUSED, async ({ body, status, code, field, says }) => {
    const response = await post(body);
    const { body: reply, faults } = await readJson(response);
    const error = (reply["error"] ?? {}) as Record<string, unknown>;
    const message = String(error["message"]);
    const named = field === undefined || message.includes(field);
    return [
      ...faults,
      ...differs("status", response.status, status),
      ...differs("keys", Object.keys(reply), ["error"]),
      ...differs("code", error["code"], code),
      ...differs("field", error["field"], field),
      ...(named ? [] : [`message: expected the field's name, found ${message}`]),
      ...(says === undefined || message.includes(says) ? [] : [`message: expected ${says} in it, found ${message}`]),
      ...(message.length < 600 ? [] : [`message: expected it short, found ${message.length} characters`]),
    ];
  });
});

test("a ride that can be scored is, and what was assumed and doubted travels with it", async () => {
  await everyRow(ANSWERED, async ({ body, warnings = [], assumed = [], same }) => {
    const response = await post(body);
    const { body: reply, faults } = await readJson(response);
    const duration = Number(reply["duration"]);
    const twin = same === undefined ? duration : Number((await readJson(await post(same))).body["duration"]);
    return [
      ...faults,
      ...differs("status", response.status, 200),
      ...(duration > 0 && duration < 600 ? [] : [`duration: expected minutes, found ${JSON.stringify(reply)}`]),
      ...differs("duration as the twin's", duration, twin),
      ...differs("warnings", codesOf(reply["warnings"]), warnings),
      ...differs("assumed", Object.keys(reply["assumed"] ?? {}), assumed),
    ];
  });
});

test("a distance that is assumed is a plausible one, and unlike the ride's own changes the estimate", async () => {
  const { body } = await readJson(await post(ride({ trip_distance: undefined })));
  const miles = Number((body["assumed"] as Record<string, unknown>)["trip_distance"]);
  assert.ok(miles > 0.5 && miles < 20, `expected some miles, found ${miles}`);
  const far = await readJson(await post(ride({ trip_distance: 25 })));
  assert.notEqual(far.body["duration"], body["duration"]);
});

test("a time that is assumed is now, on New York's clocks", async () => {
  const { body } = await readJson(await post(ride({ pickup_datetime: undefined })));
  const assumed = String((body["assumed"] as Record<string, unknown>)["pickup_datetime"]);
  const newYork = new Intl.DateTimeFormat("sv-SE", { timeZone: "America/New_York", dateStyle: "short", timeStyle: "short" });
  const around = [0, 60_000].map((ago) => newYork.format(Date.now() - ago).replace(" ", "T"));
  assert.ok(around.includes(assumed.slice(0, 16)), `expected one of ${around.join(", ")}, found ${assumed}`);
});

test("a ride's id comes back in the very characters it came in, and a ride without one gets one", async () => {
  const texts = ["256", '"256"', '"ride \\u00e9 \\"7\\""', "-1", "9007199254740993", '""', '"\u{1F695}"'];
  await everyRow(
    texts.map((text) => ({ name: `ride_id ${text}`, text })),
    async ({ text }) => {
      const reply = await (await post(`{"ride_id": ${text}, ${PLAIN.slice(1)}`)).text();
      return reply.includes(`"ride_id":${text}`) ? [] : [`expected it unchanged, found ${reply}`];
    },
  );
  const minted = await Promise.all([1, 2].map(async () => (await readJson(await post(PLAIN))).body["ride_id"]));
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (const id of minted) {
    assert.match(String(id), uuid);
  }
  assert.notEqual(minted[0], minted[1]);
});

test("the reply holds what the reference's clients look for, and says which model it was", async () => {
  const { body } = await readJson(await post(PLAIN));
  const health = await readJson(await worker.fetch("/health"));
  assert.equal(typeof body["duration"], "number");
  assert.equal(body["model_version"], health.body["version"]);
  assert.equal(typeof body["model"], "string");
});
