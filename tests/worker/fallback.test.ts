// The bundle in the Worker's own script, and variables that say nothing usable: told by name, and never guessed over.

import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, type Options, startWorker } from "./harness.ts";
import { estimate, healthOf, predict } from "./health.ts";
import { makeSigner, publish, sha256, shippedBundle, smallBundle } from "./publication.ts";
import { differs, everyRow } from "./table.ts";

const signer = makeSigner();
const shipped = await shippedBundle();
const small = await smallBundle("with an interval");

test("with nothing in storage the shipped bundle answers, says so, and makes way for the first manifest", async () => {
  await using worker = await startWorker({ trusted: [signer], fallback: "shipped", ttlSeconds: 0.3 });
  const first = await estimate(worker);
  const health = await healthOf(worker);
  assert.deepEqual([health.http, health.status, health.state], [200, "fallback", "fallback"]);
  assert.deepEqual([health.sequence, health.keyid, health.sha256], [null, null, sha256(shipped)]);
  assert.equal(health.version, first.model_version);
  // By its own card; the Worker goes by the one beside the bundle.
  assert.equal(first.model, health.model);
  assert.equal(health.last_error?.code, "MANIFEST_MISSING");
  assert.deepEqual(health.configuration, []);
  await publish(worker.bucket, { stored: small, signer, sequence: 7 });
  const served = await eventually(() => healthOf(worker), (now) => now.status === "ok");
  assert.deepEqual([served.sequence, served.sha256, served.keyid, served.last_error], [7, sha256(small), signer.keyid, null]);
  const second = await estimate(worker);
  assert.notEqual(second.model_version, first.model_version);
  // Once: an older state of affairs does not come back when the manifest goes.
  await worker.bucket.delete("models/ride-duration/champion.json");
  const stale = await eventually(() => healthOf(worker), (now) => now.status === "stale");
  assert.equal(stale.sha256, sha256(small));
});

test("the log has a line for each change, and none for a look that changes nothing", async () => {
  await using worker = await startWorker({ trusted: [signer], fallback: "shipped", ttlSeconds: 0.1 });
  const pass = async (looks: number): Promise<void> => {
    for (let look = 0; look < looks; look += 1) {
      const { checked_at: before } = await healthOf(worker);
      await eventually(() => healthOf(worker), (now) => now.checked_at !== before);
    }
  };
  const names = ["weights_fallback", "weights_refused", "weights_loaded", "weights_recovered"];
  const lines = (): unknown[] => names.map((name) => worker.events(name).length);
  await pass(4);
  assert.deepEqual(lines(), [1, 1, 0, 0]);
  assert.equal(worker.events("weights_refused")[0]?.["code"], "MANIFEST_MISSING");
  await publish(worker.bucket, { stored: small, signer, sequence: 1 });
  await eventually(() => healthOf(worker), (now) => now.status === "ok");
  await pass(3);
  assert.deepEqual(lines(), [1, 1, 1, 1]);
  await worker.bucket.put("models/ride-duration/champion.json", "{}");
  await eventually(() => healthOf(worker), (now) => now.status === "stale");
  await pass(3);
  assert.deepEqual(lines(), [1, 2, 1, 1]);
  await publish(worker.bucket, { stored: small, signer, sequence: 2 });
  await eventually(() => healthOf(worker), (now) => now.status === "ok");
  await pass(2);
  assert.deepEqual(lines(), [1, 2, 2, 2]);
});

test("variables that say nothing usable are told by name, and the shipped bundle answers meanwhile", async () => {
  const password = { WEIGHTS_SOURCE: "https://user:hunter2@cdn.example" };
  const rows: { name: string; options: Partial<Options>; code: string; says: RegExp }[] = [
    { name: "no key", options: { trusted: [] }, code: "TRUSTED_KEYS", says: /expected at least one.*found none/ },
    { name: "half of S3", options: { vars: { WEIGHTS_SOURCE: "s3://b" } }, code: "WEIGHTS_SOURCE", says: /found no S3_ENDPOINT/ },
    { name: "a password", options: { vars: password }, code: "WEIGHTS_SOURCE", says: /without name, password and query/ },
  ];
  await everyRow(rows, async ({ options, code, says }) => {
    await using worker = await startWorker({ trusted: [signer], fallback: "shipped", ttlSeconds: 0.3, ...options });
    await publish(worker.bucket, { stored: small, signer });
    const [answer, health, config] = [await estimate(worker), await healthOf(worker), await (await worker.fetch("/config.json")).text()];
    const seen = JSON.stringify(health) + config + worker.log();
    return [
      ...differs("health", [health.http, health.status, health.sequence], [200, "fallback", null]),
      ...differs("version", answer.model_version, health.version),
      ...differs("last_error", health.last_error?.code, code),
      ...differs("configuration", health.configuration.map((fault) => fault.code), [code]),
      ...(says.test(health.last_error?.message ?? "") ? [] : [`message: expected ${says}, found ${health.last_error?.message}`]),
      ...(seen.includes("hunter2") ? ["expected no password in what others see, found it"] : []),
      ...differs("lines of log", worker.events("configuration").length, 1),
    ];
  });
});

test("what is wrong beside the way to the weights is told, and they are followed", async () => {
  const keys = `hunter2 ${signer.publicKey}`;
  await using worker = await startWorker({ trusted: [], ttlSeconds: "soon", vars: { FALLBACK: "yes" }, secrets: { TRUSTED_KEYS: keys } });
  await publish(worker.bucket, { stored: small, signer });
  const health = await healthOf(worker);
  const config = (await (await worker.fetch("/config.json")).json()) as Record<string, unknown>;
  assert.deepEqual([health.http, health.status, health.last_error], [200, "ok", null]);
  assert.deepEqual(health.configuration.map((fault) => fault.code), ["TRUSTED_KEYS", "MANIFEST_TTL_SECONDS", "FALLBACK"]);
  assert.deepEqual([health.ttl_seconds, config["ttl_seconds"], config["trusted_keys"]], [5, 5, [signer.publicKey]]);
});

test("a fallback of another model than the one to serve does not answer for it", async () => {
  await using worker = await startWorker({ trusted: [signer], fallback: "shipped", ttlSeconds: 0.3, vars: { MODEL_NAME: "ride-fare" } });
  const response = await predict(worker);
  assert.equal(response.status, 503);
  const health = await healthOf(worker);
  assert.deepEqual([health.http, health.status, health.version], [503, "no_model", null]);
  assert.deepEqual(health.configuration.map((fault) => fault.code), ["FALLBACK_NAME"]);
  assert.match(health.configuration[0]?.message ?? "", /expected a bundle of MODEL_NAME ride-fare, found one of ride-duration/);
  // Why there is no better one either.
  assert.equal(health.last_error?.code, "MANIFEST_MISSING");
  assert.match(health.last_error?.message ?? "", /models\/ride-fare\/champion\.json/);
});

test("the page is told all it needs to follow the same weights", async () => {
  await using worker = await startWorker({ trusted: [signer], ttlSeconds: 4 });
  const config = (await (await worker.fetch("/config.json")).json()) as unknown;
  assert.deepEqual(config, {
    manifest: "/models/ride-duration/champion.json",
    trusted_keys: [signer.publicKey],
    ttl_seconds: 4,
    model: "ride-duration",
  });
});
