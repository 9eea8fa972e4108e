// Weights that do not arrive as they were published: fetched once more past every copy, and then not over and over.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

import { altered, makeSigner } from "../worker/publication.ts";
import { blobPath, type Bucket, MANIFEST, startBucket } from "./bucket.ts";
import { withClock } from "./clock.ts";
import { openStage } from "./stage.ts";
import { answerOf } from "./versions.ts";

const signer = makeSigner();
const { installed, versions, load } = await openStage(signer);
const [first, second, third] = versions;
after(() => installed[Symbol.asyncDispose]());

/** Is damaged the first time, and whole after. */
function damagedOnce(bucket: Bucket, path: string, damaged: Uint8Array | string): void {
  bucket.spoil(path, (response) => {
    bucket.spoil(path, null);
    response.end(damaged);
  });
}

test("a damaged copy is fetched once more past every copy, at the first load and later", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  const changed = Buffer.from(first.stored).fill(0, 50, 60);
  damagedOnce(bucket, blobPath(first.stored), changed);
  using estimator = await load(bucket);
  assert.equal(answerOf(estimator), first.bits);
  assert.deepEqual(bucket.log(), ["200 manifest", "200 blob", "200 blob"]);
  assert.deepEqual(bucket.asked.map(({ headers }) => headers["cache-control"]), [undefined, undefined, "no-cache"]);
  bucket.asked.length = 0;
  bucket.publish({ stored: second.stored, sequence: 2 });
  damagedOnce(bucket, blobPath(second.stored), second.stored.subarray(0, 99));
  damagedOnce(bucket, MANIFEST, "<!doctype html>");
  assert.equal((await estimator.refresh()).state, "current");
  assert.equal(answerOf(estimator), second.bits);
  assert.deepEqual(bucket.log(), ["200 manifest", "200 manifest", "200 blob", "200 blob"]);
});

test("weights that stay damaged are tried less and less often, and newer ones at once", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  await withClock(async (skip) => {
    using estimator = await load(bucket, { follow: { everySeconds: 10, timer: false } });
    bucket.publish({ stored: second.stored, sequence: 2 });
    bucket.spoil(blobPath(second.stored), { status: 500 });
    /** Looks once after so many seconds, and says whether the weights were asked for. */
    const looksAfter = async (seconds: number): Promise<boolean> => {
      skip(seconds);
      bucket.asked.length = 0;
      const { state, lastError } = await estimator.refresh();
      assert.deepEqual([state, lastError?.code], ["stale", "FETCH_STATUS"]);
      return bucket.log().includes("500 blob");
    };
    const asked = [];
    for (const seconds of [0, 0, 10, 10, 10, 20, 20, 30, 30, 30, 30]) asked.push(await looksAfter(seconds));
    // Waits of 10, 20, 40, and never more than 60 seconds.
    assert.deepEqual(asked, [true, false, true, false, true, false, true, false, true, false, true]);
    bucket.publish({ stored: third.stored, sequence: 3 });
    assert.equal((await estimator.refresh()).state, "current");
    assert.equal(answerOf(estimator), third.bits);
  });
});

const OLD_FORMAT = gzipSync(await readFile(new URL("../native/format-2.curb.raw", import.meta.url)));
const OLDEST_FORMAT = gzipSync(await readFile(new URL("../native/format-1.curb.raw", import.meta.url)));

test("a bundle that this build cannot read is refused and not fetched again, however often its manifest is seen", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  using estimator = await load(bucket, { follow: { everySeconds: 0.001, timer: false } });
  const newer = altered(
    second.stored,
    (bundle) => {
      bundle.writeUInt16LE(99, 8);
      return bundle;
    },
    true,
  );
  const rows = [
    [newer, "BUNDLE_VERSION", /found 99, which is newer/],
    [OLDEST_FORMAT, "BUNDLE_VERSION", /found 1, which is older/],
    [gzipSync("not a bundle"), "BUNDLE_NOT_RECOGNISED", /./],
    [second.stored.subarray(0, -100), "BLOB_GZIP", /a whole gzip file/],
  ] as const;
  let sequence = 1;
  for (const [stored, code, message] of rows) {
    sequence += 1;
    bucket.publish({ stored: Buffer.from(stored), sequence });
    bucket.asked.length = 0;
    for (const _ of [1, 2, 3]) {
      const { lastError, state } = await estimator.refresh();
      assert.deepEqual([state, lastError?.code], ["stale", code]);
      assert.match(lastError?.message ?? "", message);
      await sleep(5);
    }
    assert.deepEqual(bucket.log(), ["200 manifest", "200 blob", "200 manifest", "200 manifest"]);
    assert.equal(answerOf(estimator), first.bits);
  }
  bucket.publish({ stored: OLD_FORMAT, sequence: sequence + 1 });
  assert.equal((await estimator.refresh()).state, "current", "an older format that it reads");
});
