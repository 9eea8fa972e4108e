// What a client is told when the code below throws, which a healthy Worker cannot be made to do from outside.

import assert from "node:assert/strict";
import { test } from "node:test";

import { unexpected } from "../../worker/http/errors.ts";
import { reportOf } from "../../worker/weights/fault.ts";
import { differs, everyRow, readJson } from "./table.ts";

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
    const response = unexpected(fault);
    const { body, faults } = await readJson(response);
    return [
      ...faults,
      ...differs("status", response.status, status),
      ...differs("code", (body["error"] as { code: string }).code, code),
      ...differs("Retry-After", response.headers.get("retry-after"), status === 503 ? "1" : null),
      ...(/secret|0x12/.test(JSON.stringify(body)) ? [`expected no insides, found ${JSON.stringify(body)}`] : []),
    ];
  });
  assert.equal(logged.mock.callCount(), rows.length);
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
