// Following in workerd, which has no timers between requests: requests look, and an estimator lives across them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { Status } from "curbside";

import { makeSigner } from "../worker/publication.ts";
import { blobPath, type Bucket, MANIFEST, startBucket } from "./bucket.ts";
import { type Installed, install } from "./packed.ts";
import { RIDE, type Version, versionsOf } from "./versions.ts";
import { type RunningWorker, startInWorkerd } from "./workerd.ts";

const WORKER = `
import { loadEstimator } from "curbside";

let estimator;
const told = [];
const bits = (value) => new DataView(new Float64Array([value ?? NaN]).buffer).getBigUint64(0, true).toString(16).padStart(16, "0");
const tell = () => {
  const { duration, duration_low, duration_high } = estimator.estimate(${JSON.stringify(RIDE)});
  return Response.json({ status: estimator.status, bits: [duration, duration_low, duration_high].map(bits).join(" "), told });
};

export default {
  async fetch(request, env, context) {
    const { act, options } = await request.json();
    if (act === "load") {
      estimator?.dispose();
      const fallback = options.fallback && Uint8Array.from(atob(options.fallback), (letter) => letter.charCodeAt(0));
      const onChange = ({ state, sequence }) => told.push(state + " " + sequence);
      estimator = await loadEstimator({ ...options, fallback, follow: { ...options.follow, onChange } });
    }
    if (act === "refresh") await estimator.refresh();
    if (act === "behind") context.waitUntil(estimator.refresh());
    // A request that goes away with the look that it has begun.
    if (act === "forsake") void estimator.refresh();
    if (act === "prepare") estimator.prepare();
    return tell();
  },
};
`;

interface Told {
  readonly status: Status;
  readonly bits: string;
  readonly told: readonly string[];
}

const signer = makeSigner();
let installed: Installed;
let worker: RunningWorker;
let first: Version;
let second: Version;
let third: Version;
before(async () => {
  installed = await install();
  [first, second, third] = await versionsOf(installed);
  worker = await startInWorkerd(installed, WORKER);
});
after(async () => {
  await worker[Symbol.asyncDispose]();
  await installed[Symbol.asyncDispose]();
});

const ask = async (act: string, options?: object): Promise<Told> => (await worker.ask({ act, options })) as Told;
const sourceOf = (bucket: Bucket): object => ({ manifest: bucket.manifest, trustedKeys: [signer.publicKey], name: "ride-duration" });

test("requests look by conditional requests, wait for newer weights or have them come behind, and no timer does", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  const loaded = await ask("load", { ...sourceOf(bucket), follow: { everySeconds: 0.05 } });
  assert.deepEqual([loaded.status.state, loaded.bits], ["current", first.bits]);
  await sleep(300);
  const idle = await ask("tell");
  assert.deepEqual([idle.status.isDue, bucket.log()], [true, ["200 manifest", "200 blob"]]);
  await ask("refresh");
  assert.deepEqual(bucket.log(), ["200 manifest", "200 blob", "304 manifest"]);

  await ask("prepare");
  bucket.publish({ stored: second.stored, sequence: 2 });
  const refreshed = await ask("refresh");
  assert.deepEqual([refreshed.status.state, refreshed.bits, refreshed.told], ["current", second.bits, ["current 2"]]);

  bucket.publish({ stored: third.stored, sequence: 3 });
  const behind = await ask("behind");
  assert.equal(behind.bits, second.bits, "nobody has waited");
  let found = behind;
  for (let asked = 0; asked < 100 && found.bits !== third.bits; asked += 1) {
    await sleep(20);
    found = await ask("tell");
  }
  assert.deepEqual([found.status.sequence, found.bits], [3, third.bits]);

  // Damaged once: fetched once more past every copy.
  bucket.publish({ stored: first.stored, sequence: 4 });
  bucket.spoil(blobPath(first.stored), (response) => {
    bucket.spoil(blobPath(first.stored), null);
    response.end("damaged");
  });
  const mended = await ask("refresh");
  assert.deepEqual([mended.status.state, mended.bits], ["current", first.bits], mended.status.lastError?.message);
  bucket.spoil(MANIFEST, { status: 503 });
  const stale = await ask("refresh");
  assert.deepEqual([stale.status.state, stale.status.lastError?.code, stale.bits], ["stale", "FETCH_STATUS", first.bits]);
});

test("a bundle at hand serves until there is a manifest", async () => {
  await using bucket = await startBucket(signer);
  const fallback = first.stored.toString("base64");
  const loaded = await ask("load", { ...sourceOf(bucket), fallback });
  assert.deepEqual([loaded.status.state, loaded.status.lastError?.code, loaded.bits], ["fallback", "FETCH_STATUS", first.bits]);
  bucket.publish({ stored: second.stored, sequence: 1 });
  const refreshed = await ask("refresh");
  assert.deepEqual([refreshed.status.state, refreshed.bits], ["current", second.bits]);
  // Late: the request that loads does not wait for it, and the next one asks for what is under way or anew.
  bucket.spoil(MANIFEST, (response) => void setTimeout(() => response.writeHead(500).end(), 300));
  const late = await ask("load", { ...sourceOf(bucket), fallback, patienceSeconds: 0.05 });
  assert.deepEqual([late.status.state, late.status.lastError], ["fallback", null]);
});

test("a look whose request has gone away does not hold up the next for ever", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  await ask("load", { ...sourceOf(bucket), follow: { deadlineSeconds: 0.5, everySeconds: 0.1 } });
  bucket.publish({ stored: second.stored, sequence: 2 });
  bucket.spoil(MANIFEST, (response) => void response.writeHead(200).write("{"));
  assert.equal((await ask("forsake")).bits, first.bits);
  bucket.spoil(MANIFEST, null);
  await sleep(6000);
  const { status, bits } = await ask("refresh");
  assert.deepEqual([status.state, status.sequence, bits], ["current", 2, second.bits]);
});
