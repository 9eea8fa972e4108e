// What every route has: a name for the request, methods, refusals in the words of the path, health for machines, a description.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner } from "./publication.ts";
import { PLAIN } from "./ride.ts";
import { differs, everyRow, readJson } from "./table.ts";

let worker: RunningWorker;
/** Has no model: no fallback, and nothing in its bucket. */
let empty: RunningWorker;

before(async () => {
  worker = await startWorker({ trusted: [makeSigner()], fallback: "shipped" });
  empty = await startWorker({ trusted: [makeSigner()] });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
  await empty?.[Symbol.asyncDispose]();
});

const MODEL = "ride-duration";
const SCORING = [
  { path: "/predict", dialect: "curbside" },
  { path: "/invocations", dialect: "mlflow" },
  { path: `/v2/models/${MODEL}/infer`, dialect: "inference" },
  { path: "/2015-03-31/functions/function/invocations", dialect: "curbside" },
] as const;
const READING = [
  ...["/ping", "/version", "/v2", "/v2/health/live", "/v2/health/ready", `/v2/models/${MODEL}`],
  ...["/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/config.json"],
];
type Dialect = (typeof SCORING)[number]["dialect"];

function dialectOf(path: string): Dialect {
  return path.startsWith("/v2") ? "inference" : /^.(ping|version)/.test(path) ? "mlflow" : "curbside";
}

/** What is wrong with a refusal's body. */
function formFaults(body: Record<string, unknown>, dialect: Dialect, code: string, word = "BAD_REQUEST"): string[] {
  const { error } = body;
  switch (dialect) {
    case "curbside":
      return [...differs("keys", Object.keys(body), ["error"]), ...differs("code", (error as { code?: string } | undefined)?.code, code)];
    case "mlflow":
      return [...differs("keys", Object.keys(body), ["error_code", "message"]), ...differs("error_code", body["error_code"], word)];
    case "inference":
      return [...differs("keys", Object.keys(body), ["error"]), ...differs("type of error", typeof error, "string")];
  }
}

test("every reply carries a name for its request, the caller's own if it gave a usable one", async () => {
  const paths = ["/predict", "/nothing", "/health", "/models/none", "/config.json"];
  const rows = paths.flatMap((path) => ["GET", "POST", "OPTIONS"].map((method) => ({ name: `${method} ${path}`, path, method })));
  const seen = new Set<string>();
  await everyRow(rows, async ({ path, method }) => {
    const fresh = await worker.fetch(path, { method });
    const id = fresh.headers.get("x-request-id") ?? "";
    const isNew = id !== "" && !seen.has(id);
    seen.add(id);
    const kept = await worker.fetch(path, { method, headers: { "x-request-id": "trace-7.A_b" } });
    const unfit = await worker.fetch(path, { method, headers: { "x-request-id": "a b" } });
    await Promise.all([fresh, kept, unfit].map((response) => response.arrayBuffer()));
    return [
      ...(isNew ? [] : [`expected a fresh id, found ${JSON.stringify(id)}`]),
      ...differs("the caller's id", kept.headers.get("x-request-id"), "trace-7.A_b"),
      ...(unfit.headers.get("x-request-id") === "a b" ? ["expected another id than one that is unfit"] : []),
    ];
  });
});

test("names are right where many are answered at once", async () => {
  const ids = Array.from({ length: 64 }, (_, number) => `n-${number}`);
  const found = await Promise.all(
    ids.map(async (id) => {
      const response = await worker.fetch("/predict", { method: "POST", body: PLAIN, headers: { "x-request-id": id } });
      await response.arrayBuffer();
      return response.headers.get("x-request-id");
    }),
  );
  assert.deepEqual(found, ids);
});

test("HEAD is GET without its body", async () => {
  await everyRow(READING.map((name) => ({ name })), async ({ name }) => {
    const [get, head] = [await worker.fetch(name), await worker.fetch(name, { method: "HEAD" })];
    const [bytes, none] = [await get.arrayBuffer(), await head.arrayBuffer()];
    return [
      ...differs("status", head.status, 200),
      ...differs("status of GET", get.status, 200),
      ...differs("content-type", head.headers.get("content-type"), get.headers.get("content-type")),
      ...differs("bytes", none.byteLength, 0),
      ...(bytes.byteLength > 0 ? [] : ["expected a body for GET, found none"]),
    ];
  });
});

test("a method that a path does not know is refused in its own words, with the ones that it does", async () => {
  const posted = SCORING.map((route) => ({ ...route, known: ["POST"] }));
  const read = READING.map((path) => ({ path, dialect: dialectOf(path), known: ["GET", "HEAD"] }));
  const rows = [...posted, ...read].flatMap((route) =>
    ["GET", "POST", "PUT", "DELETE", "PATCH"]
      .filter((method) => !route.known.includes(method))
      .map((method) => ({ name: `${method} ${route.path}`, method, ...route })),
  );
  await everyRow(rows, async ({ path, method, dialect, known }) => {
    const response = await worker.fetch(path, { method });
    const { body, faults } = await readJson(response);
    return [
      ...faults,
      ...differs("status", response.status, 405),
      ...differs("Allow", response.headers.get("allow"), [...known, "OPTIONS"].join(", ")),
      ...formFaults(body, dialect, "METHOD_NOT_ALLOWED"),
    ];
  });
});

test("what the transport refuses is told in the words of the path", async () => {
  const rows = SCORING.flatMap(({ path, dialect }) => [
    { name: `${path}, compressed`, path, dialect, headers: { "content-encoding": "gzip" }, body: PLAIN, status: 415, code: "CONTENT_ENCODING" },
    { name: `${path}, too long`, path, dialect, headers: {}, body: " ".repeat(1024 * 1024 + 1), status: 413, code: "BODY_TOO_LARGE" },
  ]);
  await everyRow(rows, async ({ path, dialect, headers, body, status, code }) => {
    const response = await worker.fetch(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
    const { body: reply, faults } = await readJson(response);
    return [...faults, ...differs("status", response.status, status), ...formFaults(reply, dialect, code)];
  });
});

test("without a model scoring is refused in the words of the path, and says when to try again", async () => {
  const asking = SCORING.map((route) => ({ ...route, method: "POST" }));
  const reading = [
    { path: "/ping", dialect: "mlflow", method: "GET" },
    { path: "/version", dialect: "mlflow", method: "GET" },
    { path: "/v2", dialect: "inference", method: "GET" },
    { path: `/v2/models/${MODEL}/ready`, dialect: "inference", method: "GET" },
  ] as const;
  const rows = [...asking, ...reading].map((row) => ({ ...row, name: row.path }));
  await everyRow(rows, async ({ path, dialect, method }) => {
    const response = await empty.fetch(path, { method, ...(method === "POST" ? { body: PLAIN } : {}) });
    const { body, faults } = await readJson(response);
    return [
      ...faults,
      ...differs("status", response.status, 503),
      ...(/^[1-9]\d*$/.test(response.headers.get("retry-after") ?? "") ? [] : [`Retry-After: found ${response.headers.get("retry-after")}`]),
      ...formFaults(body, dialect, "NO_MODEL", "TEMPORARILY_UNAVAILABLE"),
    ];
  });
});

test("liveness asks only whether the process answers, readiness whether a model does", async () => {
  const rows = [
    { name: "/health/live", with: 200, without: 200 },
    { name: "/health/ready", with: 200, without: 503 },
    { name: "/health", with: 200, without: 503 },
    { name: "/v2/health/live", with: 200, without: 200 },
    { name: "/v2/health/ready", with: 200, without: 503 },
  ];
  await everyRow(rows, async (row) => {
    const [full, none] = [await worker.fetch(row.name), await empty.fetch(row.name)];
    const [one, other] = [await readJson(full), await readJson(none)];
    const isInference = row.name.startsWith("/v2/");
    return [
      ...one.faults,
      ...other.faults,
      ...differs("status with a model", full.status, row.with),
      ...differs("status without", none.status, row.without),
      ...(isInference ? differs("live without", other.body["live"], true) : []),
      ...(isInference ? differs("ready without", other.body["ready"], false) : []),
    ];
  });
});

test("?explain is true or false, once", async () => {
  const rows = [
    { name: "?explain=true", status: 200 },
    { name: "?explain=false", status: 200 },
    { name: "?explain=tru%65", status: 200 },
    { name: "?explained=1", status: 200 },
    { name: "?explain=1", status: 400 },
    { name: "?explain=", status: 400 },
    { name: "?explain", status: 400 },
    { name: "?explain=true&explain=true", status: 400 },
  ];
  await everyRow(rows, async ({ name, status }) => {
    const response = await worker.fetch(`/predict${name}`, { method: "POST", body: PLAIN, headers: { "content-type": "application/json" } });
    const { body, faults } = await readJson(response);
    const code = (body["error"] as { code?: string } | undefined)?.code;
    return [...faults, ...differs("status", response.status, status), ...differs("code", code, status === 400 ? "EXPLAIN" : undefined)];
  });
});

test("the description lists every route", async () => {
  const response = await worker.fetch("/openapi.json");
  const { body, faults } = await readJson(response);
  assert.deepEqual(faults, []);
  assert.match(String(body["openapi"]), /^3\.1\./);
  const described = Object.keys(body["paths"] as object);
  const routed = [...SCORING.map(({ path }) => path), ...READING].map((path) => path.replace(MODEL, "{model}"));
  assert.deepEqual(routed.filter((path) => !described.includes(path)), []);
});
