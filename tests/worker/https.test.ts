// The source that reads a web server, from Node: what it says of each thing that a server can do.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { WeightsFault } from "../../worker/weights/fault.ts";
import { httpsSource } from "../../worker/weights/https.ts";
import type { Source } from "../../worker/weights/source.ts";
import { ILL, type Illness, startHost, type TestHost } from "./host.ts";
import { MANIFEST_KEY } from "./publication.ts";
import { differs, everyRow } from "./table.ts";

let host: TestHost;
let source: Source;

before(async () => {
  host = await startHost();
  source = httpsSource(`${host.url}/folder`);
  await host.put(`folder/${MANIFEST_KEY}`, "signed");
});

after(async () => {
  await host?.[Symbol.asyncDispose]();
});

test("an object is read, asked for by its head, by its etag, and not found", async () => {
  const response = await source.get(MANIFEST_KEY);
  assert.deepEqual([response.status, await response.text()], [200, "signed"]);
  assert.deepEqual([...response.headers.keys()].sort(), ["content-length", "etag"]);
  const etag = response.headers.get("etag") ?? assert.fail("expected an etag");
  const head = await source.get(MANIFEST_KEY, { headOnly: true });
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "6", ""]);
  assert.equal((await source.get(MANIFEST_KEY, { etag })).status, 304);
  assert.equal((await source.get("models/ride-duration/none.json")).status, 404);
});

test("a server that codes the bytes on the way is no harm, though it was asked not to", async () => {
  const coded = gzipSync("signed");
  host.illness = (_, response) => void response.writeHead(200, { "content-encoding": "gzip", "content-length": coded.byteLength }).end(coded);
  const response = await source.get(MANIFEST_KEY);
  host.illness = null;
  assert.equal(await response.text(), "signed");
  // The length that was told is of other bytes.
  assert.equal(response.headers.get("content-length"), null);
});

test("whatever else a server does is told by its code, and never in its words", async () => {
  const rows: { name: string; illness: Illness; code: string; says: RegExp }[] = [
    { name: "down", illness: ILL.down, code: "FETCH_FAILED", says: /found none: the connection failed; check the address/ },
    { name: "silent", illness: ILL.silent, code: "FETCH_FAILED", says: /found none within 8 s/ },
    { name: "500", illness: ILL.error, code: "FETCH_STATUS", says: /found 500/ },
    { name: "403", illness: ILL.forbidden, code: "FETCH_STATUS", says: /found 403/ },
    { name: "HTML", illness: ILL.page, code: "WEIGHTS_UNREACHABLE", says: /found an HTML page/ },
  ];
  await everyRow(rows, async ({ illness, code, says }) => {
    host.illness = illness;
    const thrown = await source.get(MANIFEST_KEY).catch((fault: unknown) => fault);
    host.illness = null;
    if (!(thrown instanceof WeightsFault)) {
      return [`expected a refusal, found ${String(thrown)}`];
    }
    return [...differs("code", thrown.code, code), ...(says.test(thrown.message) ? [] : [`message: expected ${says}, found ${thrown.message}`])];
  });
});

test("a body that is cut off or stops fails when it is read, by the connection or by the reader's own signal", async () => {
  host.illness = ILL.cut;
  const cut = await source.get(MANIFEST_KEY);
  await assert.rejects(cut.text());
  host.illness = ILL.stuck;
  const patience = new AbortController();
  const stuck = await source.get(MANIFEST_KEY, { signal: patience.signal });
  setTimeout(() => patience.abort(new Error("too late")), 100);
  await assert.rejects(stuck.text(), /too late/);
  host.illness = null;
});
