// What the npm package costs: its size, a cold start in a fresh Node, and a call. Prints medians and tests nothing.
//
//   node_modules/.bin/node bench/pkg.mjs        (after `cargo xtask wasm`)
//
// The cold start begins when a fresh process has the module's and the bundle's bytes in memory and ends with its first
// estimate: compiling and starting the module, verifying digests, inflating, opening, golden rides, one ride.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { constants, gunzipSync, gzipSync } from "node:zlib";

const WASM = new URL("../pkg/wasm/curbside_bg.wasm", import.meta.url);
const GLUE = new URL("../pkg/wasm/curbside.js", import.meta.url);
const BUNDLE = process.env.CURBSIDE_BUNDLE ?? fileURLToPath(new URL("../models/green-tripdata-duration.curb", import.meta.url));
const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: new Date("2021-02-03T13:30:00Z") };
/** Fresh processes. */
const STARTS = 21;
/** Rides of a batch. */
const ROWS = 10_000;
/** Repetitions of a measured loop. */
const ROUNDS = 21;

if (process.argv[2] === "start") await start();
else await report();

/** One cold start, in a process of its own. */
async function start() {
  const [wasm, bytes] = await Promise.all([readFile(WASM), readFile(BUNDLE)]);
  // The shell's few kilobytes of JavaScript are part of the start.
  const began = performance.now();
  const { loadEstimator } = await import("../pkg/slim.js");
  const estimator = await loadEstimator({ bytes, wasm });
  const { duration } = estimator.estimate(RIDE);
  console.log(JSON.stringify({ milliseconds: performance.now() - began, duration }));
}

async function report() {
  const { loadEstimator } = await import("../pkg/node.js");
  const [wasm, glue, bytes] = await Promise.all([readFile(WASM), readFile(GLUE), readFile(BUNDLE)]);
  const gzip = (content) => gzipSync(content, { level: constants.Z_BEST_COMPRESSION }).length;
  console.log(`Node ${process.version}, ${process.arch}`);
  print("module, bytes", wasm.length, `${gzip(wasm)} after gzip -9`);
  print("glue, bytes", glue.length, `${gzip(glue)} after gzip -9`);
  print("bundle, bytes as stored", bytes.length);
  const estimator = await loadEstimator({ bytes });
  const starts = Array.from({ length: STARTS }, () => {
    const said = execFileSync(process.execPath, [fileURLToPath(import.meta.url), "start"], { encoding: "utf8" });
    return JSON.parse(said).milliseconds;
  });
  print("cold start, ms", median(starts).toFixed(1), `of ${STARTS} processes; ${Math.min(...starts).toFixed(1)} to ${Math.max(...starts).toFixed(1)}`);
  const prepared = await loadEstimator({ bytes });
  print("prepare, ms", milliseconds(() => mustServe(prepared)).toFixed(1));
  const [walk, tables] = [await costs(estimator, bytes, false), await costs(prepared, bytes, true)];
  console.log("\nnanoseconds, by the walk and by tables");
  for (const [index, [name]] of walk.entries()) {
    printPair(name, compare(walk[index], tables[index]));
  }
  if (estimator.explains) reportExplanations(estimator);
  if (estimator.coverage === null) return;
  const withoutIt = withoutInterval(gunzipSync(bytes));
  const [plain, preparedPlain] = [await loadEstimator({ bytes: withoutIt }), await loadEstimator({ bytes: withoutIt })];
  mustServe(preparedPlain);
  printPair("a row without the interval", compare(batchCost(plain), batchCost(preparedPlain)));
  console.log("\nnanoseconds a row, with the interval and without");
  printPair("by the walk", compare(batchCost(estimator), batchCost(plain)));
  printPair("by tables", compare(batchCost(prepared), batchCost(preparedPlain)));
}

/** Why varied rides take what they take: the processor's time and not the clock's, for these take long enough to be interrupted. */
function reportExplanations(estimator) {
  const { PULocationID: pu, DOLocationID: to, trip_distance: miles, pickup_datetime: at } = variedRides();
  const explain = (row) => estimator.explain({ PULocationID: pu[row], DOLocationID: to[row], trip_distance: miles[row], pickup_datetime: new Date(at[row]) });
  const first = milliseconds(() => explain(0));
  for (let row = 0; row < 500; row += 1) explain(row);
  const times = Array.from({ length: ROUNDS }, (_, round) => {
    const began = process.cpuUsage();
    for (let row = 0; row < 100; row += 1) explain(100 * round + row);
    return process.cpuUsage(began).user / 100 / 1000;
  });
  print("explain, ms of the processor", median(times).toFixed(3), `the first one ${first.toFixed(1)} ms by the clock`);
}

/** Nothing can be compared with tables where there are none. */
function mustServe(estimator) {
  if (!estimator.prepare()) throw new Error("expected a bundle that tables serve, found one that is walked");
}

/** Median nanoseconds of a ride by the one and by the other, turn by turn, for a busy machine slows both. */
function compare(...costs) {
  const times = costs.map(() => []);
  for (let round = -3; round < ROUNDS; round += 1) {
    for (const [index, [, rides, run]] of costs.entries()) {
      const took = milliseconds(run);
      if (round >= 0) times[index].push((took * 1e6) / rides);
    }
  }
  return times.map(median);
}

/** The bundle with the correction alone for its calibration, and without golden rides, for those have intervals: docs/format.md. */
function withoutInterval(bundle) {
  const [HEADER, CORRECTION, CALIBRATION, GOLDEN] = [48, 16, 8, 7];
  const sections = bundle.readUInt16LE(10);
  const table = Buffer.from(bundle.subarray(HEADER, HEADER + 8 * sections));
  const contents = [];
  let place = HEADER + table.length;
  for (let entry = 0; entry < table.length; entry += 8) {
    const [kind, length] = [table.readUInt16LE(entry), table.readUInt32LE(entry + 4)];
    let content = bundle.subarray(place, place + length);
    place += length;
    // A zero is no interval there, and no rides here.
    if (kind === CALIBRATION) content = Buffer.concat([content.subarray(0, CORRECTION), Buffer.alloc(1)]);
    if (kind === GOLDEN) content = Buffer.alloc(1);
    table.writeUInt32LE(content.length, entry + 4);
    contents.push(content);
  }
  const body = Buffer.concat([table, ...contents]);
  const header = Buffer.from(bundle.subarray(0, HEADER));
  header.writeUInt32LE(body.length, 12);
  createHash("sha256").update(body).digest().copy(header, 16);
  return Buffer.concat([header, body]);
}

/** Rides of which no two in a row take the same way through the trees. */
function variedRides() {
  const column = (value) => Float64Array.from({ length: ROWS }, (_, row) => value(row));
  return {
    PULocationID: column((row) => 1 + (row % 263)),
    DOLocationID: column((row) => 1 + ((row * 7) % 263)),
    trip_distance: column((row) => 0.1 + (row % 400) / 20),
    pickup_datetime: column((row) => RIDE.pickup_datetime.getTime() + row * 60_000),
  };
}

/** What is called, how many rides that scores in a round, and the round. */
async function costs(estimator, bytes, isPrepared) {
  // The module's own face without the shell, to see what the shell adds.
  const { Scorer } = await import("../pkg/wasm/curbside.js");
  const { inflate } = await import("../pkg/src/inflate.js");
  const scorer = new Scorer(await inflate(new Uint8Array(bytes), null));
  if (isPrepared) scorer.prepare();
  const millis = RIDE.pickup_datetime.getTime();
  const zone = (turn) => 1 + (turn % 263);
  const json = new TextEncoder().encode('{"PULocationID":130,"DOLocationID":205,"trip_distance":3.66,"ride_id":1}');
  return [
    ["the module's estimate, scalars", 20_000, (turn) => scorer.estimate(zone(turn), 205, 3.66, millis, 1)],
    ["estimate, Date", 20_000, (turn) => estimator.estimate({ ...RIDE, PULocationID: zone(turn) }).duration],
    ["estimate, text", 20_000, (turn) => estimator.estimate({ ...RIDE, PULocationID: zone(turn), pickup_datetime: "2021-02-03T08:30" }).duration],
    ["estimate, ids as texts", 5_000, (turn) => estimator.estimate({ ...RIDE, PULocationID: String(zone(turn)) }).duration],
    ["predict, JSON to JSON", 5_000, () => estimator.predict({ body: json }).status],
  ]
    .map(([name, turns, call]) => [name, turns, loop(turns, call)])
    .concat([["estimate of varied rides", ...variedCost(estimator)], batchCost(estimator)]);
}

/** Rides one by one of which no two in a row take the same way, as riders' are. */
function variedCost(estimator) {
  const { PULocationID: pu, DOLocationID: to, trip_distance: miles, pickup_datetime: at } = variedRides();
  const rides = Array.from(pu, (zone, row) => ({ PULocationID: zone, DOLocationID: to[row], trip_distance: miles[row], pickup_datetime: new Date(at[row]) }));
  return [ROWS, loop(ROWS, (turn) => estimator.estimate(rides[turn]).duration)];
}

function batchCost(estimator) {
  const columns = variedRides();
  return ["estimateBatch, a row of varied rides", ROWS, () => estimator.estimateBatch(columns).durations[0]];
}

/** A loop whose results are used, so that none of it can be left out. */
function loop(turns, call) {
  let sum = 0;
  return () => {
    for (let turn = 0; turn < turns; turn += 1) sum += call(turn);
    return sum;
  };
}

function milliseconds(run) {
  const began = performance.now();
  run();
  return performance.now() - began;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function printPair(name, [first, second]) {
  print(name, first.toFixed(0), `${second.toFixed(0).padStart(6)}  ${(first / second).toFixed(2)} times as much`);
}

function print(name, value, more = "") {
  console.log(`${name.padEnd(38)} ${String(value).padStart(9)}  ${more}`.trimEnd());
}
