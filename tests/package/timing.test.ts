// When looks are taken and given up, by a clock that cannot jump; and what is left of a follower that was disposed of.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { Fetch, Status } from "curbside";

import { envelopeOf, makeSigner } from "../worker/publication.ts";
import { blobPath, MANIFEST, startBucket } from "./bucket.ts";
import { replaced, withClock } from "./clock.ts";
import { openStage } from "./stage.ts";
import { answerOf } from "./versions.ts";

const signer = makeSigner();
const { installed, versions, load } = await openStage(signer);
const [first, second, third] = versions;
after(() => installed[Symbol.asyncDispose]());

/** Waits for something that a timer is to bring about. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 5) {
    assert(waited < 5000, `expected ${what} within 5 s`);
    await sleep(5);
  }
}

test("a timer looks again and again, and tells of what it found", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  const told: Status[] = [];
  using estimator = await load(bucket, { follow: { everySeconds: 0.05, onChange: (status) => told.push(status) } });
  await until(() => bucket.asked.length >= 4, "looks by the timer");
  assert.equal(told.length, 0, "nothing has changed");
  bucket.publish({ stored: second.stored, sequence: 2 });
  await until(() => told.length > 0, "the change");
  assert.equal(told[0]?.sequence, 2);
  assert.equal(answerOf(estimator), second.bits);
  bucket.spoil(MANIFEST, { status: 500 });
  await until(() => told.length > 1, "the failure");
  bucket.spoil(MANIFEST, null);
  await until(() => told.length > 2, "the recovery");
  assert.deepEqual(told.map(({ state }) => state), ["current", "stale", "current"]);
});

test("without a timer nothing looks but refresh, and isDue says when to", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  await withClock(async (skip) => {
    using estimator = await load(bucket, { follow: { everySeconds: 60, timer: false } });
    using unfollowed = await load(bucket);
    bucket.asked.length = 0;
    assert.deepEqual([estimator.status.isDue, unfollowed.status.isDue], [false, false]);
    skip(5);
    assert.deepEqual([estimator.status.isDue, unfollowed.status.isDue], [false, true], "every 5 s unless told");
    skip(55);
    assert.equal(estimator.status.isDue, true);
    await sleep(50);
    assert.equal(bucket.asked.length, 0);
    assert.equal((await estimator.refresh()).isDue, false);
  });
});

test("a wall clock that is wrong by a day, or jumps by one, changes nothing but what is told", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  const day = 86_400_000;
  let wrong = -day;
  const Right = Date;
  class Wrong extends Right {
    constructor(...given: [] | [number | string]) {
      super(...((given.length === 0 ? [Right.now() + wrong] : given) as [number]));
    }
    static override now(): number {
      return Right.now() + wrong;
    }
  }
  await replaced(globalThis, "Date", Wrong as DateConstructor, () =>
    withClock(async (skip) => {
      using estimator = await load(bucket, { follow: { everySeconds: 60, timer: false } });
      const told = Right.parse(estimator.status.loadedAt) - Right.now();
      assert(Math.abs(told + day) < 60_000, "told by the host's clock");
      for (const jump of [day, -day, 0]) {
        wrong = jump;
        assert.equal(estimator.status.isDue, false, `after a jump to ${jump}`);
      }
      skip(60);
      for (const jump of [day, -day]) {
        wrong = jump;
        assert.equal(estimator.status.isDue, true, `in time, with the clock at ${jump}`);
      }
      bucket.publish({ stored: second.stored, sequence: 2 });
      assert.equal((await estimator.refresh()).state, "current");
      assert.equal(answerOf(estimator), second.bits);
    }),
  );
});

test("where the host's one clock is put back by a day, it is time to look", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  await withClock(async (skip) => {
    using estimator = await load(bucket, { follow: { everySeconds: 3600, timer: false } });
    assert.equal(estimator.status.isDue, false);
    skip(-86_400);
    assert.equal(estimator.status.isDue, true);
    bucket.publish({ stored: second.stored, sequence: 2 });
    assert.equal((await estimator.refresh()).sequence, 2);
    assert.equal(estimator.status.isDue, false);
  });
});

for (const what of ["the manifest", "the weights"]) {
  test(`a look whose host has dropped its fetch of ${what} holds up no other for ever, and nothing comes of it`, async () => {
    await using bucket = await startBucket(signer);
    bucket.publish({ stored: first.stored, sequence: 1 });
    // As in workerd when the request is gone that the look belonged to: neither the reply nor the deadline ever comes.
    let isDropping = false;
    let release = (): void => {};
    const dropping: Fetch = (url) => {
      if (!isDropping || url.endsWith(".json") !== (what === "the manifest")) return fetch(url);
      isDropping = false;
      return new Promise((resolve) => (release = () => resolve(fetch(url))));
    };
    await withClock(async (skip) => {
      using estimator = await load(bucket, { fetch: dropping, follow: { deadlineSeconds: 30, everySeconds: 5, timer: false } });
      bucket.publish({ stored: second.stored, sequence: 2 });
      isDropping = true;
      const dropped = estimator.refresh();
      await until(() => !isDropping, "the fetch to be dropped");
      skip(34);
      assert.equal(estimator.status.isDue, false, "it may still come");
      skip(2);
      assert.equal(estimator.status.isDue, true);
      bucket.publish({ stored: third.stored, sequence: 3 });
      assert.equal((await estimator.refresh()).sequence, 3);
      const { checkedAt } = estimator.status;
      release();
      assert.equal((await dropped).sequence, 3);
      assert.deepEqual([estimator.status.checkedAt, answerOf(estimator)], [checkedAt, third.bits]);
    });
  });
}

test("a look that takes too long is given up, whether the server or the fetch hangs", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  let isDeaf = false;
  const deaf: Fetch = (url, init) => (isDeaf ? new Promise(() => {}) : fetch(url, init));
  using estimator = await load(bucket, { fetch: deaf, follow: { deadlineSeconds: 0.2, everySeconds: 0.001, timer: false } });
  const hangs = (response: import("node:http").ServerResponse): void => void response.writeHead(200).write("{");
  bucket.spoil(MANIFEST, hangs);
  const slow = await estimator.refresh();
  assert.deepEqual([slow.state, slow.lastError?.code], ["stale", "FETCH_TIMEOUT"]);
  assert.match(slow.lastError?.message ?? "", /within 0.2 s/);
  bucket.spoil(MANIFEST, null);
  bucket.publish({ stored: second.stored, sequence: 2 });
  bucket.spoil(blobPath(second.stored), hangs);
  assert.equal((await estimator.refresh()).lastError?.code, "FETCH_TIMEOUT");
  isDeaf = true;
  assert.equal((await estimator.refresh()).lastError?.code, "FETCH_TIMEOUT");
  isDeaf = false;
  bucket.spoil(blobPath(second.stored), null);
  await sleep(20);
  assert.equal((await estimator.refresh()).state, "current");
  assert.equal(answerOf(estimator), second.bits);
});

test("a slow server is waited for at the first load, as long as the caller does", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  bucket.spoil(MANIFEST, (response) => {
    setTimeout(() => response.end(envelopeOf({ stored: first.stored, signer, sequence: 1 })), 300);
  });
  using estimator = await load(bucket, { follow: { deadlineSeconds: 0.1, timer: false } });
  assert.equal(answerOf(estimator), first.bits);
  await assert.rejects(load(bucket, { signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
});

test("a signal that aborts after the load ends nothing", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  const controller = new AbortController();
  using estimator = await load(bucket, { signal: controller.signal });
  bucket.publish({ stored: second.stored, sequence: 2 });
  const look = estimator.refresh();
  controller.abort(new Error("too late"));
  assert.equal((await look).state, "current");
  assert.equal(answerOf(estimator), second.bits);
});

test("disposing ends timers and the look under way, and nothing comes of it", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  const told: Status[] = [];
  const estimator = await load(bucket, { follow: { everySeconds: 0.05, onChange: (status) => told.push(status) } });
  bucket.publish({ stored: second.stored, sequence: 2 });
  bucket.spoil(blobPath(second.stored), (response) => void setTimeout(() => response.end(second.stored), 100));
  const look = estimator.refresh();
  await sleep(30);
  estimator.dispose();
  const status = await look;
  assert.equal(status.sequence, 1, "what served last");
  assert.equal(status.isDue, false);
  assert.throws(() => estimator.estimate({ PULocationID: 1, DOLocationID: 2 }), { code: "ESTIMATOR_DISPOSED" });
  assert.throws(() => estimator.prepare(), { code: "ESTIMATOR_DISPOSED" });
  await sleep(200);
  bucket.asked.length = 0;
  assert.equal((await estimator.refresh()).sequence, 1);
  estimator.dispose();
  await sleep(200);
  assert.deepEqual([bucket.log(), told], [[], []]);
});

test("disposing ends a look whose fetch does not heed signals, and an estimator that never looks again", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  let release: (() => void) | null = null;
  let isDeaf = false;
  const deaf: Fetch = (url) => {
    if (!isDeaf || url.endsWith(".json")) return fetch(url);
    return new Promise((resolve) => (release = () => resolve(fetch(url))));
  };
  const estimator = await load(bucket, { fetch: deaf });
  const idle = await load(bucket);
  isDeaf = true;
  bucket.publish({ stored: second.stored, sequence: 2 });
  const look = estimator.refresh();
  await until(() => release !== null, "the weights to be asked for");
  estimator.dispose();
  idle.dispose();
  assert.equal((await look).sequence, 1);
  (release as (() => void) | null)?.();
  await sleep(100);
  bucket.asked.length = 0;
  assert.deepEqual([estimator.status.sequence, (await idle.refresh()).sequence], [1, 1]);
  assert.deepEqual(bucket.log(), []);
});

test("an estimator that follows keeps no process alive", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  await installed.write(
    "follows.mjs",
    `import { loadEstimator } from "curbside";
     const estimator = await loadEstimator({ manifest: process.argv[2], trustedKeys: [process.argv[3]], follow: { everySeconds: 600 } });
     await estimator.refresh();
     console.log(estimator.status.state);`,
  );
  const began = performance.now();
  assert.equal(await installed.node("follows.mjs", bucket.manifest, signer.publicKey), "current\n");
  assert(performance.now() - began < 120_000);
});

test("what onChange throws is reported and ends nothing", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  const reported: unknown[] = [];
  await replaced(console, "error", (thrown: unknown) => void reported.push(thrown), async () => {
    const fault = new Error("of the page");
    using estimator = await load(bucket, {
      follow: {
        timer: false,
        onChange: () => {
          throw fault;
        },
      },
    });
    bucket.publish({ stored: second.stored, sequence: 2 });
    assert.equal((await estimator.refresh()).state, "current");
    assert.deepEqual(reported, [fault]);
    assert.equal(answerOf(estimator), second.bits);
  });
});
