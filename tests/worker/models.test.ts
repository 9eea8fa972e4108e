// GET /models/...: browsers load the very bytes that the Worker loads, and caches may keep what never changes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { request as httpRequest } from "node:http";

import { type RunningWorker, startWorker } from "./harness.ts";
import { blobKey, makeSigner, MANIFEST_KEY, publish, sha256, shippedBundle } from "./publication.ts";
import { differs, everyRow } from "./table.ts";

/** Earlier manifests, and publishers under way. */
const KEPT = [
  "models/ride-duration/champion.history/0000000000000001.json",
  "models/ride-duration/champion.claims/0000000000000002.json",
  "models/ride-duration/champion.history.json",
];

let worker: RunningWorker;
let stored: Buffer;
let blob: string;

before(async () => {
  const signer = makeSigner();
  worker = await startWorker({ trusted: [signer] });
  stored = await shippedBundle();
  blob = `/${blobKey(stored)}`;
  await publish(worker.bucket, { stored, signer });
  // Things in the same bucket that are nobody's business.
  await worker.bucket.put("secret.json", "{}");
  await worker.bucket.put("models/secret.pem", "-----BEGIN");
  await worker.bucket.put("models/ride-duration/notes.txt", "notes");
  await worker.bucket.put("models/ride-duration/blobs/notes.curb", "notes");
  // What publishing keeps for itself.
  for (const key of KEPT) {
    await worker.bucket.put(key, "{}");
  }
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

/** Asks for a path exactly as written: `fetch` would tidy it first. */
function getRaw(path: string): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const { hostname, port } = worker.url;
  httpRequest({ hostname, port, path, agent: false }, async (response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
      chunks.push(chunk);
    }
    resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
  })
    .on("error", reject)
    .end();
  return promise;
}

test("a bundle comes as it is stored, for keeps", async () => {
  const response = await worker.fetch(blob, { headers: { "accept-encoding": "gzip, br" } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-encoding"), null);
  assert.equal(response.headers.get("content-type"), "application/octet-stream");
  assert.equal(response.headers.get("content-length"), String(stored.byteLength));
  assert.match(response.headers.get("cache-control") ?? "", /public, max-age=31536000, immutable/);
  assert.match(response.headers.get("etag") ?? "", /^"[^"]+"$/);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal(sha256(new Uint8Array(await response.arrayBuffer())), sha256(stored));
});

test("a manifest comes as it was signed, and is asked for each time", async () => {
  const response = await worker.fetch(`/${MANIFEST_KEY}`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.match(response.headers.get("cache-control") ?? "", /^no-cache/);
  const envelope = (await response.json()) as { payload: string };
  const manifest = JSON.parse(Buffer.from(envelope.payload, "base64").toString()) as { sha256: string; url: string };
  assert.equal(manifest.sha256, sha256(stored));
  // As a browser would follow it.
  assert.equal(new URL(manifest.url, response.url).pathname, blob);
});

test("HEAD says what GET would, without the bytes", async () => {
  for (const path of [blob, `/${MANIFEST_KEY}`]) {
    const [head, get] = await Promise.all([worker.fetch(path, { method: "HEAD" }), worker.fetch(path)]);
    assert.equal(head.status, 200);
    assert.equal((await head.arrayBuffer()).byteLength, 0);
    const body = await get.arrayBuffer();
    assert.equal(head.headers.get("content-length"), String(body.byteLength));
    for (const name of ["etag", "content-type", "cache-control", "last-modified"]) {
      assert.equal(head.headers.get(name), get.headers.get(name), `${name} of ${path}`);
    }
  }
});

test("who has the bytes already is told so", async () => {
  const etag = (await worker.fetch(blob, { method: "HEAD" })).headers.get("etag") ?? "";
  const rows = [
    { name: "the etag", tags: etag, status: 304 },
    { name: "the etag, weak", tags: `W/${etag}`, status: 304 },
    { name: "a list that holds it", tags: `"other", ${etag}`, status: 304 },
    { name: "anything", tags: "*", status: 304 },
    { name: "another etag", tags: '"other"', status: 200 },
    { name: "the etag without quotes", tags: etag.replaceAll('"', ""), status: 200 },
  ].flatMap((row) => ["GET", "HEAD"].map((method) => ({ ...row, method, name: `${method} with ${row.name}` })));
  await everyRow(rows, async ({ tags, status, method }) => {
    const response = await worker.fetch(blob, { method, headers: { "if-none-match": tags } });
    const { byteLength } = await response.arrayBuffer();
    return [
      ...differs("status", response.status, status),
      ...differs("etag", response.headers.get("etag"), etag),
      ...differs("bytes", byteLength, status === 200 && method === "GET" ? stored.byteLength : 0),
      ...(/immutable/.test(response.headers.get("cache-control") ?? "") ? [] : ["cache-control: expected immutable"]),
    ];
  });
});

test("nothing but manifests and bundles leaves the bucket", async () => {
  const paths = [
    "/secret.json",
    "/models/secret.pem",
    "/models/../secret.json",
    "/models/%2e%2e/secret.json",
    "/models/..%2fsecret.json",
    "/models/ride-duration/..%2f..%2fsecret.json",
    "/models/ride-duration/%2e%2e/%2e%2e/secret.json",
    "/models/ride-duration/..\\..\\secret.json",
    "/models//ride-duration/champion.json",
    "//models/ride-duration/champion.json",
    ...KEPT.map((key) => `/${key}`),
    "/models/ride-duration/champion.history/",
    "/models/ride-duration/notes.txt",
    "/models/ride-duration/blobs/notes.curb",
    "/models/ride-duration/blobs/",
    "/models/ride-duration/champion.json/",
    "/models/ride-duration/champion.json%00",
    "/models/ride-duration/champion%2ejson",
    "/models/ride-duration/CHAMPION.JSON",
    `${blob}.gz`,
    `${blob}%20`,
    blob.toUpperCase().replace("/MODELS/", "/models/"),
    `/models/${"a/".repeat(2000)}champion.json`,
  ];
  await everyRow(
    paths.map((path) => ({ name: path.slice(0, 100), path })),
    async ({ path }) => {
      const { status, text } = await getRaw(path);
      return [...differs("status", status, 404), ...(text.includes('"NOT_FOUND"') ? [] : [`body: found ${text.slice(0, 200)}`])];
    },
  );
});

test("a question mark changes nothing", async () => {
  const { status, text } = await getRaw(`/${MANIFEST_KEY}?now=1`);
  assert.equal(status, 200);
  assert.match(text, /^\{"payload":/);
});
