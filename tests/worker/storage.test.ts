// Storage outside the Worker, over HTTP, in every state that storage gets into: at the Worker's start, and while it serves.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { eventually, type RunningWorker, startWorker } from "./harness.ts";
import { estimate, healthOf, predict } from "./health.ts";
import { ILL, type Illness, startHost, type TestHost } from "./host.ts";
import { blobKey, MANIFEST_KEY, publish, sha256, smallBundle } from "./publication.ts";
import { BAD, publishBad, reasonFaults, signer, stored } from "./publications-bad.ts";
import { differs, everyRow } from "./table.ts";

const small = await smallBundle("with an interval");

/** What /health says of each illness, asked for the manifest. */
const ILLNESSES: readonly { name: string; illness: Illness; code: string; says: RegExp }[] = [
  // The development server fetches for workerd, and says 500 where a connection fails: tests/worker/https.test.ts has what the source says.
  { name: "down", illness: ILL.down, code: "FETCH_STATUS", says: /found 500/ },
  { name: "500", illness: ILL.error, code: "FETCH_STATUS", says: /expected HTTP status 200 for models\/ride-duration\/champion\.json, found 500; check/ },
  { name: "403", illness: ILL.forbidden, code: "FETCH_STATUS", says: /found 403; check the address in WEIGHTS_SOURCE and that it is public/ },
  { name: "503", illness: ILL.busy, code: "FETCH_STATUS", says: /found 503/ },
  { name: "an HTML page", illness: ILL.page, code: "WEIGHTS_UNREACHABLE", says: /expected the object .*, found an HTML page/ },
  {
    name: "a page that calls itself bytes",
    illness: ILL.pageAsBytes,
    code: "MANIFEST_MALFORMED",
    says: /^manifest at models\/ride-duration\/champion\.json: expected the JSON that `curbside publish` writes/,
  },
  { name: "an empty body", illness: ILL.empty, code: "MANIFEST_MALFORMED", says: /found an empty body/ },
  { name: "half a body that is said to be all", illness: ILL.half, code: "MANIFEST_MALFORMED", says: /expected the JSON/ },
];

function follow(host: TestHost, ttlSeconds = 0.3): Promise<RunningWorker> {
  return startWorker({ trusted: [signer], fallback: "shipped", ttlSeconds, vars: { WEIGHTS_SOURCE: `${host.url}/some/folder/` } });
}

/** The host's folder as publishing sees it. */
function folderOf(host: TestHost): { put(key: string, value: string | ArrayBuffer): Promise<void> } {
  return { put: (key, value) => host.put(`some/folder/${key}`, value) };
}

test("storage that is ill at the start: the shipped bundle answers at once, says why, and makes way when storage is well", async () => {
  await everyRow(ILLNESSES, async ({ illness, code, says }) => {
    await using host = await startHost();
    await publish(folderOf(host), { stored: small, signer, sequence: 4 });
    host.illness = illness;
    await using worker = await follow(host);
    const answer = await estimate(worker);
    const ill = await eventually(() => healthOf(worker), (now) => now.last_error !== null);
    host.illness = null;
    const well = await eventually(() => healthOf(worker), (now) => now.status === "ok");
    return [
      ...differs("health", [ill.http, ill.status, ill.source, ill.sequence], [200, "fallback", "https", null]),
      ...differs("version", answer.model_version, ill.version),
      ...differs("code", ill.last_error?.code, code),
      ...(says.test(ill.last_error?.message ?? "") ? [] : [`message: expected ${says}, found ${ill.last_error?.message}`]),
      ...differs("healed", [well.sequence, well.sha256, well.last_error], [4, sha256(small), null]),
    ];
  });
});

for (const [name, illness] of [["never says a word", ILL.silent], ["stops in the middle of a word", ILL.stuck]] as const) {
  test(`storage that ${name} at the start is waited for as long as the patience, and no longer`, async () => {
    await using host = await startHost();
    await publish(folderOf(host), { stored: small, signer });
    host.illness = illness;
    await using worker = await follow(host);
    const asked = performance.now();
    const first = await Promise.all(Array.from({ length: 8 }, () => predict(worker)));
    const waited = performance.now() - asked;
    assert.deepEqual(first.map(({ status }) => status), first.map(() => 200));
    assert.ok(waited > 1500 && waited < 6000, `expected about 2 s, found ${waited} ms`);
    assert.equal((await healthOf(worker)).status, "fallback");
    const again = performance.now();
    await estimate(worker);
    assert.ok(performance.now() - again < 1000, "expected the second ride not to wait");
    // The look goes on behind the replies, is given up in the end, and is told.
    const told = await eventually(() => healthOf(worker), (now) => now.last_error !== null);
    assert.match(told.last_error?.code ?? "", /^FETCH_(FAILED|TIMEOUT)$/);
    host.illness = null;
    await eventually(() => healthOf(worker), (now) => now.status === "ok");
  });
}

test("riders who go away in the middle of the start, or of a look, take nobody with them", async () => {
  await using host = await startHost();
  await publish(folderOf(host), { stored: small, signer, sequence: 1 });
  host.illness = ILL.silent;
  await using worker = await follow(host);
  const goAway = async (): Promise<void> => {
    const impatience = AbortSignal.timeout(150);
    await assert.rejects(worker.fetch("/health", { signal: impatience }));
  };
  await Promise.all([goAway(), goAway()]);
  await estimate(worker);
  host.illness = null;
  await eventually(() => healthOf(worker), (now) => now.status === "ok");
  // Slow from here on, so that each look is under way when its rider goes.
  host.illness = (request, response, body) => void setTimeout(() => response.writeHead(200, { etag: '"x"' }).end(body), 400);
  for (let sequence = 2; sequence < 6; sequence += 1) {
    await publish(folderOf(host), { stored: small, signer, sequence });
    await new Promise((resolve) => setTimeout(resolve, 350));
    const controller = new AbortController();
    const gone = worker.fetch("/predict", { method: "POST", body: "{", signal: controller.signal }).catch(() => null);
    controller.abort();
    await gone;
  }
  host.illness = null;
  await eventually(() => healthOf(worker), (now) => now.status === "ok" && now.sequence === 5);
});

describe("while it serves", () => {
  let host: TestHost;
  let worker: RunningWorker;
  let duration: number;
  before(async () => {
    host = await startHost();
    await publish(folderOf(host), { stored: small, signer, sequence: 10 });
    worker = await follow(host);
    ({ duration } = await estimate(worker));
    assert.equal((await healthOf(worker)).status, "ok");
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  test("whatever happens to storage, the last good weights answer, and /health says what", async () => {
    await everyRow(ILLNESSES, async ({ illness, code, says }) => {
      host.illness = illness;
      const ill = await eventually(() => healthOf(worker), (now) => now.status === "stale");
      const answer = await estimate(worker);
      host.illness = null;
      const well = await eventually(() => healthOf(worker), (now) => now.status === "ok");
      return [
        ...differs("health", [ill.http, ill.state, ill.sha256, ill.sequence], [200, "stale", sha256(small), 10]),
        ...differs("duration", answer.duration, duration),
        ...differs("code", ill.last_error?.code, code),
        ...(says.test(ill.last_error?.message ?? "") ? [] : [`message: expected ${says}, found ${ill.last_error?.message}`]),
        ...differs("healed", well.last_error, null),
      ];
    });
  });

  test("a publication that must not serve does not, and /health says why", async () => {
    const some = BAD.filter(({ code }) => /BLOB_DIGEST|BLOB_LENGTH|MANIFEST_SIGNATURE|MANIFEST_NAME|BUNDLE_VERSION/.test(code));
    assert.ok(some.length >= 6, `expected six kinds, found ${some.length}`);
    let sequence = 10;
    await everyRow(some, async (bad) => {
      await publishBad(folderOf(host), bad, (sequence += 1));
      const stale = await eventually(() => healthOf(worker), (now) => now.status === "stale");
      const answer = await estimate(worker);
      await publish(folderOf(host), { stored: small, signer, sequence: (sequence += 1) });
      await eventually(() => healthOf(worker), (now) => now.status === "ok" && now.sequence === sequence);
      return [...reasonFaults(stale.last_error, bad), ...differs("duration", answer.duration, duration), ...differs("http", stale.http, 200)];
    });
    await publish(folderOf(host), { stored: small, signer, sequence: 3 });
    const replayed = await eventually(() => healthOf(worker), (now) => now.status === "stale");
    assert.equal(replayed.last_error?.code, "MANIFEST_SEQUENCE");
    await publish(folderOf(host), { stored: small, signer, sequence: (sequence += 1) });
    await eventually(() => healthOf(worker), (now) => now.status === "ok");
  });

  test("a bundle that is not where the manifest says is told by its key", async () => {
    const { sequence } = await healthOf(worker);
    await publish(folderOf(host), { stored, signer, sequence: (sequence ?? 0) + 1 });
    host.objects.delete(`some/folder/${blobKey(stored)}`);
    const stale = await eventually(() => healthOf(worker), (now) => now.last_error?.code === "BLOB_MISSING");
    assert.match(stale.last_error?.message ?? "", new RegExp(`at ${blobKey(stored)}, found nothing`));
    await publish(folderOf(host), { stored: small, signer, sequence: (sequence ?? 0) + 2 });
    await eventually(() => healthOf(worker), (now) => now.status === "ok");
  });

  test("a look that finds nothing new costs one request without a body", async () => {
    const looks = host.log.length;
    const { checked_at: since } = await healthOf(worker);
    await eventually(() => healthOf(worker), (now) => now.checked_at !== since);
    await eventually(async () => host.log.length, (now) => now > looks);
    assert.deepEqual([...new Set(host.log.slice(looks))], [`GET some/folder/${MANIFEST_KEY} 304`]);
  });

  test("/models/ gives what is stored there, and a storage that is ill is 502 without its words", async () => {
    const blob = await worker.fetch(`/${blobKey(small)}`);
    assert.equal(blob.status, 200);
    assert.match(blob.headers.get("cache-control") ?? "", /immutable/);
    assert.equal(blob.headers.get("content-length"), String(small.byteLength));
    assert.equal(sha256(new Uint8Array(await blob.arrayBuffer())), sha256(small));
    const etag = blob.headers.get("etag") ?? assert.fail("expected an etag");
    assert.equal((await worker.fetch(`/${blobKey(small)}`, { headers: { "if-none-match": etag } })).status, 304);
    assert.equal((await worker.fetch(`/${blobKey(small)}`, { method: "HEAD" })).headers.get("content-length"), String(small.byteLength));
    assert.equal((await worker.fetch("/models/ride-duration/challenger.json")).status, 404);
    for (const { name, illness } of ILLNESSES.filter(({ code }) => code !== "MANIFEST_MALFORMED")) {
      host.illness = illness;
      const response = await worker.fetch(`/${MANIFEST_KEY}`);
      const text = await response.text();
      assert.equal(response.status, 502, name);
      assert.match(response.headers.get("cache-control") ?? "", /no-store/);
      assert.doesNotMatch(text, /AccessDenied|NullPointer|Sign in/);
    }
    host.illness = null;
    await eventually(() => healthOf(worker), (now) => now.status === "ok");
  });
});
