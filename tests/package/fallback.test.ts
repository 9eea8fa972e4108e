// A bundle at hand, which serves where the manifest is late or gone, until there is better.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Estimator, Fallback, LoadOptions, ManifestSource, Status } from "curbside";

import { makeSigner, sha256 } from "../worker/publication.ts";
import { blobPath, type Bucket, MANIFEST, startBucket } from "./bucket.ts";
import { type Installed, install } from "./packed.ts";
import { answerOf, type Version, versionsOf } from "./versions.ts";

const signer = makeSigner();
let installed: Installed;
let shipped: Version;
let published: Version;
before(async () => {
  installed = await install();
  [shipped, published] = await versionsOf(installed);
});
after(() => installed[Symbol.asyncDispose]());

function load(bucket: Bucket, options: Partial<ManifestSource & LoadOptions>): Promise<Estimator> {
  return installed.curbside.loadEstimator({ manifest: bucket.manifest, trustedKeys: [signer.publicKey], ...options } as LoadOptions);
}

test("it serves at once where the manifest fails, tells why, and is replaced as soon as there is one", async () => {
  await using bucket = await startBucket(signer);
  const told: Status[] = [];
  const began = performance.now();
  using estimator = await load(bucket, {
    fallback: shipped.stored,
    patienceSeconds: 60,
    follow: { timer: false, onChange: (status) => told.push(status) },
  });
  assert(performance.now() - began < 30_000, "a failure is not waited out");
  const { state, version, sequence, sha256: digest, keyid, trustedKeys, lastError, checkedAt, confirmedAt } = estimator.status;
  assert.deepEqual(
    { state, version, sequence, digest, keyid, trustedKeys, code: lastError?.code, confirmedAt, manifest: estimator.manifest },
    {
      ...{ state: "fallback", version: estimator.card.version, sequence: null, digest: sha256(shipped.stored), keyid: null },
      ...{ trustedKeys: 1, code: "FETCH_STATUS", confirmedAt: null, manifest: null },
    },
  );
  assert.notEqual(checkedAt, null);
  assert.equal(answerOf(estimator), shipped.bits);
  assert.equal((await estimator.refresh()).state, "fallback");
  bucket.publish({ stored: published.stored, sequence: 3 });
  assert.equal((await estimator.refresh()).state, "current");
  assert.equal(answerOf(estimator), published.bits);
  assert.deepEqual(told.map(({ state: found }) => found), ["current"]);
  bucket.spoil(MANIFEST, { status: 500 });
  assert.equal((await estimator.refresh()).state, "stale", "and the fallback does not come back");
  assert.equal(answerOf(estimator), published.bits);
});

test("it serves when patience ends, and what was late takes its place when it comes", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: published.stored, sequence: 1 });
  let release = (): void => {};
  bucket.spoil(blobPath(published.stored), (response) => {
    release = () => response.end(published.stored);
  });
  const sources: readonly Fallback[] = [
    shipped.stored,
    new Uint8Array(shipped.stored).buffer,
    () => new Uint8Array(shipped.stored),
    () => Promise.resolve(new Uint8Array(shipped.stored).buffer),
  ];
  for (const fallback of sources) {
    using estimator = await load(bucket, { fallback, patienceSeconds: 0.05 });
    assert.deepEqual([estimator.status.state, estimator.status.lastError, estimator.status.checkedAt], ["fallback", null, null]);
    assert.equal(answerOf(estimator), shipped.bits);
    const look = estimator.refresh();
    release();
    assert.equal((await look).state, "current", "the look that was under way");
    assert.equal(answerOf(estimator), published.bits);
  }
});

test("it is not asked for where the manifest is in time", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: published.stored, sequence: 1 });
  let asked = 0;
  const fallback = (): Uint8Array => {
    asked += 1;
    return shipped.stored;
  };
  using estimator = await load(bucket, { fallback, patienceSeconds: 60 });
  assert.deepEqual([asked, estimator.status.state, answerOf(estimator)], [0, "current", published.bits]);
});

test("weights that are the fallback's own are not fetched", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: shipped.stored, sequence: 8 });
  bucket.spoil(MANIFEST, { status: 500 });
  using estimator = await load(bucket, { fallback: shipped.stored });
  const { loadedAt } = estimator.status;
  bucket.spoil(MANIFEST, null);
  const status = await estimator.refresh();
  assert.deepEqual([status.state, status.sequence, status.keyid, status.loadedAt], ["current", 8, signer.keyid, loadedAt]);
  assert.deepEqual(bucket.log(), ["500 manifest", "200 manifest"]);
});

test("a fallback that cannot be had is told with what the manifest failed with, and a late manifest still serves", async () => {
  await using bucket = await startBucket(signer);
  const cause = new Error("no such asset");
  const broken = (): never => {
    throw cause;
  };
  await assert.rejects(load(bucket, { fallback: broken }), { code: "FETCH_STATUS", cause });
  await assert.rejects(load(bucket, { fallback: new Uint8Array(9) }), (thrown) => {
    assert(thrown instanceof installed.curbside.WeightsError);
    assert(thrown.cause instanceof installed.curbside.BundleError, String(thrown.cause));
    return true;
  });
  bucket.publish({ stored: published.stored, sequence: 1 });
  bucket.spoil(MANIFEST, (response) => {
    bucket.spoil(MANIFEST, null);
    setTimeout(() => response.writeHead(302, { location: bucket.manifest }).end(), 200);
  });
  using estimator = await load(bucket, { fallback: broken, patienceSeconds: 0 });
  assert.deepEqual([estimator.status.state, answerOf(estimator)], ["current", published.bits]);
});

test("an abort while the fallback is waited for rejects with its reason, and nothing goes on", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: published.stored, sequence: 1 });
  const reason = new Error("the rider left");
  const controller = new AbortController();
  const looks: (AbortSignal | undefined)[] = [];
  const loading = load(bucket, {
    fallback: () => new Promise(() => {}),
    fetch: (_, init) => new Promise(() => looks.push(init?.signal)),
    patienceSeconds: 0,
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(loading, (thrown) => thrown === reason);
  assert.deepEqual(looks.map((signal) => signal?.reason as unknown), [reason]);
});
