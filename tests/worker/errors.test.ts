// What a client is told when the code below throws, which a healthy Worker cannot be made to do from outside.

import assert from "node:assert/strict";
import { test } from "node:test";

import { unexpected } from "../../worker/http/errors.ts";
import { bodyOf } from "../../worker/http/refusal.ts";
import { reportOf } from "../../worker/weights/fault.ts";
import { differs, everyRow } from "./table.ts";

const withDetails = (message: string, details: object): Error => Object.assign(new Error(message), details);

test("an engine that trapped twice is 503, any other fault is 500, and neither tells its insides", async (context) => {
  // The log is where the insides go.
  const logged = context.mock.method(console, "error", () => undefined);
  const rows = [
    { name: "a trap", fault: withDetails("unreachable at 0x12", { code: "ENGINE_TRAPPED" }), status: 503, code: "ENGINE_TRAPPED" },
    { name: "a fault of ours", fault: new TypeError("secret is undefined"), status: 500, code: "INTERNAL" },
    { name: "an error with a number for a code", fault: withDetails("secret", { code: 20 }), status: 500, code: "INTERNAL" },
    { name: "something thrown that is no error", fault: "secret", status: 500, code: "INTERNAL" },
    { name: "nothing at all", fault: undefined, status: 500, code: "INTERNAL" },
  ];
  await everyRow(rows, async ({ fault, status, code }) => {
    const refusal = unexpected(fault, "trace-1");
    return [
      ...differs("status", refusal.status, status),
      ...differs("code", refusal.code, code),
      ...differs("Retry-After", refusal.headers?.["retry-after"], status === 503 ? "1" : undefined),
      ...(/secret|0x12/.test(JSON.stringify(refusal)) ? [`expected no insides, found ${JSON.stringify(refusal)}`] : []),
    ];
  });
  assert.equal(logged.mock.callCount(), rows.length);
  for (const { arguments: [line] } of logged.mock.calls) {
    assert.equal((JSON.parse(String(line)) as { id: string }).id, "trace-1");
  }
});

test("a refusal is JSON in the form of whoever's path it is", async () => {
  const refusal = { status: 429, code: "RATE_LIMITED", message: "wait" };
  assert.equal(bodyOf(refusal, "curbside"), '{"error":{"code":"RATE_LIMITED","message":"wait"}}');
  assert.equal(bodyOf({ ...refusal, field: "ride_id" }, "curbside"), '{"error":{"code":"RATE_LIMITED","field":"ride_id","message":"wait"}}');
  assert.equal(bodyOf(refusal, "inference"), '{"error":"wait"}');
  const rows = [
    [400, "BAD_REQUEST"],
    [401, "UNAUTHENTICATED"],
    [404, "ENDPOINT_NOT_FOUND"],
    [405, "BAD_REQUEST"],
    [408, "BAD_REQUEST"],
    [413, "BAD_REQUEST"],
    [415, "BAD_REQUEST"],
    [429, "REQUEST_LIMIT_EXCEEDED"],
    [500, "INTERNAL_ERROR"],
    [503, "TEMPORARILY_UNAVAILABLE"],
  ] as const;
  for (const [status, code] of rows) {
    assert.deepEqual(JSON.parse(bodyOf({ ...refusal, status }, "mlflow")), { error_code: code, message: "wait" });
  }
});

test("a failure to load is reported with what its error knows", async () => {
  const at = "2026-01-01T00:00:00.000Z";
  const rows = [
    {
      name: "a bundle",
      fault: withDetails("bundle section card: m", { code: "BUNDLE_MALFORMED", section: "card", offset: 104 }),
      report: { code: "BUNDLE_MALFORMED", section: "card", offset: 104, message: "bundle section card: m", at },
    },
    {
      name: "a bundle's header",
      fault: withDetails("bundle header: m", { code: "BUNDLE_VERSION", section: null, offset: 8 }),
      report: { code: "BUNDLE_VERSION", offset: 8, message: "bundle header: m", at },
    },
    {
      name: "storage that throws",
      fault: new Error("internal error (10001)"),
      report: { code: "WEIGHTS_UNREACHABLE", message: "internal error (10001)", at },
    },
    { name: "a text", fault: "gone", report: { code: "WEIGHTS_UNREACHABLE", message: "gone", at } },
  ];
  await everyRow(rows, async ({ fault, report }) => differs("report", reportOf(fault, Date.parse(at)), report));
});
