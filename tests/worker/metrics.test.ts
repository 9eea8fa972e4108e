// GET /metrics: what was counted is what happened; and counts of several processes are those of one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner, publish, shippedBundle } from "./publication.ts";
import { ride } from "./ride.ts";

interface Counts {
  readonly processes: number;
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly durations: Readonly<Record<string, { readonly buckets: readonly number[]; readonly milliseconds: number }>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly rides: number;
  readonly ridesRefused: number;
  readonly unseenPairs: number;
  readonly inFlight: number;
  readonly models: readonly { readonly model: string; readonly version: string; readonly sha256: string }[];
  readonly sequence: number | null;
  readonly generation: number | null;
  readonly states: Readonly<Record<string, number>>;
}

// By their addresses, because the types of the Worker's world do not hold in Node's.
const at = (name: string): string => new URL(`../../worker/http/${name}.ts`, import.meta.url).href;
const { merge, BUCKETS } = (await import(at("metrics"))) as { merge(counts: readonly Counts[]): Counts; BUCKETS: readonly number[] };
const { text } = (await import(at("metrics-text"))) as { text(counts: Counts): string };

let worker: RunningWorker;

before(async () => {
  const signer = makeSigner();
  worker = await startWorker({ trusted: [signer] });
  await publish(worker.bucket, { stored: await shippedBundle(), signer, sequence: 7 });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

const SAMPLE = /^(curbside_[a-z_]+)(\{(?:[a-z0-9_]+="[^"\\]*",?)+\})? (\S+)$/;

/** The samples of a scrape by name and labels; every line must be one, or say something about one. */
function samplesOf(scrape: string): Map<string, number> {
  const samples = new Map<string, number>();
  const described = new Set<string>();
  for (const line of scrape.split("\n").slice(0, -1)) {
    const [, keyword, family] = /^# (HELP|TYPE) (curbside_[a-z_]+) .+$/.exec(line) ?? [];
    if (keyword !== undefined && family !== undefined) {
      described.add(`${keyword} ${family}`);
      continue;
    }
    const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
    const bare = name.replace(/_(bucket|sum|count)$/, "");
    assert.ok(described.has(`HELP ${name}`) || described.has(`HELP ${bare}`), `not described: ${line}`);
    assert.ok(!samples.has(name + labels), `twice: ${line}`);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

async function scrape(): Promise<Map<string, number>> {
  const response = await worker.fetch("/metrics");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return samplesOf(await response.text());
}

test("what happened is counted, by route, status, code and ride", async () => {
  const before = await scrape();
  const json = { "content-type": "application/json" };
  const post = async (body: string): Promise<number> => (await worker.fetch("/predict", { method: "POST", body, headers: json })).status;
  assert.equal(await post(ride({})), 200);
  assert.equal(await post(ride({})), 200);
  assert.equal(await post(ride({ PULocationID: 2, DOLocationID: 2 })), 200);
  assert.equal(await post(ride({ PULocationID: 0 })), 422);
  assert.equal(await post("["), 400);
  await worker.fetch("/no/such/path");
  await worker.fetch("/another");
  await worker.fetch("/predict");
  const after = await scrape();
  const grown = (key: string): number => (after.get(key) ?? 0) - (before.get(key) ?? 0);
  const expected = {
    'curbside_requests_total{route="/predict",code="200"}': 3,
    'curbside_requests_total{route="/predict",code="422"}': 1,
    'curbside_requests_total{route="/predict",code="400"}': 1,
    'curbside_requests_total{route="/predict",code="405"}': 1,
    'curbside_requests_total{route="none",code="404"}': 2,
    'curbside_requests_total{route="/metrics",code="200"}': 1,
    'curbside_errors_total{code="PU_LOCATION_ID_RANGE"}': 1,
    'curbside_errors_total{code="MALFORMED_JSON"}': 1,
    'curbside_errors_total{code="NOT_FOUND"}': 2,
    'curbside_errors_total{code="METHOD_NOT_ALLOWED"}': 1,
    curbside_rides_total: 3,
    curbside_unseen_pairs_total: 1,
    'curbside_request_duration_seconds_count{route="/predict"}': 6,
    'curbside_request_duration_seconds_bucket{route="/predict",le="+Inf"}': 6,
  };
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, grown(key)])), expected);
  assert.ok(grown("curbside_rides_refused_total") >= 1);
  assert.equal(after.get("curbside_in_flight"), 1, "this very question");
  assert.equal(after.get("curbside_generation"), 1);
  assert.equal(after.get("curbside_model_sequence"), 7);
  assert.equal(after.get("curbside_processes"), 1);
  assert.equal(after.get('curbside_weights_state{state="current"}'), 1);
  assert.equal(after.get('curbside_weights_state{state="none"}'), 0);
  const models = [...after.keys()].filter((key) => key.startsWith("curbside_model_info"));
  assert.equal(models.length, 1);
  assert.match(models[0] ?? "", /^curbside_model_info\{model="ride-duration",version="[^"]+",sha256="[0-9a-f]{64}"\}$/);
});

test("no path, code or id of a caller's makes a new time series", async () => {
  await scrape();
  const before = await scrape();
  for (const path of ["/x1", "/x2?y", "/models/../x3", "/v2/models/x4", "/v2/x5/infer", "/%78"]) {
    await worker.fetch(path, { method: "POST", body: "{}", headers: { "x-request-id": path.slice(-2) } });
    await worker.fetch(path);
  }
  const first = await scrape();
  for (const path of ["/y1", "/y2?y", "/models/../y3", "/v2/models/y4", "/v2/y5/infer", "/%79"]) {
    await worker.fetch(path, { method: "POST", body: "{}", headers: { "x-request-id": path.slice(-2) } });
    await worker.fetch(path);
  }
  const second = await scrape();
  assert.ok(before.size < first.size);
  assert.deepEqual([...second.keys()], [...first.keys()]);
});

const SOME: Counts = {
  processes: 1,
  requests: { "/predict": { "200": 3, "422": 1 } },
  durations: { "/predict": { buckets: BUCKETS.map((_, bucket) => bucket).concat(2), milliseconds: 1500 } },
  errors: { TRIP_DISTANCE_RANGE: 1 },
  rides: 3,
  ridesRefused: 1,
  unseenPairs: 1,
  inFlight: 2,
  models: [{ model: "m", version: "1", sha256: "aa" }],
  sequence: 4,
  generation: 1,
  states: { current: 1, stale: 0 },
};

test("several processes are counted as one", () => {
  const other: Counts = {
    ...SOME,
    requests: { "/predict": { "200": 1 }, "/health": { "200": 5 } },
    durations: { "/predict": { buckets: BUCKETS.map(() => 1).concat(1), milliseconds: 250 } },
    errors: {},
    models: [{ model: "m", version: "2", sha256: "bb" }],
    sequence: 5,
    generation: 3,
    states: { stale: 1 },
  };
  const nothing = { requests: {}, durations: {}, errors: {}, rides: 0, ridesRefused: 0, unseenPairs: 0, inFlight: 0 };
  const empty: Counts = { ...SOME, ...nothing, models: [], sequence: null, generation: null, states: { none: 1 } };
  const sent = JSON.parse(JSON.stringify([SOME, other, SOME, empty])) as Counts[];
  const all = merge(sent);
  assert.deepEqual(all.requests, { "/predict": { "200": 7, "422": 2 }, "/health": { "200": 5 } });
  assert.deepEqual(all.durations["/predict"], { buckets: BUCKETS.map((_, bucket) => 2 * bucket + 1).concat(5), milliseconds: 3250 });
  assert.deepEqual(all.errors, { TRIP_DISTANCE_RANGE: 2 });
  assert.deepEqual([all.processes, all.rides, all.ridesRefused, all.unseenPairs, all.inFlight], [4, 9, 3, 3, 6]);
  assert.deepEqual(all.models.map(({ version }) => version), ["1", "2"]);
  assert.deepEqual([all.sequence, all.generation], [4, 3]);
  assert.deepEqual([all.states["current"], all.states["stale"], all.states["none"]], [2, 1, 1]);
  // Nothing of what was given has changed, and the order does not matter.
  assert.deepEqual(sent, [SOME, other, SOME, empty]);
  assert.deepEqual(samplesOf(text(merge([...sent].reverse()))).get("curbside_rides_total"), 9);
  assert.deepEqual(merge([merge([SOME, other]), merge([SOME, empty])]), merge([SOME, other, SOME, empty]));
});

test("buckets add up, and what is odd in a label is escaped", () => {
  const samples = samplesOf(text(SOME));
  const bucket = (le: string): number | undefined => samples.get(`curbside_request_duration_seconds_bucket{route="/predict",le="${le}"}`);
  // 0 within a millisecond, 1 more within 2.5, 2 more within 5: 0, 1, 3; 14 ends have 0 + ... + 13 = 91, and 2 took longer.
  assert.deepEqual([bucket("0.001"), bucket("0.0025"), bucket("0.005"), bucket("30"), bucket("+Inf")], [0, 1, 3, 91, 93]);
  assert.equal(samples.get('curbside_request_duration_seconds_sum{route="/predict"}'), 1.5);
  const odd = text({ ...SOME, models: [{ model: 'a"b\\c\nd', version: "1", sha256: "" }] });
  assert.ok(odd.includes(String.raw`curbside_model_info{model="a\"b\\c\nd",version="1",sha256=""} 1`), odd);
});
