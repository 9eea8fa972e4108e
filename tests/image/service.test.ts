// The image at work: an unprivileged process on a root file system that nobody can write to answers every protocol, and ends when asked.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { buildah, setting } from "./built.ts";
import { Running } from "./running.ts";

/** With its time, since an estimate for now may differ from the next minute's. */
const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2026-03-05T08:30:00-05:00" };

let image: Running;

before(async () => {
  image = await Running.start();
});

after(async () => {
  await image?.stop();
});

async function get(path: string): Promise<Response> {
  return fetch(new URL(path, image.url));
}

async function post(path: string, body: unknown, headers: Record<string, string> = { "content-type": "application/json" }): Promise<Response> {
  return fetch(new URL(path, image.url), { method: "POST", headers, body: JSON.stringify(body) });
}

/** A reply's JSON, where its status is as expected. */
async function json(response: Response, status = 200): Promise<Record<string, unknown>> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text) as Record<string, unknown>;
}

/** `curbside-server health` as an engine runs it: in the image, as its user, with its variables. */
async function health(listen: string): Promise<string> {
  const container = await buildah("from", setting("CURBSIDE_IMAGE"));
  try {
    await buildah("run", "--env", `CURBSIDE_LISTEN=${listen}`, container, "--", "/usr/local/bin/curbside-server", "health");
    return "healthy";
  } catch (error) {
    return `unhealthy: ${(error as Error).message}`;
  } finally {
    await buildah("rm", container);
  }
}

test("the process has no rights and the root of its files is read-only", async () => {
  const status = await readFile(`/proc/${image.process}/status`, "utf8");
  for (const name of ["Uid", "Gid"]) assert.match(status, new RegExp(`^${name}:(\\s+65532){4}$`, "m"));
  for (const name of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) assert.match(status, new RegExp(`^${name}:\\s+0+$`, "m"));
  if (image.said.includes("its root file system is read-only")) {
    const mounts = await readFile(`/proc/${image.process}/mounts`, "utf8");
    assert.match(mounts, /^\S+ \/ \S+ ro,/m);
  } else {
    console.warn("!!! SKIPPED: this user cannot remount a file system read-only");
  }
});

test("it answers the reference's protocol, one ride and many, and says what is wrong", async () => {
  const one = await json(await post("/predict", RIDE));
  assert.equal(typeof one["duration"], "number");
  const many = (await json(await post("/predict", [RIDE, { ...RIDE, PULocationID: 999 }]))) as unknown as Record<string, unknown>[];
  assert.deepEqual([many.length, many[0]?.["duration"]], [2, one["duration"]]);
  assert.ok("error" in (many[1] ?? {}));
  await json(await post("/predict", { ...RIDE, trip_distance: "far" }), 422);
});

test("it answers MLflow's protocol, Open Inference Protocol and the function's events with the same number", async () => {
  const one = await json(await post("/predict", RIDE));
  const listed = await json(await post("/invocations", { dataframe_records: [RIDE] }));
  assert.ok(JSON.stringify(listed["predictions"]).includes(String(one["duration"])), JSON.stringify(listed));
  const inputs = [
    { name: "PULocationID", shape: [1], datatype: "INT64", data: [RIDE.PULocationID] },
    { name: "DOLocationID", shape: [1], datatype: "INT64", data: [RIDE.DOLocationID] },
    { name: "trip_distance", shape: [1], datatype: "FP64", data: [RIDE.trip_distance] },
    { name: "pickup_datetime", shape: [1], datatype: "BYTES", data: [RIDE.pickup_datetime] },
  ];
  const inferred = await json(await post("/v2/models/ride-duration/infer", { inputs }));
  const outputs = inferred["outputs"] as { readonly name: string; readonly data: readonly unknown[] }[];
  assert.equal(outputs.find(({ name }) => name === "duration")?.data[0], one["duration"]);
  const data = Buffer.from(JSON.stringify({ ride: RIDE, ride_id: 256 })).toString("base64");
  const event = { Records: [{ kinesis: { data, sequenceNumber: "1", partitionKey: "1" }, eventID: "1" }] };
  const scored = await json(await post("/2015-03-31/functions/function/invocations", event));
  const [prediction] = scored["predictions"] as { readonly prediction: Record<string, unknown> }[];
  assert.equal(prediction?.prediction["ride_duration"], one["duration"]);
  assert.equal(prediction?.prediction["ride_id"], 256);
});

test("it serves the page, what the page asks for, its description, its health and its metrics", async () => {
  const page = await get("/");
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
  const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1];
  assert.ok(script, "the page has a script");
  assert.equal((await get(script)).status, 200);
  await json(await get("/config.json"));
  assert.equal((await json(await get("/openapi.json")))["openapi"]?.toString().slice(0, 3), "3.1");
  assert.equal((await get("/ping")).status, 200);
  for (const path of ["/health", "/health/live", "/health/ready"]) assert.equal((await get(path)).status, 200, path);
  assert.match(await (await get("/metrics")).text(), /^curbside_requests_total\{/m);
});

test("the health check succeeds while it serves", async () => {
  // An engine asks again, too: a machine that is busy may answer later than the check waits.
  const began = Date.now();
  let said = await health(`127.0.0.1:${image.port}`);
  while (said !== "healthy" && Date.now() - began < 90_000) said = await health(`127.0.0.1:${image.port}`);
  assert.equal(said, "healthy");
});

test("asked to stop, it ends well and leaves nothing behind; then it is unhealthy", async () => {
  assert.equal(await image.stop(), 0, image.said);
  assert.match(image.said, /The server has ended as it was asked to/);
  assert.ok(!existsSync(`/proc/${image.process}`), "the server's process is gone");
  await assert.rejects(get("/health/live"));
  assert.match(await health(`127.0.0.1:${image.port}`), /^unhealthy/);
});
