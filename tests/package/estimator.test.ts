// What an estimator answers: the same ride gives the same bits on every way in, and the same refusal.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Estimator, Trip } from "curbside";

import { bitsOf, type Installed, install, storedBundle } from "./packed.ts";

const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };

let installed: Installed;
let estimator: Estimator;
before(async () => {
  installed = await install();
  estimator = await installed.curbside.loadEstimator({ bytes: await storedBundle() });
});
after(() => installed[Symbol.asyncDispose]());

/** Every way in must agree on what a ride without fault gives. */
const SAME_RIDES: readonly { name: string; ride: object }[] = [
  { name: "a text on the wall", ride: RIDE },
  { name: "with a space and seconds, as the TLC writes", ride: { ...RIDE, pickup_datetime: "2021-02-03 08:30:59" } },
  { name: "an instant", ride: { ...RIDE, pickup_datetime: "2021-02-03T13:30:00Z" } },
  { name: "a Date", ride: { ...RIDE, pickup_datetime: new Date("2021-02-03T08:30:31-05:00") } },
  { name: "ids as texts", ride: { ...RIDE, PULocationID: "130", DOLocationID: "0205" } },
  { name: "Rust's names", ride: { pu_location_id: 130, do_location_id: 205, trip_distance: 3.66, lpep_pickup_datetime: "2021-02-03T08:30" } },
  { name: "other names", ride: { pickup_location_id: 130, dropoff_location_id: 205, trip_distance: 3.66, tpep_pickup_datetime: "2021-02-03T08:30" } },
  { name: "the same under two names", ride: { ...RIDE, pu_location_id: 130, lpep_pickup_datetime: "2021-02-03T08:30" } },
];

test("a ride's spelling does not change its bits", () => {
  const expected = estimator.estimate(RIDE);
  assert(expected.duration >= 1 && expected.duration <= 60);
  const wrong = [];
  for (const { name, ride } of SAME_RIDES) {
    const found = estimator.estimate(ride as Trip);
    const reply = estimator.predict({ body: JSON.stringify(ride) });
    const told = JSON.parse(reply.body) as { duration: number };
    if (bitsOf(found.duration) !== bitsOf(expected.duration)) wrong.push(`${name}: estimate ${found.duration}`);
    if (bitsOf(told.duration) !== bitsOf(expected.duration)) wrong.push(`${name}: predict ${reply.body}`);
    assert.equal(found.pickup_datetime, "2021-02-03T08:30", name);
  }
  assert.deepEqual(wrong, []);
});

test("an estimate says what it assumed and warns of", () => {
  assert.deepEqual(estimator.estimate(RIDE).assumed, {});
  const before = Date.now();
  const bare = estimator.estimate({ PULocationID: 130, DOLocationID: 205 });
  assert.deepEqual(Object.keys(bare.assumed).sort(), ["pickup_datetime", "trip_distance"]);
  assert.equal(bare.assumed.trip_distance, bare.trip_distance);
  assert.equal(bare.assumed.pickup_datetime, bare.pickup_datetime);
  // New York is four or five hours behind UTC.
  const behind = (before - Date.parse(`${bare.pickup_datetime}Z`)) / 3_600_000;
  assert(behind > 3.9 && behind < 5.1, `${bare.pickup_datetime} is ${behind} hours behind UTC`);
  const zero = estimator.estimate({ ...RIDE, trip_distance: 0 });
  assert.equal(zero.assumed.trip_distance, zero.trip_distance);
  assert(zero.warnings.some(({ code }) => code === "TRIP_DISTANCE_IGNORED"));
  const nowhere = estimator.estimate({ ...RIDE, DOLocationID: 264 });
  assert(nowhere.warnings.some(({ code, message }) => code === "ZONE_WITHOUT_PLACE" && message.length > 20));
});

/** What is refused, by which code; each goes in by estimate, by a batch and by JSON. */
const REFUSED: readonly { ride: object; code: string; field: string }[] = [
  { ride: { DOLocationID: 205 }, code: "PU_LOCATION_ID_MISSING", field: "PULocationID" },
  { ride: { ...RIDE, PULocationID: null }, code: "PU_LOCATION_ID_MISSING", field: "PULocationID" },
  { ride: { ...RIDE, PULocationID: 0 }, code: "PU_LOCATION_ID_RANGE", field: "PULocationID" },
  { ride: { ...RIDE, PULocationID: 266 }, code: "PU_LOCATION_ID_RANGE", field: "PULocationID" },
  { ride: { ...RIDE, DOLocationID: 205.5 }, code: "DO_LOCATION_ID_TYPE", field: "DOLocationID" },
  { ride: { ...RIDE, DOLocationID: "205.0" }, code: "DO_LOCATION_ID_TYPE", field: "DOLocationID" },
  { ride: { ...RIDE, DOLocationID: [205] }, code: "DO_LOCATION_ID_TYPE", field: "DOLocationID" },
  { ride: { ...RIDE, DOLocationID: true }, code: "DO_LOCATION_ID_TYPE", field: "DOLocationID" },
  { ride: { ...RIDE, trip_distance: "40" }, code: "TRIP_DISTANCE_TYPE", field: "trip_distance" },
  { ride: { ...RIDE, trip_distance: -5 }, code: "TRIP_DISTANCE_RANGE", field: "trip_distance" },
  { ride: { ...RIDE, trip_distance: 101 }, code: "TRIP_DISTANCE_RANGE", field: "trip_distance" },
  { ride: { ...RIDE, pickup_datetime: "tomorrow" }, code: "PICKUP_DATETIME_FORMAT", field: "pickup_datetime" },
  { ride: { ...RIDE, pickup_datetime: "1999-01-01T00:00" }, code: "PICKUP_DATETIME_RANGE", field: "pickup_datetime" },
  { ride: { ...RIDE, pickup_datetime: 5 }, code: "PICKUP_DATETIME_TYPE", field: "pickup_datetime" },
  { ride: { ...RIDE, PULocationID: 999, pickup_datetime: "tomorrow" }, code: "PU_LOCATION_ID_RANGE", field: "PULocationID" },
];

test("a ride that cannot be scored is refused alike on every way in", () => {
  for (const { ride, code, field } of REFUSED) {
    const name = JSON.stringify(ride);
    assert.throws(
      () => estimator.estimate(ride as Trip),
      (thrown) => {
        assert(thrown instanceof installed.curbside.TripError, String(thrown));
        assert.deepEqual({ code: thrown.code, field: thrown.field }, { code, field }, name);
        assert(thrown.message.startsWith(`${field}: expected `), thrown.message);
        return true;
      },
    );
    const { status, body } = estimator.predict({ contentType: "application/json", body: name });
    const { error } = JSON.parse(body) as { error: { code: string; field: string } };
    assert.deepEqual([status, error.code, error.field], [422, code, field], name);
    const column = (key: keyof typeof RIDE): never[] => [(ride as Partial<typeof RIDE>)[key] as never];
    const batch = estimator.estimateBatch({
      PULocationID: column("PULocationID"),
      DOLocationID: column("DOLocationID"),
      trip_distance: column("trip_distance"),
      pickup_datetime: column("pickup_datetime"),
    });
    assert.deepEqual(batch.errors.map((found) => [found.row, found.code, found.field]), [[0, code, field]], name);
    assert(Number.isNaN(batch.durations[0]), name);
  }
});

test("only JavaScript can say these, and they are refused too", () => {
  const rows = [
    [{ ...RIDE, trip_distance: NaN }, "TRIP_DISTANCE_RANGE"],
    [{ ...RIDE, trip_distance: Infinity }, "TRIP_DISTANCE_RANGE"],
    [{ ...RIDE, trip_distance: 3n }, "TRIP_DISTANCE_TYPE"],
    [{ ...RIDE, PULocationID: NaN }, "PU_LOCATION_ID_RANGE"],
    [{ ...RIDE, PULocationID: Symbol("130") }, "PU_LOCATION_ID_TYPE"],
    [{ ...RIDE, pickup_datetime: new Date(NaN) }, "PICKUP_DATETIME_RANGE"],
    [{ ...RIDE, pickup_datetime: new Date(0) }, "PICKUP_DATETIME_RANGE"],
    [{ ...RIDE, pu_location_id: 131 }, "PU_LOCATION_ID_CONFLICT"],
    [null, "TRIP_TYPE"],
    ["130", "TRIP_TYPE"],
  ] as const;
  for (const [ride, code] of rows) {
    assert.throws(() => estimator.estimate(ride as unknown as Trip), { name: "TripError", code });
  }
});

test("what a caller's own getter throws is the caller's, and no trap", () => {
  const fault = new RangeError("mine");
  const ride = {
    get PULocationID(): number {
      throw fault;
    },
    DOLocationID: 205,
  };
  assert.throws(() => estimator.estimate(ride), (thrown) => thrown === fault);
  assert.equal(estimator.status.generation, 1);
});

test("a batch gives each row what the row alone would get", () => {
  const rows = 20_000;
  const column = (value: (row: number) => number): Float64Array => Float64Array.from({ length: rows }, (_, row) => value(row));
  const minute = Date.parse("2021-02-01T00:00:00Z");
  const columns = {
    PULocationID: column((row) => 1 + (row % 263)),
    DOLocationID: column((row) => 1 + ((row * 7) % 263)),
    trip_distance: column((row) => (row % 5 === 0 ? NaN : (row % 97) / 7 + 0.1)),
    pickup_datetime: column((row) => minute + row * 60_000),
  };
  const batch = estimator.estimateBatch(columns);
  assert.deepEqual(batch.errors, []);
  for (let row = 0; row < rows; row += 37) {
    const miles = columns.trip_distance[row] ?? NaN;
    const alone = estimator.estimate({
      PULocationID: columns.PULocationID[row] ?? 0,
      DOLocationID: columns.DOLocationID[row] ?? 0,
      trip_distance: Number.isNaN(miles) ? null : miles,
      pickup_datetime: new Date(columns.pickup_datetime[row] ?? NaN),
    });
    assert.equal(bitsOf(batch.durations[row] ?? NaN), bitsOf(alone.duration), `row ${row}`);
    const bits = alone.warnings.map(({ code }) => estimator.warningTexts.find((text) => text.code === code)?.bit ?? 0);
    assert.equal(batch.warnings[row], bits.reduce((sum, bit) => sum + bit, 0), `row ${row}`);
  }
});

test("an estimator that is prepared gives the same answers", async () => {
  const prepared = await installed.curbside.loadEstimator({ bytes: await storedBundle() });
  assert.deepEqual([prepared.prepare(), prepared.prepare()], [true, true]);
  for (let zone = 1; zone <= 265; zone += 1) {
    const ride = { ...RIDE, PULocationID: zone, DOLocationID: 1 + ((zone * 7) % 265), trip_distance: zone % 3 === 0 ? null : zone / 7 };
    assert.deepEqual(prepared.estimate(ride), estimator.estimate(ride), JSON.stringify(ride));
  }
  prepared.dispose();
  assert.throws(() => prepared.prepare(), { name: "EngineError", code: "ESTIMATOR_DISPOSED" });
});

test("a bad row spoils no other, and columns must go together", () => {
  const { durations, errors } = estimator.estimateBatch({
    PULocationID: [130, 999, "130", {} as never, 130],
    DOLocationID: [205, 205, "205", 205, 205],
    trip_distance: [3.66, 3.66, 3.66, 3.66, "3.66" as never],
    pickup_datetime: RIDE.pickup_datetime,
  });
  const expected = bitsOf(estimator.estimate(RIDE).duration);
  assert.deepEqual([...durations].map((duration) => bitsOf(duration) === expected), [true, false, true, false, false]);
  assert.deepEqual(
    errors.map(({ row, code }) => `${row} ${code}`),
    ["1 PU_LOCATION_ID_RANGE", "3 PU_LOCATION_ID_TYPE", "4 TRIP_DISTANCE_TYPE"],
  );
  const none = estimator.estimateBatch({ PULocationID: [], DOLocationID: [] });
  assert.deepEqual([none.durations.length, none.warnings.length, none.errors], [0, 0, []]);
  const uneven = { PULocationID: [1, 2], DOLocationID: [1], trip_distance: [1, 2] };
  assert.throws(() => estimator.estimateBatch(uneven), { code: "COLUMNS_LENGTH", message: /DOLocationID 1, trip_distance 2/ });
});

test("predict speaks the reference's wire, and keeps the caller's clock and id", () => {
  const body = new TextEncoder().encode('{"PULocationID":130,"DOLocationID":205,"trip_distance":3.66,"ride_id":"r-1"}');
  const { status, body: text } = estimator.predict({ contentType: "application/json", body, now: new Date("2021-02-03T13:30:00Z") });
  const reply = JSON.parse(text) as Record<string, unknown>;
  assert.equal(status, 200);
  assert.equal(bitsOf(reply["duration"] as number), bitsOf(estimator.estimate(RIDE).duration));
  assert.equal(reply["ride_id"], "r-1");
  assert.deepEqual(reply["assumed"], { pickup_datetime: "2021-02-03T08:30" });
  assert.equal(estimator.predict({ contentType: "text/html", body }).status, 415);
  assert.equal(estimator.predict({ body: "{" }).status, 400);
  const minted = [1, 2].map(() => (JSON.parse(estimator.predict({ body: '{"PULocationID":1,"DOLocationID":2}' }).body) as { ride_id: string }).ride_id);
  assert.match(minted[0] ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(minted[0], minted[1]);
});

test("serve speaks the other protocols, tells what a request was about and gives bytes where they are asked for", () => {
  const ride = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };
  const duration = bitsOf(estimator.estimate(RIDE).duration);
  const body = JSON.stringify({ dataframe_records: [ride] });
  const scored = estimator.serve({ method: "POST", path: "/invocations", contentType: "application/json", body });
  assert.deepEqual([scored.status, scored.contentType, scored.headers, scored.code], [200, "application/json", undefined, undefined]);
  assert.deepEqual([scored.rides, scored.refused, scored.unseenPairs], [1, 0, 0]);
  const { predictions } = JSON.parse(scored.body as string) as { predictions: number[] };
  assert.equal(bitsOf(predictions[0] ?? NaN), duration);
  const inputs = Object.entries(ride).map(([name, value]) => {
    return { name, shape: [1], datatype: typeof value === "string" ? "BYTES" : "FP64", data: [value] };
  });
  const asked = JSON.stringify({ inputs, outputs: [{ name: "duration", parameters: { binary_data: true } }] });
  const tensors = estimator.serve({ method: "POST", path: "/v2/models/ride-duration/infer", body: asked });
  assert.equal(tensors.contentType, "application/octet-stream");
  assert(tensors.body instanceof Uint8Array);
  const start = Number(tensors.headers?.[1]);
  assert.deepEqual(tensors.headers?.[0], "inference-header-content-length");
  assert.equal(bitsOf(new DataView(tensors.body.buffer, tensors.body.byteOffset + start).getFloat64(0, true)), duration);
  const refused = estimator.serve({ method: "POST", path: "/predict", body: '{"PULocationID": 0, "DOLocationID": 1}' });
  assert.deepEqual([refused.status, refused.code, refused.refused], [422, "PU_LOCATION_ID_RANGE", 1]);
  assert.equal(estimator.serve({ method: "GET", path: "/nothing" }).status, 404);
});

test("card, zones and target are told as plain objects", () => {
  assert.equal(estimator.card.name, "ride-duration");
  assert.deepEqual(structuredClone(estimator.card), estimator.card);
  assert.equal(estimator.target.unit, "minutes");
  const airport = estimator.zones.find(({ id }) => id === 132);
  assert.equal(airport?.name, "JFK Airport");
  assert.equal(airport?.airport, true);
  assert(Math.abs((airport?.latitude ?? 0) - 40.65) < 0.05);
  assert.equal(estimator.zones.find(({ id }) => id === 264)?.latitude, null);
});

test("memory that grows under the result buffer does not matter", async () => {
  const expected = bitsOf(estimator.estimate(RIDE).duration);
  // A body of many megabytes must be copied into the module's memory, which therefore grows and moves.
  assert.equal(estimator.predict({ body: new Uint8Array(24 << 20) }).status, 400);
  assert.equal(bitsOf(estimator.estimate(RIDE).duration), expected);
});

test("a disposed estimator says so, and others go on", async () => {
  const { loadEstimator, EngineError } = installed.curbside;
  const bytes = await storedBundle();
  const first = await loadEstimator({ bytes });
  {
    using second = await loadEstimator({ bytes });
    assert.equal(bitsOf(second.estimate(RIDE).duration), bitsOf(first.estimate(RIDE).duration));
  }
  first.dispose();
  first.dispose();
  assert.throws(() => first.estimate(RIDE), (thrown) => thrown instanceof EngineError && thrown.code === "ESTIMATOR_DISPOSED");
  assert(Number.isFinite(estimator.estimate(RIDE).duration));
  assert.equal(estimator.status.generation, 1);
});
