// Storage that fails, in every way it can, between a real Garage and the real Worker: what served goes on serving, /health says why,
// and what is right again is taken up again.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";

import { eventually, type RunningWorker } from "../worker/harness.ts";
import { estimate, type Health, healthOf } from "../worker/health.ts";
import { type Illness, ILL } from "../worker/host.ts";
import { blobKey, makeSigner, publish, sha256, shippedBundle, smallBundle } from "../worker/publication.ts";
import { BAD, reasonFaults, signer as badSigner } from "../worker/publications-bad.ts";
import { everyRow } from "../worker/table.ts";
import { startEdge } from "./edge.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { ask, bucketOf, type OwnStore, type Place, startStore, write } from "./servers.ts";

const TTL_SECONDS = 0.3;
/** How slow storage is. */
const SLOW_MS = 6000;
/** What an estimate may take while storage is ill, on however busy a machine: it does not wait for storage. */
const PATIENCE_MS = 5000;
const DAY_MS = 86_400_000;

const shipped = await shippedBundle();
const small = await smallBundle("with an interval");
const signer = makeSigner();
const trusted = [signer.publicKey, badSigner.publicKey];

let store: OwnStore;
let place: Place;
before(async () => {
  store = await startStore();
  place = store.place;
});
after(() => store?.[Symbol.asyncDispose]());

/** Counts publications: each is newer than all before. */
let sequence = 0;
async function publishNext(stored: Buffer): Promise<number> {
  sequence += 1;
  await publish(bucketOf(place), { stored, signer, sequence });
  return sequence;
}

function isServing(wanted: number): (health: Health) => boolean {
  return (health) => health.status === "ok" && health.sequence === wanted;
}

/** An estimate that comes at once, whatever storage does. */
async function estimateSoon(worker: RunningWorker): Promise<string[]> {
  const began = performance.now();
  await estimate(worker);
  const took = performance.now() - began;
  return took < PATIENCE_MS ? [] : [`estimate: expected one within ${PATIENCE_MS} ms, found ${took.toFixed(0)} ms`];
}

/** What a connection that fails is called. The development server answers 500 in the place of what it could not reach. */
const UNREACHED = /FETCH_FAILED|FETCH_STATUS/;

/** An illness, and what /health must call it where the manifest is ill, and where the blob is. */
const ILLNESSES: readonly { readonly name: string; readonly illness: Illness; readonly manifest: RegExp; readonly blob: RegExp }[] = [
  { name: "it answers 500", illness: ILL.error, manifest: /FETCH_STATUS/, blob: /FETCH_STATUS/ },
  { name: "it answers 403", illness: ILL.forbidden, manifest: /FETCH_STATUS/, blob: /FETCH_STATUS/ },
  { name: "it answers 503", illness: ILL.busy, manifest: /FETCH_STATUS/, blob: /FETCH_STATUS/ },
  { name: "it answers with a page", illness: ILL.page, manifest: /WEIGHTS_UNREACHABLE|FETCH_FAILED/, blob: /WEIGHTS_UNREACHABLE|FETCH_FAILED/ },
  { name: "it answers with a page that says it is none", illness: ILL.pageAsBytes, manifest: /MANIFEST_MALFORMED/, blob: /BLOB_LENGTH/ },
  { name: "it answers with an empty body", illness: ILL.empty, manifest: /MANIFEST_MALFORMED/, blob: /BLOB_LENGTH/ },
  { name: "it answers with half a body", illness: ILL.half, manifest: /MANIFEST_MALFORMED/, blob: /BLOB_LENGTH/ },
  { name: "it cuts the connection at once", illness: ILL.down, manifest: UNREACHED, blob: UNREACHED },
  {
    name: "it answers with other bytes of the same length",
    illness: (_, response, body) => void response.end(Buffer.from(body.map((byte) => byte ^ 0x20))),
    manifest: /MANIFEST_MALFORMED|MANIFEST_SIGNATURE/,
    blob: /BLOB_DIGEST/,
  },
];

describe("a Worker whose storage fails later", () => {
  let proxy: Proxy;
  let worker: RunningWorker;
  before(async () => {
    proxy = await startProxy(place.endpoint);
    await publishNext(shipped);
    worker = await startEdge(place, { trusted, endpoint: proxy.url, ttlSeconds: TTL_SECONDS });
    await eventually(() => healthOf(worker), isServing(sequence));
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
  });

  test("an ill manifest changes nothing but /health", async () => {
    await everyRow(ILLNESSES, async ({ illness, manifest }) => {
      [proxy.paths, proxy.illness] = [/champion\.json/, illness];
      const { last_error: error, http, sequence: serving } = await eventually(() => healthOf(worker), ({ status }) => status === "stale");
      const faults = await estimateSoon(worker);
      proxy.illness = null;
      await eventually(() => healthOf(worker), isServing(sequence));
      return [
        ...faults,
        ...(manifest.test(error?.code ?? "") ? [] : [`manifest: expected ${manifest}, found ${JSON.stringify(error)}`]),
        ...(http === 200 && serving === sequence ? [] : [`expected 200 and sequence ${sequence}, found ${http} and ${serving}`]),
      ];
    });
  });

  test("an ill blob keeps newer weights out until it is well", async () => {
    let isSmall = false;
    await everyRow(ILLNESSES, async ({ illness, blob }) => {
      const held = sequence;
      isSmall = !isSmall;
      [proxy.paths, proxy.illness] = [/blobs/, illness];
      const newer = await publishNext(isSmall ? small : shipped);
      const { last_error: error, sequence: serving } = await eventually(() => healthOf(worker), ({ status }) => status === "stale");
      const faults = await estimateSoon(worker);
      proxy.illness = null;
      await eventually(() => healthOf(worker), isServing(newer));
      return [
        ...faults,
        ...(blob.test(error?.code ?? "") ? [] : [`blob: expected ${blob}, found ${JSON.stringify(error)}`]),
        ...(serving === held ? [] : [`expected sequence ${held}, found ${serving}`]),
      ];
    });
  });

  test("slow storage makes nobody wait, and newer weights come all the same", async () => {
    proxy.delayMilliseconds = SLOW_MS;
    const newer = await publishNext(small);
    const faults = await eventually(
      async () => [...(await estimateSoon(worker)), ...(isServing(newer)(await healthOf(worker)) ? [] : ["not yet"])],
      (found) => found.length === 0 || !found.includes("not yet"),
    );
    proxy.delayMilliseconds = 0;
    assert.deepEqual(faults, []);
  });

  test("what should never have been published is refused, and what served goes on", async () => {
    // Another one than what they are made of: weights that are held already are not fetched again.
    await eventually(() => healthOf(worker), isServing(await publishNext(small)));
    const held = sequence;
    await everyRow(BAD, async (bad) => {
      sequence += 1;
      await publish(bucketOf(place), { signer: badSigner, sequence, ...bad.publication });
      if (bad.served !== undefined) {
        await write(place, blobKey(bad.publication.stored), bad.served);
      }
      // The last one's reason stands until the next look has ended.
      const found = await eventually(() => healthOf(worker), ({ status, last_error: error }) => status === "stale" && reasonFaults(error, bad).length === 0);
      const faults = await estimateSoon(worker);
      // The shipped bundle's own blob may be the damaged one.
      await write(place, blobKey(shipped), shipped);
      return [...faults, ...(found.sequence === held ? [] : [`expected sequence ${held}, found ${found.sequence}`])];
    });
  });

  test("a sequence that is older than what serves is refused, as of a bucket set back to yesterday", async () => {
    const newer = await publishNext(small);
    await eventually(() => healthOf(worker), isServing(newer));
    await publish(bucketOf(place), { stored: shipped, signer, sequence: newer - 1 });
    const isStale = ({ status }: Health): boolean => status === "stale";
    const { last_error: error, sha256: digest } = await eventually(() => healthOf(worker), isStale);
    assert.equal(error?.code, "MANIFEST_SEQUENCE");
    assert.equal(digest, sha256(small));
    await eventually(() => healthOf(worker), isServing(await publishNext(shipped)));
  });

  test("a manifest that says it was made a day ago or a day ahead is as good as any", async () => {
    for (const hours of [-24, 24]) {
      sequence += 1;
      const at = new Date(Date.now() + hours * 3_600_000).toISOString();
      await publish(bucketOf(place), { stored: hours < 0 ? small : shipped, signer, sequence, amend: (manifest) => (manifest["created_at"] = at) });
      await eventually(() => healthOf(worker), isServing(sequence));
    }
  });

  test("a store that is killed and started again", async () => {
    await store.kill();
    const { last_error: error } = await eventually(() => healthOf(worker), ({ status }) => status === "stale");
    assert.match(error?.code ?? "", UNREACHED);
    assert.deepEqual(await estimateSoon(worker), []);
    await store.start();
    await eventually(() => healthOf(worker), isServing(sequence));
    await eventually(() => healthOf(worker), isServing(await publishNext(small)));
  });
});

describe("a Worker whose storage fails at its start", () => {
  test("the shipped bundle serves until the store answers", async () => {
    await using proxy = await startProxy(place.endpoint);
    const newest = await publishNext(small);
    proxy.close();
    await using worker = await startEdge(place, { trusted, endpoint: proxy.url, ttlSeconds: TTL_SECONDS, fallback: "shipped" });
    const { http, status, sequence: serving } = await healthOf(worker);
    assert.deepEqual([http, status, serving], [200, "fallback", null]);
    await estimate(worker);
    proxy.open();
    await eventually(() => healthOf(worker), isServing(newest));
  });

  test("without a bundle of its own it says 503, and heals by itself", async () => {
    await using proxy = await startProxy(place.endpoint);
    const newest = await publishNext(shipped);
    proxy.illness = ILL.error;
    await using worker = await startEdge(place, { trusted, endpoint: proxy.url, ttlSeconds: TTL_SECONDS });
    const { http, status } = await healthOf(worker);
    assert.deepEqual([http, status], [503, "no_model"]);
    proxy.illness = null;
    await eventually(() => healthOf(worker), isServing(newest));
  });
});

describe("clocks that differ by a day", () => {
  for (const days of [-1, 1]) {
    test(`a store whose clock is ${days} day from the Worker's`, async () => {
      const newest = await publishNext(days < 0 ? small : shipped);
      await using skewed = await startSkewed(place, days * DAY_MS);
      await using worker = await startEdge(place, { trusted, endpoint: skewed.url, ttlSeconds: TTL_SECONDS });
      await eventually(() => healthOf(worker), isServing(newest));
      assert.ok(skewed.refusals >= 1, "the Worker's own clock should have been refused once");
      const refused = skewed.refusals;
      await eventually(() => healthOf(worker), isServing(await publishNext(days < 0 ? shipped : small)));
      assert.equal(skewed.refusals, refused, "what is known of the store's clock is kept");
    });
  }
});

/** The same store, behind a clock of its own: it takes signatures of its own time alone, as Amazon's does, and signs what goes on anew. */
async function startSkewed(behind: Place, aheadMs: number): Promise<{ url: string; refusals: number } & AsyncDisposable> {
  const state = { url: "", refusals: 0 };
  const server = createServer((request, response) => {
    const now = Date.now() + aheadMs;
    const date = new Date(now).toUTCString();
    response.sendDate = false;
    const signedAt = Date.parse(String(request.headers["x-amz-date"]).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
    if (!(Math.abs(signedAt - now) < 900_000)) {
      state.refusals += 1;
      response.writeHead(403, { date, "content-type": "application/xml" }).end("<Error><Code>RequestTimeTooSkewed</Code></Error>");
      return;
    }
    const key = (request.url ?? "").replace(`/${behind.bucket}/${behind.prefix}`, "");
    ask(behind, request.method ?? "GET", key)
      .then(async (answer) => {
        const etag = answer.headers.get("etag");
        response.writeHead(answer.status, { date, ...(etag === null ? {} : { etag }) }).end(Buffer.from(await answer.arrayBuffer()));
      })
      .catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
