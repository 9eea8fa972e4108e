// The act of swapping, under load and under traps: no call fails, and each is answered by one version alone.

import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import type { Estimator, LoadOptions, ManifestSource } from "curbside";

import { makeSigner, sha256 } from "../worker/publication.ts";
import { type Bucket, startBucket } from "./bucket.ts";
import { bitsOf, type Installed, install } from "./packed.ts";
import { answerOf, RIDE, type Version, versionsOf } from "./versions.ts";

const signer = makeSigner();
let installed: Installed;
let versions: readonly [Version, Version, Version];
let memory: () => WebAssembly.Memory;
before(async () => {
  installed = await install();
  versions = await versionsOf(installed);
  const glue = (await import(installed.url("wasm/curbside.js").href)) as { initSync(): { memory: WebAssembly.Memory } };
  memory = () => glue.initSync().memory;
});
after(() => installed[Symbol.asyncDispose]());

function load(bucket: Bucket, options: Partial<ManifestSource & LoadOptions> = {}): Promise<Estimator> {
  return installed.curbside.loadEstimator({ manifest: bucket.manifest, trustedKeys: [signer.publicKey], ...options } as LoadOptions);
}

/** Every way to ask, as one text each, with the digest of the weights that it belongs to. */
function everyAnswer(estimator: Estimator): { digest: string; answers: string[] } {
  const digest = estimator.status.sha256 ?? "";
  const columns = { PULocationID: [130], DOLocationID: [205], trip_distance: [3.66], pickup_datetime: RIDE.pickup_datetime };
  const [batched = NaN] = estimator.estimateBatch(columns).durations;
  const reply = JSON.parse(estimator.predict({ body: JSON.stringify(RIDE) }).body) as { duration: number; model_version: string };
  const direct = estimator.estimate(RIDE);
  const { version } = estimator.card;
  return {
    digest,
    answers: [
      ...[direct.duration, batched, reply.duration].map(bitsOf),
      ...[version, reply.model_version, String(direct.coverage), String(estimator.coverage), estimator.columns.join()],
    ],
  };
}

test("500 riders who go on asking while weights are swapped are each answered by one version", async (context) => {
  await using bucket = await startBucket(signer);
  const expected = new Map<string, string[]>();
  for (const { stored } of versions) {
    using alone = await installed.curbside.loadEstimator({ bytes: stored });
    expected.set(sha256(stored), everyAnswer(alone).answers);
  }
  bucket.publish({ stored: versions[0].stored, sequence: 1 });
  using estimator = await load(bucket);
  estimator.prepare();
  let isOver = false;
  const seen = new Map<string, number>();
  const rider = async (): Promise<void> => {
    while (!isOver) {
      const { digest, answers } = everyAnswer(estimator);
      assert.deepEqual(answers, expected.get(digest));
      seen.set(digest, (seen.get(digest) ?? 0) + 1);
      await turn();
    }
  };
  const riders = Array.from({ length: 500 }, rider);
  const swaps = async (): Promise<void> => {
    for (const [place, { stored }] of [...versions, ...versions].entries()) {
      bucket.publish({ stored, sequence: place + 2 });
      const status = await estimator.refresh();
      assert.deepEqual([status.state, status.sha256], ["current", sha256(stored)]);
    }
    isOver = true;
  };
  await Promise.all([swaps(), ...riders]);
  assert.equal(seen.size, versions.length);
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  assert(total > 500);
  context.diagnostic(`${total} times four estimates during 6 looks, by version: ${[...seen.values()].join(", ")}`);
});

test("a ride whose own getter asks for other weights is answered by those that it was put to", async () => {
  await using bucket = await startBucket(signer);
  const [first, second] = versions;
  bucket.publish({ stored: first.stored, sequence: 1 });
  using estimator = await load(bucket);
  bucket.publish({ stored: second.stored, sequence: 2 });
  let look: Promise<unknown> = Promise.resolve();
  const ride = {
    ...RIDE,
    get trip_distance() {
      look = estimator.refresh();
      return 3.66;
    },
  };
  assert.equal(bitsOf(estimator.estimate(ride).duration), first.bits.split(" ")[0]);
  await look;
  assert.equal(answerOf(estimator), second.bits);
});

test("new weights have tables before they serve if the old ones had, and none if not", async () => {
  await using bucket = await startBucket(signer);
  const [first, second, third] = versions;
  const { Scorer } = (await import(installed.url("wasm/curbside.js").href)) as { Scorer: { prototype: { prepare(): boolean } } };
  const { prepare } = Scorer.prototype;
  let prepared = 0;
  Scorer.prototype.prepare = function (this: typeof Scorer.prototype) {
    prepared += 1;
    return prepare.call(this);
  };
  try {
    bucket.publish({ stored: first.stored, sequence: 1 });
    using estimator = await load(bucket, { follow: { everySeconds: 0.001, timer: false } });
    bucket.publish({ stored: second.stored, sequence: 2 });
    await estimator.refresh();
    assert.equal(prepared, 0);
    estimator.prepare();
    bucket.publish({ stored: third.stored, sequence: 3 });
    await estimator.refresh();
    assert.equal(prepared, 2);
    assert.equal(answerOf(estimator), third.bits);
    // Prepared while the new ones are on their way.
    bucket.publish({ stored: first.stored, sequence: 4 });
    using other = await load(bucket);
    bucket.publish({ stored: second.stored, sequence: 5 });
    const look = other.refresh();
    other.prepare();
    await look;
    assert.equal(prepared, 4);
    // Tables that cannot be built cost the swap nothing but them.
    Scorer.prototype.prepare = () => {
      throw new WebAssembly.RuntimeError("out of memory");
    };
    console.error = () => undefined;
    const status = await estimator.refresh();
    assert.deepEqual([status.state, status.sequence], ["current", 5]);
    assert.equal(answerOf(estimator), second.bits);
  } finally {
    Scorer.prototype.prepare = prepare;
  }
});

/** Of everything that is not zero a wild pointer is made. */
function wreck(found: WebAssembly.Memory): void {
  const words = new Uint32Array(found.buffer);
  for (let place = 0; place < words.length; place += 1) if (words[place] !== 0) words[place] = 0xffff_fff0;
}

test("a trap while new weights are opened costs neither the new nor the old", async () => {
  await using bucket = await startBucket(signer);
  const [first, second] = versions;
  bucket.publish({ stored: first.stored, sequence: 1 });
  const wrecking: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (String(url).endsWith(".curb") && estimator !== null) wreck(memory());
    return response;
  };
  let estimator: Estimator | null = null;
  estimator = await load(bucket, { fetch: wrecking });
  const { generation } = estimator.status;
  bucket.publish({ stored: second.stored, sequence: 2 });
  const status = await estimator.refresh();
  assert.deepEqual([status.state, status.generation], ["current", generation + 1], status.lastError?.message);
  assert.equal(answerOf(estimator), second.bits);
  estimator.dispose();
});

test("weights that trap whenever they are opened are refused, and the old ones are opened again from their bytes", async () => {
  await using bucket = await startBucket(signer);
  const [first, second, third] = versions;
  bucket.publish({ stored: first.stored, sequence: 1 });
  using estimator = await load(bucket);
  estimator.prepare();
  const { Scorer } = (await import(installed.url("wasm/curbside.js").href)) as { Scorer: { prototype: { results(): number } } };
  const { results } = Scorer.prototype;
  bucket.publish({ stored: second.stored, sequence: 2 });
  const look = estimator.refresh();
  Scorer.prototype.results = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  try {
    const status = await look;
    assert.deepEqual([status.state, status.lastError?.code, status.sequence], ["stale", "ENGINE_TRAPPED", 1]);
  } finally {
    Scorer.prototype.results = results;
  }
  assert.equal(answerOf(estimator), first.bits);
  bucket.publish({ stored: third.stored, sequence: 3 });
  assert.equal((await estimator.refresh()).state, "current");
  assert.equal(answerOf(estimator), third.bits);
});

test("memory does not grow with the number of swaps", async (context) => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: versions[0].stored, sequence: 1 });
  using estimator = await load(bucket);
  estimator.prepare();
  const swap = async (times: number): Promise<number> => {
    for (let time = 0; time < times; time += 1) {
      const sequence = (estimator.status.sequence ?? 0) + 1;
      bucket.publish({ stored: (versions[sequence % 2] ?? versions[0]).stored, sequence });
      assert.equal((await estimator.refresh()).sequence, sequence);
    }
    return memory().buffer.byteLength;
  };
  const before = await swap(10);
  const after = await swap(40);
  // Tables take more than a megabyte: a swap in two that kept its own would be seen.
  assert(after < before + (4 << 20), `${before} bytes after 10 swaps, ${after} after 50`);
  context.diagnostic(`the module's memory has ${before} bytes after 10 swaps, ${after} after 50`);
});

/** What a rider waits while the thread is busy with something else, in milliseconds: the time between two turns. */
async function longestTurns(context: TestContext, what: string, act: () => Promise<unknown>): Promise<void> {
  let isOver = false;
  const turns: number[] = [];
  const watching = (async () => {
    for (let last = performance.now(); !isOver; ) {
      await turn();
      const now = performance.now();
      turns.push(now - last);
      last = now;
    }
  })();
  await act();
  isOver = true;
  await watching;
  const [longest = 0, next = 0] = turns.sort((a, b) => b - a);
  context.diagnostic(`${what}: the thread is kept for ${longest.toFixed(1)} ms at most, then for ${next.toFixed(1)} ms`);
}

test("how long a swap keeps the thread", async (context) => {
  await using bucket = await startBucket(signer);
  const [shipped, small] = versions;
  bucket.publish({ stored: small.stored, sequence: 1 });
  using estimator = await load(bucket);
  let sequence = 1;
  const publishNext = (): void => {
    sequence += 1;
    bucket.publish({ stored: sequence % 2 === 0 ? shipped.stored : small.stored, sequence });
  };
  for (const what of ["without tables, the first time", "without tables"]) {
    publishNext();
    await longestTurns(context, what, () => estimator.refresh());
    publishNext();
    await estimator.refresh();
  }
  estimator.prepare();
  for (const what of ["with tables, the first time", "with tables"]) {
    publishNext();
    await longestTurns(context, what, () => estimator.refresh());
    publishNext();
    await estimator.refresh();
  }
  assert.equal(estimator.status.state, "current");
});
