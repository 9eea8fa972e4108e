// The headers that guard, on every kind of reply; and what a page of another site may make of one.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";

import { codeOfFault } from "../../worker/weights/fault.ts";
import { httpsSource } from "../../worker/weights/https.ts";
import { type RunningWorker, startWorker } from "./harness.ts";
import { RIDE } from "./health.ts";
import { startHost } from "./host.ts";
import { makeSigner, MANIFEST_KEY, publish, shippedBundle } from "./publication.ts";
import { differs, everyRow } from "./table.ts";

const signer = makeSigner();
let worker: RunningWorker;

before(async () => {
  worker = await startWorker({ trusted: [signer] });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

/** Asks for a path as it stands here: `fetch` would tidy it up. */
function statusAsWritten(path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = httpRequest({ host: worker.url.hostname, port: worker.url.port, path, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.on("error", reject);
  request.end();
  return promise;
}

const ALL = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": null,
  "set-cookie": null,
  server: null,
  "x-powered-by": null,
};
const ANSWER = { ...ALL, "content-security-policy": null, "cross-origin-resource-policy": null, "referrer-policy": null };
const PUBLIC = { ...ALL, "cross-origin-resource-policy": "cross-origin" };

test("every reply has them: answers the few that an answer needs, what can be opened by its address all", async () => {
  const rows = [
    { name: "POST /predict", status: 200, headers: ANSWER, body: RIDE },
    { name: "POST /predict", status: 422, headers: ANSWER, body: RIDE.replace("130", "0") },
    { name: "POST /predict", status: 400, headers: ANSWER, body: "<script>alert(1)</script>" },
    { name: "POST /predict?explain=<script>", status: 400, headers: ANSWER, body: RIDE },
    { name: "POST /invocations", status: 400, headers: ANSWER, body: "{" },
    { name: "POST /v2/models/ride-duration/infer", status: 400, headers: ANSWER, body: "{" },
    { name: "POST /v2/models/<img>/infer", status: 404, headers: ANSWER, body: '{"inputs": []}' },
    { name: "POST /2015-03-31/functions/function/invocations", status: 400, headers: ANSWER, body: "{" },
    { name: "GET /predict", status: 405, headers: ALL },
    { name: "OPTIONS /predict", status: 204, headers: ALL },
    { name: "GET /health", status: 200, headers: ALL },
    { name: "HEAD /health", status: 200, headers: ALL },
    { name: "GET /health/ready", status: 200, headers: ALL },
    { name: "GET /metrics", status: 200, headers: ALL },
    { name: "GET /ping", status: 200, headers: ALL },
    { name: "GET /v2", status: 200, headers: ALL },
    { name: "GET /nowhere", status: 404, headers: ALL },
    { name: "POST /nowhere/<script>alert(1)</script>", status: 404, headers: ALL, body: RIDE },
    { name: "GET /config.json", status: 200, headers: PUBLIC },
    { name: "GET /openapi.json", status: 200, headers: PUBLIC },
    { name: `GET /${MANIFEST_KEY}`, status: 200, headers: PUBLIC },
    { name: "GET /models/ride-duration/nobody.json", status: 404, headers: PUBLIC },
  ];
  await everyRow(rows, async ({ name, status, headers, body }) => {
    const [method = "", path = ""] = name.split(" ");
    const type = { "content-type": "application/json" };
    const response = await worker.fetch(path, { method, ...(body === undefined ? {} : { body, headers: type }) });
    const [kind, text] = [response.headers.get("content-type") ?? "", await response.text()];
    const isData = text === "" || /^(application\/json|text\/plain)/.test(kind);
    return [
      ...differs("status", response.status, status),
      ...Object.entries(headers).flatMap(([header, value]) => differs(header, response.headers.get(header), value)),
      ...(isData ? [] : [`content-type: found ${kind}`]),
    ];
  });
});

test("storage chooses neither headers nor where to look", async () => {
  const paths = [
    "/models/ride-duration/champion.json/",
    "/models/ride-duration/../champion.json",
    "/models/ride-duration/%2e%2e/champion.json",
    "/models/ride-duration/champion.json%00",
    "/models/ride-duration/champion.history.json",
    "/models//champion.json",
    "/models/http:%2f%2fevil.example/champion.json",
    "/models/__proto__/constructor.json",
    "/models/ride-duration/blobs/../../../secret.curb",
    `/models/ride-duration/blobs/${"0".repeat(63)}.curb`,
    `/models/ride-duration/blobs/${"A".repeat(64)}.curb`,
  ];
  await worker.bucket.put("models/ride-duration/champion.history.json", "{}");
  await worker.bucket.put("secret.curb", "secret");
  await everyRow(paths.map((name) => ({ name })), async ({ name }) => differs("status", await statusAsWritten(name), 404));
  await worker.bucket.put("models/odd/champion.json", "<script>", {
    httpMetadata: { contentType: "text/html", contentDisposition: "inline", contentLanguage: "xx", cacheControl: "public, max-age=99" },
    customMetadata: { "set-cookie": "a=b" },
  });
  const odd = await worker.fetch("/models/odd/champion.json", { headers: { "accept-encoding": "identity" } });
  assert.equal(await odd.text(), "<script>");
  const told = [...odd.headers.keys()].filter((name) => !["date", "connection", "keep-alive", "transfer-encoding"].includes(name)).sort();
  assert.deepEqual(told, [
    ...["access-control-allow-origin", "access-control-expose-headers", "cache-control", "content-length", "content-security-policy", "content-type"],
    ...["cross-origin-resource-policy", "etag", "last-modified", "referrer-policy", "x-content-type-options", "x-request-id"],
  ]);
  assert.equal(odd.headers.get("content-type"), "application/json");
  assert.equal(odd.headers.get("cache-control"), "no-cache, no-transform");
});

test("what a caller sends turns up in no header of a reply but its own request id, and that only if it is one", async () => {
  const evil = "https://evil.example/<script>";
  const forwarded = { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", forwarded: "host=evil.example" };
  const headers = { "x-request-id": "ok\u00e9", "x-original-url": "/metrics", referer: evil, ...forwarded };
  const response = await worker.fetch(`/health?next=${evil}`, { headers });
  await response.body?.cancel();
  assert.doesNotMatch(JSON.stringify([...response.headers]), /evil|ok\u00e9/);
  assert.match(response.headers.get("x-request-id") ?? "", /^[A-Za-z0-9._-]{1,128}$/);
  const named = await worker.fetch("/health", { headers: { "x-request-id": "ride.1_2-3" } });
  await named.body?.cancel();
  assert.equal(named.headers.get("x-request-id"), "ride.1_2-3");
});

test("names of JavaScript's own are data like any other", async () => {
  const polluting = '{"__proto__": {"status": 500, "polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, ' + RIDE.slice(1);
  for (const path of ["/predict", "/predict?__proto__=x&constructor=y", "/predict"]) {
    const headers = { "content-type": "application/json" };
    const response = await worker.fetch(path, { method: "POST", body: polluting, headers });
    assert.doesNotMatch(await response.text(), /polluted/);
    assert.equal((await worker.fetch("/predict", { method: "POST", body: RIDE, headers })).status, 200);
  }
  for (const path of ["/__proto__", "/constructor", "/toString", "/v2/models/__proto__", "/v2/__proto__"]) {
    const response = await worker.fetch(path);
    await response.body?.cancel();
    assert.equal(response.status, 404, path);
  }
});

test("a storage host that redirects is followed within itself, and leads nowhere else", async () => {
  await using storage = await startHost();
  await using inside = await startHost();
  await inside.put("secret", "what only this network may read");
  // From Node, because wrangler's way out follows redirects before the Worker sees them.
  const source = httpsSource(storage.url);
  const rows = [
    { name: "within itself", location: "/moved.json", found: "moved" },
    { name: "within itself, by its whole address", location: `${storage.url}/moved.json`, found: "moved" },
    { name: "to another port", location: `${inside.url}/secret`, found: "FETCH_STATUS" },
    { name: "to another port, by its own rules", location: `//${new URL(inside.url).host}/secret`, found: "FETCH_STATUS" },
    { name: "to a file", location: "file:///etc/passwd", found: "FETCH_STATUS" },
    { name: "to data", location: "data:application/json,{}", found: "FETCH_STATUS" },
    { name: "to nothing", location: "http://", found: "FETCH_STATUS" },
    { name: "in a circle", location: "/models/moving/champion.json", found: "FETCH_STATUS" },
  ];
  await everyRow(rows, async ({ location, found }) => {
    storage.illness = (request, response) =>
      void (request.url === "/moved.json" ? response.end("moved") : response.writeHead(302, { location }).end());
    const read = await source.get("models/moving/champion.json").then((response) => response.text(), codeOfFault);
    return differs("found", read, found);
  });
  assert.deepEqual(inside.log, []);
});
