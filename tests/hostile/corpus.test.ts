// Every hostile request gets its documented answer, and the next good one on a new connection is answered to the bit.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { everyRow } from "../worker/table.ts";
import { FIELDS } from "./corpus/fields.ts";
import { FRAMING } from "./corpus/framing.ts";
import { HEADS } from "./corpus/head.ts";
import { INFERENCE } from "./corpus/inference.ts";
import { JSON_BODIES } from "./corpus/json.ts";
import { MEDIA } from "./corpus/media.ts";
import { MLFLOW } from "./corpus/mlflow.ts";
import { PROTOCOL } from "./corpus/protocol.ts";
import { RECORDS } from "./corpus/records.ts";
import { TARGETS } from "./corpus/target.ts";
import { faultOfGood, read, readText } from "./good.ts";
import type { Hostile } from "./hostile.ts";
import { faultsOf } from "./judge.ts";
import { ask } from "./request.ts";
import { type RunningServer, startServer } from "./server.ts";
import { exchange } from "./wire.ts";

/** What the issue asks for at least. */
const MIN_ROWS = 200;

/** Of what the corpus has in paths, hosts, headers and bodies. */
const WRITTEN = /elsewhere|passwd|script>|jndi|evil|lllll|aaaaa|curbside\.test|PULocationID|%2e|\.\.\/|DROP TABLE/;

const CORPUS: Readonly<Record<string, readonly Hostile[]>> = {
  "bodies that are no ride": JSON_BODIES,
  "fields that no ride has": FIELDS,
  "types and codings of bodies": MEDIA,
  "MLflow's scoring protocol": MLFLOW,
  "the Open Inference Protocol": INFERENCE,
  "records of a stream": RECORDS,
  "where bodies end": FRAMING,
  "targets and hosts": TARGETS,
  "header lines": HEADS,
  "methods, versions and connections": PROTOCOL,
};

let server: RunningServer;
before(async () => {
  server = await startServer({ variables: { LOG_REQUESTS: "all" } });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
});

test(`the corpus has at least ${MIN_ROWS} requests, no two of one name or of the same bytes`, () => {
  const rows = Object.values(CORPUS).flat();
  assert.ok(rows.length >= MIN_ROWS, `found ${rows.length}`);
  const twice = <T>(values: readonly T[]): T[] => values.filter((value, at) => values.indexOf(value) !== at);
  assert.deepEqual(twice(rows.map(({ name }) => name)), []);
  assert.deepEqual(twice(rows.map(({ send, endsAtOnce = false }) => `${send.toString("base64")} ${endsAtOnce}`)), []);
  console.log(`${rows.length} hostile requests`);
});

for (const [kind, rows] of Object.entries(CORPUS)) {
  test(`${kind}: ${rows.length} requests`, async () => {
    await everyRow(rows, async (row) => {
      const faults = await faultsOf(server.port, row).catch((thrown: unknown) => [String(thrown)]);
      return [...faults, ...(await faultOfGood(server.port))];
    });
  });
}

test("nothing of it stopped the module or was a fault of the service's own", async () => {
  const { generation, last_trap } = await read(server.port, "/health");
  assert.deepEqual({ generation, last_trap }, { generation: 1, last_trap: null });
  assert.deepEqual(server.events("fault"), []);
});

test("a flood of what only the runtime answers leaves few lines in the log", async () => {
  for (let times = 0; times < 300; times += 1) {
    const { replies } = await exchange(server.port, { bytes: ask("CONNECT", "elsewhere.test:443"), replies: 0 });
    assert.equal(replies[0]?.status, 500);
  }
  assert.deepEqual(await faultOfGood(server.port), []);
  // The first of a kind at once, then one a minute that says how many.
  assert.ok(server.events("runtime").length <= 20, server.log().slice(0, 4000));
});

test("what callers write is in no line of the log and in no label of the metrics", async () => {
  const lines = server.log().split("\n");
  assert.ok(lines.length > MIN_ROWS, `expected a line a request, found ${lines.length}`);
  // The runtime's own words apart, which quote no caller either.
  assert.deepEqual(lines.filter((line) => line.length > 1000 || !line.startsWith('{"event":')), []);
  assert.deepEqual(lines.filter((line) => WRITTEN.test(line)), []);
  const metrics = await readText(server.port, "/metrics");
  const labels = new Set([...metrics.matchAll(/(?:route|code)="([^"]*)"/g)].map(([, value]) => value));
  assert.ok(labels.size < 80, `found ${[...labels].join(" ")}`);
  assert.deepEqual([...labels].filter((label) => !/^[A-Z0-9_]+$|^[a-z0-9/_.-]+$/.test(String(label)) || WRITTEN.test(String(label))), []);
});
