// Following a manifest: every state, what leads from one to the next, and what each look asks the server for.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import type { Estimator, Status } from "curbside";

import { makeSigner, sha256, type Signer } from "../worker/publication.ts";
import { blobPath, type Bucket, MANIFEST, startBucket } from "./bucket.ts";
import { openStage } from "./stage.ts";
import { answerOf } from "./versions.ts";

const signer = makeSigner();
const { installed, versions, load } = await openStage(signer);
const [first, second, third] = versions;
after(() => installed[Symbol.asyncDispose]());

/** Ends a look that is not to be repeated too soon: the next one looks at once. */
const EAGER = { follow: { everySeconds: 0.001, timer: false } } as const;

test("weights that no manifest names are fixed, and refresh only tells so", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored });
  const digest = sha256(first.stored);
  using byUrl = await installed.curbside.loadEstimator({ url: bucket.server.url(blobPath(first.stored)), sha256: digest });
  using byBytes = await installed.curbside.loadEstimator({ bytes: first.stored });
  const status = await byUrl.refresh();
  const { state, version, sequence, sha256: told, keyid, trustedKeys, checkedAt, confirmedAt, isDue, lastError } = status;
  assert.deepEqual(
    { state, version, sequence, told, keyid, trustedKeys, checkedAt, confirmedAt, isDue, lastError },
    {
      ...{ state: "fixed", version: byUrl.card.version, sequence: null, told: digest, keyid: null, trustedKeys: 0 },
      ...{ checkedAt: null, confirmedAt: null, isDue: false, lastError: null },
    },
  );
  assert.equal((await byBytes.refresh()).sha256, null);
  assert.deepEqual(bucket.log(), ["200 blob"]);
});

test("a look that finds nothing new costs one conditional request", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 4 });
  using estimator = await load(bucket);
  const loaded = estimator.status;
  assert.equal(loaded.state, "current");
  assert.equal(loaded.version, "test-4");
  assert.equal(loaded.sequence, 4);
  assert.equal(loaded.sha256, sha256(first.stored));
  assert.equal(loaded.keyid, signer.keyid);
  assert.equal(loaded.trustedKeys, 1);
  assert.equal(loaded.isDue, false, "looked just now");
  assert.deepEqual(JSON.parse(JSON.stringify(loaded)), loaded, "plain data");
  const again = await estimator.refresh();
  assert.equal(again.state, "current");
  assert.equal(again.loadedAt, loaded.loadedAt);
  assert.deepEqual(bucket.log(), ["200 manifest", "200 blob", "304 manifest"]);
  assert.equal(bucket.asked[0]?.headers["if-none-match"], undefined);
});

test("newer weights take the old ones' place, and so do the earlier ones by a rollback", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  using estimator = await load(bucket, { name: "ride-duration" });
  assert.equal(answerOf(estimator), first.bits);
  for (const [sequence, { stored, bits }] of [[2, second], [3, third], [7, first]] as const) {
    bucket.publish({ stored, sequence });
    const status = await estimator.refresh();
    assert.equal(status.state, "current", status.lastError?.message);
    assert.deepEqual([status.sequence, status.version, status.sha256], [sequence, `test-${sequence}`, sha256(stored)]);
    assert.equal(estimator.manifest?.sequence, sequence);
    assert.equal(answerOf(estimator), bits);
  }
});

test("everything that an estimator tells is of the weights that serve", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: second.stored, sequence: 1 });
  using estimator = await load(bucket);
  const facts = (from: Estimator): unknown => ({
    card: from.card,
    coverage: from.coverage,
    columns: from.columns,
    zones: from.zones.length,
    target: from.target,
    explains: from.explains,
    warnings: from.warningTexts,
    estimate: answerOf(from),
  });
  for (const [sequence, { stored }] of [[2, third], [3, first], [4, second]] as const) {
    // Whatever is kept of the old weights has been asked for.
    facts(estimator);
    bucket.publish({ stored, sequence });
    await estimator.refresh();
    using alone = await installed.curbside.loadEstimator({ bytes: stored });
    assert.deepEqual(facts(estimator), facts(alone));
  }
});

test("the same weights under a newer manifest are not fetched again", async () => {
  await using bucket = await startBucket(signer);
  const other = makeSigner();
  bucket.publish({ stored: first.stored, sequence: 1 });
  using estimator = await load(bucket, { trustedKeys: [signer.publicKey, other.publicKey] });
  const { loadedAt } = estimator.status;
  bucket.publish({ stored: first.stored, sequence: 2, signer: other });
  const status = await estimator.refresh();
  assert.deepEqual([status.sequence, status.keyid, status.trustedKeys, status.loadedAt], [2, other.keyid, 2, loadedAt]);
  // The key that is gone may still have signed what serves; what it signs next is what counts.
  assert.deepEqual(bucket.log(), ["200 manifest", "200 blob", "200 manifest"]);
  bucket.publish({ stored: second.stored, sequence: 3 });
  assert.equal((await estimator.refresh()).keyid, signer.keyid);
});

test("a refused or failed look leaves the weights serving, says why, and is forgotten by the next good one", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 5 });
  const told: Status[] = [];
  using estimator = await load(bucket, { follow: { timer: false, onChange: (status) => told.push(status) } });
  const { loadedAt, confirmedAt } = estimator.status;
  bucket.publish({ stored: second.stored, sequence: 4 });
  const refused = await estimator.refresh();
  assert.equal(refused.state, "stale");
  assert.equal(refused.lastError?.code, "MANIFEST_SEQUENCE");
  assert.match(refused.lastError.message, /expected a sequence of at least 5, found 4; publish with a higher one/);
  assert.equal(refused.lastError.url, bucket.manifest);
  assert.equal(refused.lastError.at, refused.checkedAt);
  assert.deepEqual([refused.loadedAt, refused.confirmedAt, refused.sequence], [loadedAt, confirmedAt, 5]);
  assert.equal(answerOf(estimator), first.bits);
  await estimator.refresh();
  bucket.spoil(MANIFEST, { status: 503, type: "text/html", body: "<p>later" });
  const down = await estimator.refresh();
  assert.deepEqual([down.state, down.lastError?.code, down.lastError?.status], ["stale", "FETCH_STATUS", 503]);
  bucket.spoil(MANIFEST, null);
  bucket.publish({ stored: second.stored, sequence: 6 });
  const healed = await estimator.refresh();
  assert.deepEqual([healed.state, healed.lastError], ["current", null]);
  assert.equal(answerOf(estimator), second.bits);
  const changes = told.map(({ state, sequence, lastError }) => `${state} ${sequence} ${lastError?.code ?? "well"}`);
  assert.deepEqual(changes, ["stale 5 MANIFEST_SEQUENCE", "stale 5 FETCH_STATUS", "current 6 well"], "one call a change");
});

test("who asks while a look is under way gets that one, and the estimates go on", async () => {
  await using bucket = await startBucket(signer);
  bucket.publish({ stored: first.stored, sequence: 1 });
  using estimator = await load(bucket);
  bucket.publish({ stored: second.stored, sequence: 2 });
  bucket.asked.length = 0;
  const looks = Array.from({ length: 50 }, () => estimator.refresh());
  assert.equal(estimator.status.isDue, false, "one is under way");
  assert.equal(answerOf(estimator), first.bits);
  for (const { sequence } of await Promise.all(looks)) assert.equal(sequence, 2);
  assert.deepEqual(bucket.log(), ["200 manifest", "200 blob"]);
});

test("two estimators of one host follow two manifests", async () => {
  await using one = await startBucket(signer);
  await using other = await startBucket(signer);
  one.publish({ stored: first.stored, sequence: 1 });
  other.publish({ stored: second.stored, sequence: 9 });
  using a = await load(one);
  using b = await load(other);
  one.publish({ stored: third.stored, sequence: 2 });
  await Promise.all([a.refresh(), b.refresh()]);
  assert.deepEqual([answerOf(a), answerOf(b)], [third.bits, second.bits]);
  a.dispose();
  other.publish({ stored: first.stored, sequence: 10 });
  await b.refresh();
  assert.equal(answerOf(b), first.bits);
});

/** Publications that must not serve, and what is told of each. */
interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly signer?: Signer;
  readonly change: (bucket: Bucket) => void;
}

const stranger = makeSigner();
const html = { type: "text/html", body: "<!doctype html><p>Please sign in to the network" };
const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length >> 1);
const newer = { sequence: 2 } as const;
const REFUSALS: readonly Refusal[] = [
  { name: "a forged signature", code: "MANIFEST_SIGNATURE", change: (b) => b.publish({ ...newer, stored: second.stored, tamper: (e) => (e.signature = Buffer.alloc(64, 1).toString("base64")) }) },
  { name: "a key that is not trusted", code: "MANIFEST_KEY", change: (b) => b.publish({ ...newer, stored: second.stored, signer: stranger }) },
  { name: "another model", code: "MANIFEST_NAME", change: (b) => b.publish({ ...newer, stored: second.stored, amend: (m) => (m["name"] = "tip") }) },
  { name: "a newer layout", code: "MANIFEST_SCHEMA", change: (b) => b.publish({ ...newer, stored: second.stored, amend: (m) => (m["schema"] = 2) }) },
  { name: "an older sequence", code: "MANIFEST_SEQUENCE", change: (b) => b.publish({ stored: second.stored, sequence: 0 }) },
  { name: "half a manifest", code: "MANIFEST_MALFORMED", change: (b) => b.spoil(MANIFEST, { body: '{"payload": "' }) },
  { name: "an empty manifest", code: "MANIFEST_MALFORMED", change: (b) => b.spoil(MANIFEST, {}) },
  { name: "a page for a manifest", code: "MANIFEST_MALFORMED", change: (b) => b.spoil(MANIFEST, html) },
  { name: "403", code: "FETCH_STATUS", change: (b) => b.spoil(MANIFEST, { status: 403 }) },
  { name: "500", code: "FETCH_STATUS", change: (b) => b.spoil(MANIFEST, { status: 500, ...html }) },
  { name: "304 for no reason", code: "FETCH_STATUS", change: (b) => {
    // Nothing was said to be known of a blob.
    b.publish({ ...newer, stored: second.stored });
    b.spoil(blobPath(second.stored), (response) => response.writeHead(304).end());
  } },
  ...(
    [
      ["half the weights", "BLOB_LENGTH", () => ({ body: half(second.stored) })],
      ["no weights", "BLOB_LENGTH", () => ({})],
      ["a page for weights", "BLOB_LENGTH", () => html],
      ["weights with a bit changed", "BLOB_DIGEST", () => ({ body: Buffer.from(second.stored).fill(1, 40, 41) })],
      ["weights that nobody may read", "FETCH_STATUS", () => ({ status: 403 })],
      ["a server that fails at the weights", "FETCH_STATUS", () => ({ status: 500 })],
    ] as const
  ).map(([name, code, answer]): Refusal => ({
    name,
    code,
    change: (bucket) => {
      bucket.publish({ ...newer, stored: second.stored });
      bucket.spoil(blobPath(second.stored), answer());
    },
  })),
];

for (const { name, code, change } of REFUSALS) {
  test(`refused behind weights that serve: ${name}`, async () => {
    await using bucket = await startBucket(signer);
    bucket.publish({ stored: first.stored, sequence: 1 });
    using estimator = await load(bucket, { ...EAGER, name: "ride-duration" });
    change(bucket);
    const status = await estimator.refresh();
    assert.deepEqual([status.state, status.lastError?.code, status.sequence], ["stale", code, 1], status.lastError?.message);
    assert.match(status.lastError?.message ?? "", /expected .*found .*; /s);
    assert.equal(answerOf(estimator), first.bits);
    bucket.spoil(MANIFEST, null);
    bucket.spoil(blobPath(second.stored), null);
    bucket.publish({ stored: third.stored, sequence: 3 });
    assert.equal((await estimator.refresh()).state, "current");
    assert.equal(answerOf(estimator), third.bits);
  });
}

test("keys are rotated by trusting both for a while", async () => {
  const [old, fresh] = [makeSigner(), makeSigner()];
  await using bucket = await startBucket(old);
  bucket.publish({ stored: first.stored, sequence: 1 });
  using before = await load(bucket, { trustedKeys: [old.publicKey] });
  using between = await load(bucket, { trustedKeys: [fresh.publicKey, old.publicKey] });
  assert.equal(between.status.keyid, old.keyid);
  bucket.publish({ stored: second.stored, sequence: 2, signer: fresh });
  assert.equal((await between.refresh()).keyid, fresh.keyid);
  assert.equal((await before.refresh()).lastError?.code, "MANIFEST_KEY");
  assert.equal(answerOf(before), first.bits);
  using after = await load(bucket, { trustedKeys: [fresh.publicKey] });
  assert.equal(answerOf(after), second.bits);
});

test("options of following that make no sense are refused", async () => {
  const loadEstimator = installed.curbside.loadEstimator as (options: unknown) => Promise<unknown>;
  const manifest = { manifest: "http://127.0.0.1:1/none.json", trustedKeys: [signer.publicKey] };
  const rows: readonly [object, RegExp][] = [
    [{ bytes: first.stored, follow: true }, /^follow: expected it beside `manifest`, found it beside `bytes`/],
    [{ bytes: first.stored, cache: "weights" }, /^cache: /],
    [{ ...manifest, name: "" }, /^name: expected a text, found ""/],
    [{ ...manifest, cache: 1 }, /^cache: expected a text, found 1/],
    [{ ...manifest, follow: "yes" }, /^follow: expected true or an object, found string/],
    [{ ...manifest, follow: { everySeconds: 0 } }, /^follow.everySeconds: expected a number of seconds above 0, found 0/],
    [{ ...manifest, follow: { everySeconds: NaN } }, /^follow.everySeconds: .* found NaN/],
    [{ ...manifest, follow: { deadlineSeconds: "5" } }, /^follow.deadlineSeconds: .* found "5"/],
    [{ ...manifest, follow: { onChange: true } }, /^follow.onChange: expected a function, found boolean/],
    [{ ...manifest, patienceSeconds: -1 }, /^patienceSeconds: .* 0 or more, found -1/],
    [{ ...manifest, fallback: "model.curb" }, /^fallback: expected the bytes of a bundle or a function that gets them, found string/],
  ];
  for (const [options, message] of rows) {
    await assert.rejects(loadEstimator(options), { name: "WeightsError", code: "OPTIONS", message });
  }
});
