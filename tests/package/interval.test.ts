// How sure an estimate is: the interval on every way in, by a bundle that has one and by one that has none.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import type { BatchEstimate, Estimator, Trip, TripColumns } from "curbside";

import { smallBundle } from "../worker/publication.ts";
import { bitsOf, type Installed, install, storedBundle } from "./packed.ts";

const LEDGER = new URL("../parity/ledger.csv", import.meta.url);
const RIDE = { PULocationID: 130, DOLocationID: 132, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };
/** Rides that the small bundles know: in numbers, in texts, without distance, with one that is ignored, to nowhere. */
const RIDES: readonly Trip[] = [
  RIDE,
  { ...RIDE, PULocationID: "130" },
  { ...RIDE, trip_distance: null },
  { ...RIDE, trip_distance: 0 },
  { ...RIDE, DOLocationID: 264 },
  { ...RIDE, pickup_datetime: new Date("2021-02-03T13:30:00Z") },
];

let installed: Installed;
let sure: Estimator;
let plain: Estimator;
before(async () => {
  installed = await install();
  const { loadEstimator } = installed.curbside;
  sure = await loadEstimator({ bytes: await smallBundle("with an interval") });
  plain = await loadEstimator({ bytes: await smallBundle("without an interval") });
});
after(() => installed[Symbol.asyncDispose]());

interface Reply {
  readonly duration: number;
  readonly duration_low?: number;
  readonly duration_high?: number;
  readonly coverage?: number;
}

function replyTo(estimator: Estimator, ride: Trip): Reply {
  const { status, body } = estimator.predict({ contentType: "application/json", body: JSON.stringify(ride) });
  assert.equal(status, 200, body);
  return JSON.parse(body) as Reply;
}

function columnsOf(rides: readonly Trip[]): TripColumns {
  return {
    PULocationID: rides.map(({ PULocationID }) => PULocationID),
    DOLocationID: rides.map(({ DOLocationID }) => DOLocationID),
    trip_distance: rides.map(({ trip_distance }) => trip_distance),
    pickup_datetime: rides.map(({ pickup_datetime }) => pickup_datetime) as (Date | string)[],
  };
}

/** Bits of lower end, estimate and upper end. */
function bitsOfAll(...numbers: readonly (number | null | undefined)[]): string[] {
  return numbers.map((number) => bitsOf(number ?? NaN));
}

test("a bundle with an interval gives the same one on every way in, around the estimate", () => {
  assert(sure.coverage !== null && sure.coverage > 0 && sure.coverage < 1);
  const batch = sure.estimateBatch(columnsOf(RIDES));
  for (const [row, ride] of RIDES.entries()) {
    const name = JSON.stringify(ride);
    const { duration, duration_low: low, duration_high: high, coverage } = sure.estimate(ride);
    assert.equal(coverage, sure.coverage, name);
    assert(low !== null && high !== null && low <= duration && duration <= high && low < high, `${name}: ${low} <= ${duration} <= ${high}`);
    assert(low >= sure.target.low && high <= sure.target.high, name);
    const bits = bitsOfAll(low, duration, high);
    assert.deepEqual(bitsOfAll(batch.lows?.[row], batch.durations[row], batch.highs?.[row]), bits, `${name} in a batch`);
    const reply = replyTo(sure, ride);
    assert.deepEqual(bitsOfAll(reply.duration_low, reply.duration, reply.duration_high), bits, `${name} by predict`);
    assert.equal(reply.coverage, sure.coverage, name);
  }
});

test("a bundle without an interval says so with nulls, and in JSON with nothing", () => {
  assert.equal(plain.coverage, null);
  for (const ride of RIDES) {
    const estimate = plain.estimate(ride);
    assert.deepEqual([estimate.duration_low, estimate.duration_high, estimate.coverage], [null, null, null]);
    // The interval stands beside the estimate and does not move it.
    assert.equal(bitsOf(estimate.duration), bitsOf(sure.estimate(ride).duration));
    const reply = replyTo(plain, ride);
    assert.deepEqual(Object.keys(reply).filter((key) => /^duration_|^coverage$/.test(key)), []);
  }
  const { lows, highs, durations } = plain.estimateBatch(columnsOf(RIDES));
  assert.deepEqual([lows, highs, durations.length], [null, null, RIDES.length]);
});

test("a ride of a batch that cannot be scored has no interval, and one given in texts has", () => {
  const ids = (batch: BatchEstimate): boolean[] => [...(batch.lows ?? [])].map((low, row) => Number.isNaN(low) && Number.isNaN(batch.highs?.[row]));
  const rides = [RIDE, { ...RIDE, PULocationID: 999 }, { ...RIDE, PULocationID: "130" }, { ...RIDE, PULocationID: {} as never }, RIDE];
  assert.deepEqual(ids(sure.estimateBatch(columnsOf(rides))), [false, true, false, true, false]);
  const none = sure.estimateBatch({ PULocationID: [], DOLocationID: [] });
  assert.deepEqual([none.lows?.length, none.highs?.length], [0, 0]);
  // More rows than cross at once.
  const rows = 20_000;
  const many = sure.estimateBatch({
    PULocationID: new Float64Array(rows).fill(130),
    DOLocationID: Float64Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? 130 : 132)),
    trip_distance: Float64Array.from({ length: rows }, (_, row) => 0.1 + row / 1000),
    pickup_datetime: RIDE.pickup_datetime,
  });
  for (const row of [0, 8191, 8192, 16_384, rows - 1]) {
    const alone = sure.estimate({ ...RIDE, DOLocationID: row % 2 === 0 ? 130 : 132, trip_distance: 0.1 + row / 1000 });
    assert.deepEqual(bitsOfAll(many.lows?.[row], many.highs?.[row]), bitsOfAll(alone.duration_low, alone.duration_high), `row ${row}`);
  }
});

test("estimates by two bundles in turn keep their own intervals", () => {
  const [first, , second] = [sure.estimate(RIDE), plain.estimate(RIDE), sure.estimate({ ...RIDE, trip_distance: null })];
  assert.deepEqual(sure.estimate(RIDE), first, "an estimate is the caller's own and not the module's buffer");
  assert.notEqual(first.duration_low, null);
  assert.notEqual(second.duration_low, null);
});

test("the shipped bundle is around its estimate on every ride of the ledger", async () => {
  const estimator = await installed.curbside.loadEstimator({ bytes: await storedBundle() });
  const [, ...lines] = (await readFile(LEDGER, "utf8")).trimEnd().split("\n");
  const rides = lines.map((line): Trip => {
    const [pu, to, miles, when] = line.split(",");
    return { PULocationID: Number(pu), DOLocationID: Number(to), trip_distance: miles ? (JSON.parse(miles) as number | null) : null, pickup_datetime: when };
  });
  const { durations, lows, highs, errors } = estimator.estimateBatch(columnsOf(rides));
  assert.deepEqual(errors, []);
  assert.equal(lows === null, estimator.coverage === null);
  const { low: floor, high: ceiling } = estimator.target;
  const wrong = [...durations].flatMap((duration, row) => {
    const [low, high] = [lows?.[row] ?? duration, highs?.[row] ?? duration];
    return floor <= low && low <= duration && duration <= high && high <= ceiling ? [] : [`${lines[row]}: ${low} <= ${duration} <= ${high}`];
  });
  assert.deepEqual(wrong, []);
  assert(rides.length >= 2000);
});
