// What belongs to HTTP and not to a ride: methods, paths, content types, sizes, other sites.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";

import { type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner, MANIFEST_KEY, publish, shippedBundle, type Signer } from "./publication.ts";
import { differs, everyRow, readJson } from "./table.ts";

let worker: RunningWorker;
const signer: Signer = makeSigner();

before(async () => {
  worker = await startWorker({ trusted: [signer, makeSigner()] });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

const RIDE = '{"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}';
const MIB = 1024 * 1024;

/** Sends exactly these headers and no others but Host and the framing, which `fetch` would not. */
function postRaw(headers: Record<string, string>, body: Buffer): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const request = httpRequest(new URL("/predict", worker.url), { method: "POST", headers, agent: false }, async (response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
      chunks.push(chunk);
    }
    resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

test("only JSON's content types are read, and none or curl's stand for JSON", async () => {
  const rows = [
    { name: "none at all", type: undefined, status: 200 },
    { name: "JSON", type: "application/json", status: 200 },
    { name: "JSON in capitals", type: "Application/JSON", status: 200 },
    { name: "JSON with a charset", type: "application/json; charset=utf-8", status: 200 },
    { name: "a kind of JSON", type: "application/vnd.curbside+json", status: 200 },
    { name: "curl's default", type: "application/x-www-form-urlencoded", status: 200 },
    { name: "plain text", type: "text/plain", status: 415 },
    { name: "a form with files", type: "multipart/form-data; boundary=x", status: 415 },
    { name: "XML", type: "application/xml", status: 415 },
    { name: "no type but a name", type: "json", status: 415 },
  ];
  await everyRow(rows, async ({ type, status }) => {
    const { status: found, text } = await postRaw(type === undefined ? {} : { "content-type": type }, Buffer.from(RIDE));
    const code = (JSON.parse(text) as { error?: { code: string } }).error?.code;
    return [...differs("status", found, status), ...differs("code", code, status === 415 ? "CONTENT_TYPE" : undefined)];
  });
});

test("a compressed body is refused by name", async () => {
  const { status, text } = await postRaw({ "content-encoding": "br" }, Buffer.from(RIDE));
  assert.equal(status, 415);
  assert.match(text, /"CONTENT_ENCODING".*found br/);
});

test("a body of 1 MiB is read and one byte more is not, with or without its length said first", async () => {
  const body = (size: number): Buffer<ArrayBuffer> => Buffer.from(RIDE.padEnd(size));
  const streamed = (size: number): ReadableStream<Uint8Array> => new Blob([body(size)]).stream();
  const rows: { name: string; body: () => BodyInit; status: number }[] = [
    { name: "1 MiB", body: () => body(MIB), status: 200 },
    { name: "1 MiB and a byte", body: () => body(MIB + 1), status: 413 },
    { name: "10 MiB", body: () => body(10 * MIB), status: 413 },
    { name: "1 MiB, streamed", body: () => streamed(MIB), status: 200 },
    { name: "1 MiB and a byte, streamed", body: () => streamed(MIB + 1), status: 413 },
    { name: "10 MiB, streamed", body: () => streamed(10 * MIB), status: 413 },
  ];
  await everyRow(rows, async (row) => {
    // `duplex` is what Node wants for a stream; the DOM's types do not know it.
    const init = { method: "POST", body: row.body(), duplex: "half" };
    const response = await worker.fetch("/predict", init);
    const { body: reply, faults } = await readJson(response);
    const code = (reply["error"] as { code?: string } | undefined)?.code;
    return [
      ...faults,
      ...differs("status", response.status, row.status),
      ...differs("code", code, row.status === 413 ? "BODY_TOO_LARGE" : undefined),
    ];
  });
});

test("a body without end is broken off, and the next ride is answered", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const request = httpRequest(new URL("/predict", worker.url), { method: "POST", agent: false });
  const patience = setTimeout(() => resolve("read for ever"), 60_000);
  // The reply may be lost with the connection, to us or to the development server's proxy, which then says 500 in no words of the
  // Worker's; what must not happen is that the body is read for ever.
  request.on("response", (response) => {
    const isTheWorkers = response.headers["content-type"]?.startsWith("application/json") ?? false;
    resolve(response.statusCode === 500 && !isTheWorkers ? "status 413" : `status ${response.statusCode}`);
    response.resume();
  });
  request.on("error", () => resolve("status 413"));
  const pour = (): void => {
    while (!request.destroyed && request.write(Buffer.alloc(MIB))) {
      // Until the socket is full; "drain" goes on.
    }
  };
  request.on("drain", pour);
  pour();
  const outcome = await promise;
  clearTimeout(patience);
  request.destroy();
  assert.equal(outcome, "status 413");
  assert.equal((await postRaw({}, Buffer.from(RIDE))).status, 200);
});

test("a method that a path does not know is 405 and told which ones it does", async () => {
  const everything = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
  const paths = [
    { path: "/predict", known: ["POST"] },
    { path: "/health", known: ["GET", "HEAD"] },
    { path: "/config.json", known: ["GET", "HEAD"] },
    { path: `/${MANIFEST_KEY}`, known: ["GET", "HEAD"] },
  ];
  const rows = paths.flatMap(({ path, known }) =>
    everything.filter((method) => !known.includes(method)).map((method) => ({ name: `${method} ${path}`, path, method, known })),
  );
  await everyRow(rows, async ({ path, method, known }) => {
    const response = await worker.fetch(path, { method });
    const text = await response.text();
    return [
      ...differs("status", response.status, 405),
      ...differs("Allow", response.headers.get("allow"), [...known, "OPTIONS"].join(", ")),
      ...differs("content-type", response.headers.get("content-type"), "application/json"),
      ...(method === "HEAD" || text.includes('"METHOD_NOT_ALLOWED"') ? [] : [`body: found ${text}`]),
    ];
  });
});

test("OPTIONS says what a path knows, and lets other sites ask for what is public", async () => {
  const rows = [
    { name: "/predict", allow: "POST, OPTIONS", origin: null },
    { name: "/v2/models/ride-duration/infer", allow: "POST, OPTIONS", origin: null },
    { name: "/v2/models/ride-duration", allow: "GET, HEAD, OPTIONS", origin: null },
    { name: "/ping", allow: "GET, HEAD, OPTIONS", origin: null },
    { name: "/health", allow: "GET, HEAD, OPTIONS", origin: null },
    { name: "/config.json", allow: "GET, HEAD, OPTIONS", origin: "*" },
    { name: `/${MANIFEST_KEY}`, allow: "GET, HEAD, OPTIONS", origin: "*" },
  ];
  await everyRow(rows, async ({ name, allow, origin }) => {
    const headers = { origin: "https://booking.example", "access-control-request-method": "POST" };
    const response = await worker.fetch(name, { method: "OPTIONS", headers });
    return [
      ...differs("status", response.status, 204),
      ...differs("Allow", response.headers.get("allow"), allow),
      ...differs("allowed origin", response.headers.get("access-control-allow-origin"), origin),
    ];
  });
});

test("a path that is neither ours nor the page's is 404 in JSON", async () => {
  const paths = [
    "/predict/",
    "/predict/1",
    "/Predict",
    "/invocations/",
    "/ping/x",
    "/v1/models",
    "/health/",
    "/2015-03-31/functions/other/invocations",
    "/api/predict",
    "/models",
    "/models/",
    "/models/ride-duration",
    "/models/ride-duration/",
    "/models/ride-duration/challenger.json",
    `/models/ride-duration/blobs/${"0".repeat(64)}.curb`,
    "/%00",
    "/.dev.vars",
  ];
  const rows = paths.flatMap((path) => ["GET", "POST"].map((method) => ({ name: `${method} ${path}`, path, method })));
  await everyRow(rows, async ({ path, method }) => {
    const response = await worker.fetch(path, { method });
    const { body, faults } = await readJson(response);
    const posted = method === "POST" && path.startsWith("/models/") && path.includes(".");
    const [status, code] = posted ? [405, "METHOD_NOT_ALLOWED"] : [404, "NOT_FOUND"];
    return [
      ...faults,
      ...differs("status", response.status, status),
      ...differs("code", (body["error"] as { code?: string } | undefined)?.code, code),
    ];
  });
});

test("the page is told where the weights are and whom to believe", async () => {
  const response = await worker.fetch("/config.json");
  const { body, faults } = await readJson(response);
  assert.deepEqual(faults, []);
  assert.equal(response.headers.get("cache-control"), "no-cache");
  assert.equal(body["manifest"], `/${MANIFEST_KEY}`);
  const keys = body["trusted_keys"] as string[];
  assert.equal(keys.length, 2);
  assert.equal(keys[0], signer.publicKey);
});

test("estimates are never cached", async () => {
  const response = await worker.fetch("/predict", { method: "POST", body: Buffer.from(RIDE) });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("cache-control"), "no-store");
});
