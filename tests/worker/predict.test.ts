// Every rule of the wire format for a ride, and everything the reference service gets wrong, through the real Worker.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner, publish, shippedBundle, smallBundle } from "./publication.ts";
import { PLAIN, ride } from "./ride.ts";
import { ANSWERED } from "./rides-answered.ts";
import { REFUSED } from "./rides-refused.ts";
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

async function post(body: string | Uint8Array<ArrayBuffer>, to = worker): Promise<Response> {
  return to.fetch("/predict", { method: "POST", body, headers: { "content-type": "application/json" } });
}

/** Codes of the warnings about the ride; whether its number was moved into range is the model's affair. */
const codesOf = (list: unknown): string[] =>
  Array.isArray(list)
    ? list.map((entry: { code: string }) => entry.code).filter((code) => code !== "DURATION_CLIPPED")
    : [];

/** Estimate, ends of its interval, and the share of rides that the interval is made for. */
const INTERVAL = ["duration", "duration_low", "duration_high", "coverage"] as const;

/** What is wrong with a reply's interval, which a bundle has or has not. */
function intervalFaults(reply: Record<string, unknown>): string[] {
  const numbers = INTERVAL.map((key) => reply[key]);
  const found = JSON.stringify(numbers);
  if (numbers.slice(1).every((number) => number === undefined)) return [];
  const [duration, low, high, coverage] = numbers.map((number) => (typeof number === "number" ? number : NaN)) as [number, number, number, number];
  const isWhole = low <= duration && duration <= high && coverage > 0 && coverage < 1;
  return isWhole ? [] : [`expected duration_low <= duration <= duration_high and a coverage, or none of them, found ${found}`];
}

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
    const twin = same === undefined ? reply : (await readJson(await post(same))).body;
    return [
      ...faults,
      ...differs("status", response.status, 200),
      ...(duration > 0 && duration < 600 ? [] : [`duration: expected minutes, found ${JSON.stringify(reply)}`]),
      ...differs("duration and interval as the twin's", INTERVAL.map((key) => reply[key]), INTERVAL.map((key) => twin[key])),
      ...intervalFaults(reply),
      ...differs("warnings", codesOf(reply["warnings"]), warnings),
      ...differs("assumed", Object.keys(reply["assumed"] ?? {}), assumed),
    ];
  });
});

test("a bundle with an interval has it in every reply, and one without has nothing in its place", async () => {
  const signer = makeSigner();
  for (const kind of ["with an interval", "without an interval"] as const) {
    await using other = await startWorker({ trusted: [signer] });
    await publish(other.bucket, { stored: await smallBundle(kind), signer });
    const response = await post(ride({ DOLocationID: 132 }), other);
    const { body, faults } = await readJson(response);
    assert.deepEqual([...faults, ...differs("status", response.status, 200), ...intervalFaults(body)], [], JSON.stringify(body));
    const keys = Object.keys(body).filter((key) => (INTERVAL as readonly string[]).includes(key));
    assert.deepEqual(keys, kind === "with an interval" ? INTERVAL : ["duration"]);
  }
});

test("tables are built once, behind the first reply, and change no bit of the next ones", async () => {
  const signer = makeSigner();
  await using other = await startWorker({ trusted: [signer] });
  await publish(other.bucket, { stored: await shippedBundle(), signer });
  const bodies = [ride({}), ride({ trip_distance: undefined }), ride({ DOLocationID: 132 }), ride({ PULocationID: 264 })];
  const replies = async (): Promise<unknown[]> => {
    const found = [];
    for (const body of bodies) {
      const reply = await readJson(await post(body, other));
      found.push(INTERVAL.map((key) => reply.body[key]));
    }
    return found;
  };
  assert.deepEqual(other.events("weights_prepared"), []);
  const before = await replies();
  const [event] = await eventually(async () => other.events("weights_prepared"), ({ length }) => length > 0);
  assert.equal(event?.["tables"], true, JSON.stringify(event));
  assert.deepEqual(await replies(), before);
  assert.equal(other.events("weights_prepared").length, 1);
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

test("a list of rides is answered in its order, each as it would be alone, and one that is wrong spoils no other", async () => {
  const rides = [ride({ ride_id: 1 }), ride({ ride_id: 2, DOLocationID: 132 }), ride({ PULocationID: 999 }), ride({ ride_id: 4 })];
  const response = await post(`[${rides.join(",")}]`);
  assert.equal(response.status, 200);
  const found: unknown = await response.json();
  const alone = await Promise.all(rides.map(async (each) => (await post(each)).json()));
  assert.deepEqual(found, alone);
  assert.equal((await post(`[${Array(1000).fill(PLAIN).join(",")}]`)).status, 200);
  const more = await post(`[${Array(1001).fill(PLAIN).join(",")}]`);
  assert.equal(more.status, 413);
  assert.match(await more.text(), /"TOO_MANY_ROWS"/);
  assert.equal(await (await post("[]")).text(), "[]");
});

test("an explanation is in the reply if the address asks for it", async () => {
  const send = (path: string): Promise<Response> =>
    worker.fetch(path, { method: "POST", body: PLAIN, headers: { "content-type": "application/json" } });
  const asked = await send("/predict?explain=true");
  const { explanation, ...reply } = (await asked.json()) as { duration: number; ride_id: string; explanation: { base_value: number; contributions: { amount: number }[] } };
  const sum = explanation.contributions.reduce((all, { amount }) => all + amount, explanation.base_value);
  assert.ok(asked.status === 200 && Math.abs(sum - reply.duration) < 1e-9, `${sum} and ${reply.duration}`);
  for (const path of ["/predict", "/predict?explain=false", "/predict?other=true"]) {
    const plain = await send(path);
    const told = (await plain.json()) as Record<string, unknown>;
    assert.deepEqual({ ...told, ride_id: reply.ride_id }, reply, path);
  }
});
