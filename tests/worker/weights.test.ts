// Weights that must not be believed, weights that are replaced, and what a rider is told meanwhile.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { eventually, type RunningWorker, startWorker } from "./harness.ts";
import { healthOf, predict } from "./health.ts";
import { envelopeOf, MANIFEST_KEY, publish, sha256, smallBundle } from "./publication.ts";
import { BAD, publishBad, reasonFaults, signer, stored, stranger } from "./publications-bad.ts";
import { differs, everyRow, readJson } from "./table.ts";

const TTL_SECONDS = 0.3;
describe("without a model", () => {
  let worker: RunningWorker;
  before(async () => {
    worker = await startWorker({ trusted: [signer], ttlSeconds: TTL_SECONDS });
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
  });

  test("an empty bucket is told, not guessed over", async () => {
    const response = await predict(worker);
    const { body, faults } = await readJson(response);
    assert.deepEqual(faults, []);
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get("retry-after")) >= 1);
    assert.equal((body["error"] as { code: string }).code, "NO_MODEL");
    assert.equal(body["duration"], undefined);
    const health = await healthOf(worker);
    assert.equal(health.http, 503);
    assert.equal(health.status, "no_model");
    assert.equal(health.last_error?.code, "MANIFEST_MISSING");
    assert.match(health.last_error?.message ?? "", new RegExp(`expected a manifest at ${MANIFEST_KEY}, found nothing`));
  });

  test("every bundle that must not serve does not, and /health says why", async () => {
    let since = (await healthOf(worker)).checked_at;
    await everyRow(BAD, async (bad) => {
      await publishBad(worker.bucket, bad, 1);
      // Two looks: one may have been under way while the bucket changed.
      for (let look = 0; look < 2; look += 1) {
        const before = since;
        since = (await eventually(() => healthOf(worker), (now) => now.checked_at !== before)).checked_at;
      }
      const [response, health] = [await predict(worker), await healthOf(worker)];
      return [
        ...differs("status", response.status, 503),
        ...differs("body", ((await response.json()) as { error: { code: string } }).error.code, "NO_MODEL"),
        ...differs("health", [health.http, health.status, health.sha256], [503, "no_model", null]),
        ...reasonFaults(health.last_error, bad),
      ];
    });
  });

  test("a good bundle heals it by itself", async () => {
    await publish(worker.bucket, { stored, signer, sequence: 2 });
    const health = await eventually(() => healthOf(worker), (now) => now.http === 200);
    assert.equal(health.status, "ok");
    assert.equal(health.sequence, 2);
    assert.equal(health.sha256, sha256(stored));
    assert.equal(health.last_error, null);
    assert.equal((await predict(worker)).status, 200);
  });
});

describe("with a model", () => {
  let worker: RunningWorker;
  before(async () => {
    worker = await startWorker({ trusted: [signer, stranger], ttlSeconds: TTL_SECONDS });
    await publish(worker.bucket, { stored, signer, sequence: 10 });
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
  });

  test("a crowd that comes first makes it load once", async () => {
    const replies = await Promise.all(Array.from({ length: 24 }, () => predict(worker)));
    assert.deepEqual(replies.map((reply) => reply.status), replies.map(() => 200));
    const durations = new Set(await Promise.all(replies.map(async (reply) => ((await reply.json()) as { duration: number }).duration)));
    assert.equal(durations.size, 1);
    assert.equal(worker.events("weights_loaded").length, 1);
  });

  test("/health names the model and holds no secret", async () => {
    const health = await healthOf(worker);
    assert.equal(health.http, 200);
    assert.equal(health.status, "ok");
    assert.equal(health.sequence, 10);
    assert.equal(health.sha256, sha256(stored));
    assert.equal(typeof health.version, "string");
    assert.equal(typeof health.generation, "number");
    for (const at of [health.loaded_at, health.checked_at]) {
      assert.ok(Math.abs(Date.now() - Date.parse(at ?? "")) < 60_000, `expected a time of now, found ${at}`);
    }
    assert.ok(!JSON.stringify(health).includes(signer.publicKey));
  });

  test("it does not load again what it holds", async () => {
    const { checked_at: first } = await healthOf(worker);
    await eventually(() => healthOf(worker), (now) => now.checked_at !== first);
    assert.equal(worker.events("weights_loaded").length, 1);
  });

  test("each bad publication leaves it serving, stale and saying why, and a good one mends it", async () => {
    // Another one than the bad ones pretend to be: what is held already is not fetched again.
    const held = await smallBundle("with an interval");
    let sequence = 11;
    await publish(worker.bucket, { stored: held, signer, sequence });
    await eventually(() => healthOf(worker), (now) => now.sequence === 11);
    const duration = ((await (await predict(worker)).json()) as { duration: number }).duration;
    // One of each kind: of the blob, of the bundle, of the manifest.
    const some = BAD.filter((bad) => ["BLOB_DIGEST", "BUNDLE_VERSION", "MANIFEST_SIGNATURE"].includes(bad.code));
    assert.ok(some.length >= 3);
    await everyRow(some, async (bad) => {
      sequence += 1;
      await publishBad(worker.bucket, bad, sequence);
      const stale = await eventually(() => healthOf(worker), (now) => now.status === "stale");
      const faults = reasonFaults(stale.last_error, bad);
      const reply = await predict(worker);
      faults.push(...differs("status", reply.status, 200));
      faults.push(...differs("duration", ((await reply.json()) as { duration: number }).duration, duration));
      faults.push(...differs("health", [stale.http, stale.sha256], [200, sha256(held)]));
      sequence += 1;
      await publish(worker.bucket, { stored: held, signer, sequence });
      const healed = await eventually(() => healthOf(worker), (now) => now.status === "ok" && now.sequence === sequence);
      return [...faults, ...differs("last_error", healed.last_error, null)];
    });
  });

  test("an older manifest is a replay and is refused", async () => {
    const { sequence } = await healthOf(worker);
    await publish(worker.bucket, { stored, signer, sequence: 3 });
    const health = await eventually(() => healthOf(worker), (now) => now.status === "stale");
    assert.equal(health.last_error?.code, "MANIFEST_SEQUENCE");
    assert.match(health.last_error?.message ?? "", new RegExp(`expected a sequence of at least ${sequence}, found 3`));
    assert.equal(health.sequence, sequence);
  });

  test("a second trusted key may sign: keys can be changed without a gap", async () => {
    await publish(worker.bucket, { stored, signer: stranger, sequence: 1000 });
    const health = await eventually(() => healthOf(worker), (now) => now.sequence === 1000);
    assert.equal(health.status, "ok");
  });

  test("a manifest that vanishes leaves it serving, stale", async () => {
    await worker.bucket.delete(MANIFEST_KEY);
    const health = await eventually(() => healthOf(worker), (now) => now.status === "stale");
    assert.equal(health.last_error?.code, "MANIFEST_MISSING");
    assert.equal((await predict(worker)).status, 200);
    await worker.bucket.put(MANIFEST_KEY, envelopeOf({ stored, signer, sequence: 1001 }));
    await eventually(() => healthOf(worker), (now) => now.status === "ok");
  });

  test("rides asked for while weights change are all answered", async () => {
    let sequence = 2000;
    const statuses: number[] = [];
    const until = Date.now() + 2000;
    const rider = async (): Promise<void> => {
      while (Date.now() < until) {
        statuses.push((await predict(worker)).status);
      }
    };
    const publisher = async (): Promise<void> => {
      while (Date.now() < until) {
        await publish(worker.bucket, { stored, signer, sequence: (sequence += 1) });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    await Promise.all([rider(), rider(), rider(), rider(), publisher()]);
    assert.ok(statuses.length > 20, `expected many rides, found ${statuses.length}`);
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    const health = await eventually(() => healthOf(worker), (now) => now.sequence === sequence);
    assert.equal(health.generation, 1);
  });
});

test("after ten quiet seconds the very first answer is by the weights of now", async () => {
  await using worker = await startWorker({ trusted: [signer], ttlSeconds: 5 });
  await publish(worker.bucket, { stored, signer, sequence: 1 });
  assert.equal((await healthOf(worker)).sequence, 1);
  const other = await smallBundle("with an interval");
  await publish(worker.bucket, { stored: other, signer, sequence: 2 });
  await new Promise((resolve) => setTimeout(resolve, 10_200));
  const first = (await (await predict(worker)).json()) as { model_version: string };
  const health = await healthOf(worker);
  assert.equal(health.sha256, sha256(other));
  assert.equal(first.model_version, health.version);
});

test("without a trusted key nothing is believed", async () => {
  await using worker = await startWorker({ trusted: [] });
  await publish(worker.bucket, { stored, signer });
  const health = await healthOf(worker);
  assert.equal(health.http, 503);
  assert.equal(health.last_error?.code, "TRUSTED_KEYS");
  assert.match(health.last_error?.message ?? "", /TRUSTED_KEYS: expected at least one.*found none/);
});
