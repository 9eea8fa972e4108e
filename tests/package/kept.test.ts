// What a browser keeps: weights that are there at the next load, online or not, and believed no more than any others. The page
// and the bucket are two origins, so that a request which needs leave to be sent would be seen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Status } from "curbside";
import type { Page } from "puppeteer-core";

import { BROWSERS } from "../page/stage.ts";
import { makeSigner } from "../worker/publication.ts";
import { packageAnswers } from "./browser.ts";
import { blobPath, type Bucket, MANIFEST, startBucket } from "./bucket.ts";
import { type Installed, install } from "./packed.ts";
import { serve, type Server } from "./server.ts";
import { RIDE, type Version, versionsOf } from "./versions.ts";

const [signer, successor] = [makeSigner(), makeSigner()];

/** `load` makes an estimator and tells of it; `again` has it look. */
const SCRIPT = `
  import { loadEstimator } from "/curbside/browser.js";
  const told = [];
  const bits = (value) => new DataView(new Float64Array([value ?? NaN]).buffer).getBigUint64(0, true).toString(16).padStart(16, "0");
  let estimator;
  const tell = () => {
    const { duration, duration_low, duration_high } = estimator.estimate(${JSON.stringify(RIDE)});
    return { status: estimator.status, bits: [duration, duration_low, duration_high].map(bits).join(" "), told: told.map(({ state, sequence }) => state + " " + sequence) };
  };
  globalThis.load = async ({ fallbackUrl, ...options }) => {
    if (fallbackUrl) options.fallback = async () => (await fetch(fallbackUrl)).arrayBuffer();
    const follow = { everySeconds: 3600, onChange: (status) => told.push(status), ...options.follow };
    try {
      estimator = await loadEstimator({ ...options, follow });
      return tell();
    } catch (thrown) {
      return { code: thrown.code ?? String(thrown) };
    }
  };
  globalThis.again = async () => { await estimator.refresh(); return tell(); };
  globalThis.tell = tell;
`;

/** What the page says. */
interface Told {
  readonly code?: string;
  readonly status: Status;
  readonly bits: string;
  readonly told: readonly string[];
}

let installed: Installed;
let site: Server;
let first: Version;
let second: Version;
let third: Version;
before(async () => {
  installed = await install();
  [first, second, third] = await versionsOf(installed);
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/script.js"></script>`;
  site = await serve({
    "/": { type: "text/html", body: html },
    "/script.js": { type: "text/javascript", body: SCRIPT },
    ...(await packageAnswers(installed)),
  });
});
after(async () => {
  await site[Symbol.asyncDispose]();
  await installed[Symbol.asyncDispose]();
});

/** A rider's visit: the page is loaded anew, and an estimator in it. */
async function visit(page: Page, bucket: Bucket, trusted = signer, options: object = {}): Promise<Told> {
  await page.goto(site.url("/"));
  await page.waitForFunction("globalThis.tell !== undefined");
  bucket.asked.length = 0;
  const given = { manifest: bucket.manifest, trustedKeys: [trusted.publicKey], name: "ride-duration", cache: "weights", ...options };
  return (await page.evaluate(`load(${JSON.stringify(given)})`)) as Told;
}

/** Has the page look again. */
async function again(page: Page): Promise<Told> {
  return (await page.evaluate("again()")) as Told;
}

/** What counts of it. */
function briefly({ code, status, bits }: Told): unknown {
  return code ?? [status.state, status.sequence, status.lastError?.code ?? null, bits];
}

const breaksOff = (response: import("node:http").ServerResponse): void => void response.destroy();
/** Puts something else in the place of what is kept. */
const KEPT = (change: string): string => `(async () => {
  const cache = await caches.open("weights");
  const [request] = await cache.keys();
  const response = await cache.match(request);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  ${change}
  await cache.put(request, new Response(bytes, { headers }));
})()`;
const IS_KEPT = `caches.open("weights").then((cache) => cache.keys()).then((keys) => keys.length)`;

for (const kind of BROWSERS) {
  test(`${kind.name} keeps the last good weights: there at once, believed no more than others, never older`, async () => {
    await using bucket = await startBucket(signer);
    const browser = await kind.launch();
    try {
      const page = await browser.newPage();
      bucket.publish({ stored: first.stored, sequence: 1 });
      assert.deepEqual(briefly(await visit(page, bucket)), ["current", 1, null, first.bits]);
      assert.deepEqual(briefly(await again(page)), ["current", 1, null, first.bits]);

      const cached = await visit(page, bucket);
      assert.deepEqual(briefly(cached), ["cached", 1, null, first.bits]);
      assert.equal(cached.status.confirmedAt, null);
      assert.equal(cached.status.keyid, signer.keyid);
      const confirmed = await again(page);
      assert.deepEqual(briefly(confirmed), ["current", 1, null, first.bits]);
      assert.deepEqual(confirmed.told, ["current 1"]);
      assert(bucket.log().every((line) => line === "304 manifest"), bucket.log().join());
      assert.deepEqual([...new Set(bucket.asked.map(({ method }) => method))], ["GET"], "no request that needs leave");

      bucket.publish({ stored: second.stored, sequence: 2 });
      assert.deepEqual(briefly(await visit(page, bucket)), ["cached", 1, null, first.bits]);
      const newer = await again(page);
      assert.deepEqual(briefly(newer), ["current", 2, null, second.bits]);
      assert.deepEqual(newer.told, ["current 2"]);

      bucket.spoil(MANIFEST, breaksOff);
      assert.deepEqual(briefly(await visit(page, bucket)), ["cached", 2, null, second.bits]);
      assert.deepEqual(briefly(await again(page)), ["cached", 2, "FETCH_FAILED", second.bits]);

      bucket.spoil(MANIFEST, null);
      bucket.publish({ stored: first.stored, sequence: 1 });
      await visit(page, bucket);
      assert.deepEqual(briefly(await again(page)), ["cached", 2, "MANIFEST_SEQUENCE", second.bits]);

      // The same weights under a newer manifest: kept with it, without being fetched.
      bucket.publish({ stored: second.stored, sequence: 5 });
      await visit(page, bucket);
      assert.deepEqual(briefly(await again(page)), ["current", 5, null, second.bits]);
      assert(!bucket.log().some((line) => line.endsWith("blob")), bucket.log().join());
      bucket.spoil(MANIFEST, breaksOff);
      assert.deepEqual(briefly(await visit(page, bucket)), ["cached", 5, null, second.bits]);
    } finally {
      await browser.close();
    }
  });

  test(`${kind.name} drops what it kept where that is damaged, of another model, or of a key that is no longer trusted`, async () => {
    await using bucket = await startBucket(signer);
    const browser = await kind.launch();
    try {
      const page = await browser.newPage();
      const keep = async (sequence: number): Promise<void> => {
        bucket.spoil(MANIFEST, null);
        bucket.publish({ stored: first.stored, sequence });
        await visit(page, bucket);
        await again(page);
        assert.equal(await page.evaluate(IS_KEPT), 1);
      };
      const damages = {
        "a bit of the weights": "bytes[bytes.length - 50] ^= 1;",
        "their end": "bytes.fill(0, bytes.length - 100);",
        "the signed text": "bytes[20] = bytes[20] === 65 ? 66 : 65;",
        "where they begin": `headers.set("x-curbside-envelope-bytes", "17");`,
        "what says so": `headers.delete("x-curbside-envelope-bytes");`,
      };
      let sequence = 1;
      for (const [name, change] of Object.entries(damages)) {
        await keep(sequence);
        await page.evaluate(KEPT(change));
        bucket.spoil(MANIFEST, breaksOff);
        assert.equal(briefly(await visit(page, bucket)), "FETCH_FAILED", name);
        assert.equal(await page.evaluate(IS_KEPT), 0, name);
        sequence += 1;
      }
      await keep(sequence);
      await page.evaluate(KEPT("bytes[bytes.length - 50] ^= 1;"));
      assert.deepEqual(briefly(await visit(page, bucket)), ["current", sequence, null, first.bits], "online it is waited for");

      bucket.spoil(MANIFEST, breaksOff);
      assert.equal(briefly(await visit(page, bucket, successor)), "FETCH_FAILED", "the key is trusted no more");
      assert.equal(briefly(await visit(page, bucket)), "FETCH_FAILED", "and what it signed is gone");
      await keep(sequence);
      bucket.spoil(MANIFEST, breaksOff);
      assert.equal(briefly(await visit(page, bucket, signer, { name: "ride-fare" })), "FETCH_FAILED");
      assert.equal(await page.evaluate(IS_KEPT), 0);
    } finally {
      await browser.close();
    }
  });

  test(`${kind.name} does without where nothing can be kept, and keeps what another page has kept later`, async () => {
    await using bucket = await startBucket(signer);
    const browser = await kind.launch();
    try {
      const page = await browser.newPage();
      bucket.publish({ stored: first.stored, sequence: 1 });
      await visit(page, bucket);
      await again(page);
      await page.evaluate(KEPT(`headers.set("x-curbside-sequence", "99");`));
      bucket.publish({ stored: second.stored, sequence: 2 });
      assert.deepEqual(briefly(await again(page)), ["current", 2, null, second.bits]);
      bucket.spoil(MANIFEST, breaksOff);
      assert.deepEqual(briefly(await visit(page, bucket)), ["cached", 1, null, first.bits]);

      bucket.spoil(MANIFEST, null);
      const full = `{ match: async () => undefined, put: async () => { throw new DOMException("full", "QuotaExceededError"); } }`;
      for (const caches of ["undefined", `{ open: async () => { throw new DOMException("no", "SecurityError"); } }`, `{ open: async () => (${full}) }`]) {
        const script = await page.evaluateOnNewDocument(`Object.defineProperty(globalThis, "caches", { value: ${caches} });`);
        assert.deepEqual(briefly(await visit(page, bucket)), ["current", 2, null, second.bits], caches);
        await page.removeScriptToEvaluateOnNewDocument(script.identifier);
      }
    } finally {
      await browser.close();
    }
  });

  test(`${kind.name} has a bundle at hand for when nothing is kept, and keeps it once a manifest names it`, async () => {
    await using bucket = await startBucket(signer, { "/shipped": (response) => void response.writeHead(200, { "access-control-allow-origin": "*" }).end(first.stored) });
    const browser = await kind.launch();
    try {
      const page = await browser.newPage();
      const options = { fallbackUrl: bucket.server.url("/shipped") };
      bucket.publish({ stored: first.stored, sequence: 4 });
      bucket.spoil(MANIFEST, breaksOff);
      assert.deepEqual(briefly(await visit(page, bucket, signer, options)), ["fallback", null, "FETCH_FAILED", first.bits]);
      assert.equal(await page.evaluate(IS_KEPT), 0);
      bucket.spoil(MANIFEST, null);
      const named = await again(page);
      assert.deepEqual([briefly(named), named.told], [["current", 4, null, first.bits], ["current 4"]]);
      assert(!bucket.log().includes("200 blob"), "it was at hand");
      bucket.spoil(MANIFEST, breaksOff);
      assert.deepEqual(briefly(await visit(page, bucket, signer, options)), ["cached", 4, null, first.bits]);
    } finally {
      await browser.close();
    }
  });

  test(`${kind.name} looks again when the network is back or the page is seen, and past a damaged copy of its own`, async () => {
    await using bucket = await startBucket(signer);
    const browser = await kind.launch();
    try {
      const page = await browser.newPage();
      bucket.publish({ stored: first.stored, sequence: 1 });
      // Lasting, as blobs are: the browser would serve this copy for a year.
      bucket.spoil(blobPath(first.stored), { body: Buffer.from(first.stored).fill(0, 99, 120) });
      const uncached = { cache: undefined };
      assert.equal(briefly(await visit(page, bucket, signer, uncached)), "BLOB_DIGEST");
      assert.deepEqual(bucket.log(), ["200 manifest", "200 blob", "200 blob"]);
      bucket.spoil(blobPath(first.stored), null);
      assert.deepEqual(briefly(await visit(page, bucket, signer, uncached)), ["current", 1, null, first.bits]);
      assert.deepEqual(briefly(await visit(page, bucket, signer, uncached)), ["current", 1, null, first.bits]);
      assert(!bucket.log().includes("200 blob"), "the copy is whole again");

      bucket.publish({ stored: second.stored, sequence: 2 });
      await page.evaluate(`dispatchEvent(new Event("online"))`);
      await page.waitForFunction(`tell().told.includes("current 2")`);
      bucket.publish({ stored: third.stored, sequence: 3 });
      await page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
      assert.deepEqual(briefly((await page.evaluate("tell()")) as Told), ["current", 2, null, second.bits], "it is not time yet");
      await page.evaluate(`(() => { const now = performance.now.bind(performance); performance.now = () => now() + 3_600_000; })()`);
      await page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
      await page.waitForFunction(`tell().told.includes("current 3")`);
      assert.deepEqual(briefly((await page.evaluate("tell()")) as Told), ["current", 3, null, third.bits]);
    } finally {
      await browser.close();
    }
  });
}
