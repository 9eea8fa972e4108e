// The log of requests: a line each, if the operator wants one, and nothing of the caller's in it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner } from "./publication.ts";
import { ride } from "./ride.ts";

const TOKEN = "tok3n-that-nobody-may-read";

/** Words of the caller's, each of which would be a leak. */
const PRIVATE = [
  ...["203.0.113.7", "127.0.0.1", "::1", "curl-of-mine", "booking.example", "hunter2", TOKEN],
  ...["my-ride-256", "2021-02-03", "secret-path", "secret-query"],
];

/** Asks in every way that has something private in it; returns how many were answered and how many refused. */
async function ask(worker: RunningWorker): Promise<{ answered: number; refused: number }> {
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${TOKEN}`,
    "user-agent": "curl-of-mine/1",
    "x-forwarded-for": "203.0.113.7",
    "cf-connecting-ip": "203.0.113.7",
    origin: "https://booking.example",
    cookie: "session=hunter2",
    "x-request-id": "trace-1",
  };
  const requests: [string, RequestInit, number][] = [
    ["/predict?secret-query", { method: "POST", body: ride({ ride_id: "my-ride-256" }) }, 200],
    ["/predict", { method: "POST", body: ride({ ride_id: "my-ride-256", PULocationID: 999 }) }, 422],
    ["/predict", { method: "POST", body: '{"hunter2": ' }, 400],
    ["/secret-path?secret-query", { method: "GET" }, 404],
    ["/predict", { method: "POST", body: ride({}), headers: { ...headers, authorization: "Bearer hunter2-hunter2-hunter2" } }, 401],
    ["/models/secret-path/champion.json", {}, 404],
    ["/health", {}, 200],
  ];
  for (const [path, init, status] of requests) {
    const response = await worker.fetch(path, { headers, ...init });
    assert.equal(response.status, status, `${path}: ${await response.text()}`);
  }
  const refused = requests.filter(([, , status]) => status >= 400).length;
  return { answered: requests.length - refused, refused };
}

for (const which of ["all", "errors", "none"] as const) {
  test(`with LOG_REQUESTS = "${which}" the log has what was asked for and nothing of the caller's`, async () => {
    const options = { trusted: [makeSigner()], fallback: "shipped" as const, vars: { LOG_REQUESTS: which }, secrets: { API_TOKENS: TOKEN } };
    await using worker = await startWorker(options);
    const { answered, refused } = await ask(worker);
    const expected = which === "none" ? 0 : which === "errors" ? refused : answered + refused;
    const lines = await eventually(async () => worker.events("request"), ({ length }) => length >= expected);
    assert.equal(lines.length, expected);
    for (const line of lines) {
      assert.deepEqual(Object.keys(line), ["event", "id", "method", "route", "status", "code", "milliseconds"]);
      assert.equal(line["id"], "trace-1");
    }
    const told = lines.map(({ method, route, status, code }) => `${method} ${route} ${status} ${code}`);
    const errors = [
      "POST /predict 422 PU_LOCATION_ID_RANGE",
      "POST /predict 400 MALFORMED_JSON",
      "GET none 404 NOT_FOUND",
      "POST /predict 401 TOKEN_UNKNOWN",
      "GET /models 404 NOT_FOUND",
    ];
    assert.deepEqual(told.filter((line) => !line.includes(" 200 ")), which === "none" ? [] : errors);
    const log = worker.log();
    assert.deepEqual(PRIVATE.filter((word) => log.includes(word)), [], log);
  });
}
