// What a person with a browser gets: the page's files with their headers, and the weights that it then loads.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { readRules } from "../../worker/self-hosted/headers.ts";
import { readFile } from "node:fs/promises";

import { ask, estimate, json, serve, type Server } from "./server.ts";

let server: Server;
before(async () => {
  server = await serve();
});
after(() => server[Symbol.asyncDispose]());

test("the page comes with every header that www/_headers gives it", async () => {
  const rules = readRules(await readFile(new URL("../../www/_headers", import.meta.url), "utf8"));
  const reply = await ask(`${server.url}/`);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers["content-type"], "text/html; charset=utf-8");
  assert.match(reply.body.toString(), /^<!doctype html>/);
  const all = rules.filter(({ pattern }) => pattern === "/*").flatMap(({ headers }) => headers);
  assert.ok(all.length > 3, "the rules for all files");
  for (const [name, value] of all) {
    assert.equal(reply.headers[name], value, name);
  }
  const policy = `${reply.headers["content-security-policy"] ?? ""} ${reply.body.toString()}`;
  assert.match(policy, /default-src 'none'/, "a strict content security policy, in a header or in the page");
});

test("files with a digest in their names are kept for ever, the service worker is not", async () => {
  const html = (await ask(`${server.url}/`)).body.toString();
  const script = /src="\.(\/files\/main-[A-Z0-9]+\.js)"/.exec(html)?.[1];
  assert.ok(script, html);
  const reply = await ask(`${server.url}${script}`);
  assert.equal(reply.headers["cache-control"], "public, max-age=31536000, immutable");
  assert.equal(reply.headers["content-type"], "text/javascript; charset=utf-8");
  assert.equal((await ask(`${server.url}/sw.js`)).headers["cache-control"], "no-cache");
});

test("a client gets gzip if it takes it, and the same bytes if not", async () => {
  const html = (await ask(`${server.url}/`)).body.toString();
  for (const path of ["/", /\.(\/files\/main-[^"]+)"/.exec(html)?.[1] ?? "", "/sw.js"]) {
    const plain = await ask(`${server.url}${path}`);
    const packed = await ask(`${server.url}${path}`, { headers: { "accept-encoding": "br;q=1.0, gzip;q=0.8" } });
    const refused = await ask(`${server.url}${path}`, { headers: { "accept-encoding": "gzip;q=0" } });
    assert.equal(packed.headers["content-encoding"], "gzip", path);
    assert.equal(packed.headers["content-length"], String(packed.body.byteLength), path);
    assert.equal(plain.headers["content-encoding"], undefined, path);
    assert.equal(plain.headers["content-length"], String(plain.body.byteLength), path);
    assert.equal(plain.headers["vary"], "accept-encoding", path);
    assert.ok(packed.body.byteLength < plain.body.byteLength, path);
    assert.deepEqual(gunzipSync(packed.body), plain.body, path);
    assert.deepEqual(refused.body, plain.body, path);
  }
});

test("the module streams: it has its type", async () => {
  const html = (await ask(`${server.url}/`)).body.toString();
  const script = (await ask(`${server.url}${/\.(\/files\/main-[^"]+)"/.exec(html)?.[1] ?? ""}`)).body.toString();
  const module = /curbside_bg-[A-Z0-9]+\.wasm/.exec(script)?.[0];
  const reply = await ask(`${server.url}/files/${module}`);
  assert.equal(reply.headers["content-type"], "application/wasm");
  assert.equal(reply.body.subarray(0, 4).toString("latin1"), "\0asm");
});

test("what a client holds already is not sent again, and a HEAD has no body", async () => {
  const { headers, body } = await ask(`${server.url}/`);
  const etag = String(headers["etag"]);
  for (const held of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const again = await ask(`${server.url}/`, { headers: { "if-none-match": held } });
    assert.equal(again.status, 304, held);
    assert.equal(again.body.byteLength, 0, held);
  }
  assert.equal((await ask(`${server.url}/`, { headers: { "if-none-match": '"other"' } })).status, 200);
  const head = await ask(`${server.url}/`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers["content-length"], String(body.byteLength));
});

test("index.html is at the folder's own address, and what is nowhere is told in JSON", async () => {
  const moved = await ask(`${server.url}/index.html`);
  assert.equal(moved.status, 307);
  assert.equal(moved.headers["location"], "/");
  for (const path of ["/nowhere", "/files/../worker.js", "/worker.js", "/_headers", "/files/"]) {
    const reply = await ask(`${server.url}${path}`);
    assert.equal(reply.status, 404, path);
    assert.equal((json(reply)["error"] as { code: string }).code, "NOT_FOUND", path);
  }
});

test("without a word about weights the shipped model serves, signed, to the page too", async () => {
  const health = json(await ask(`${server.url}/health`));
  assert.equal(health["status"], "ok");
  assert.equal(health["source"], "folder");
  assert.deepEqual(health["configuration"], []);
  const config = json(await ask(`${server.url}/config.json`)) as { manifest: string; trusted_keys: string[] };
  assert.equal(config.trusted_keys.length, 1);
  const manifest = json(await ask(`${server.url}${config.manifest}`));
  const { url } = JSON.parse(Buffer.from(String(manifest["payload"]), "base64").toString()) as { url: string };
  const blob = await ask(new URL(url, `${server.url}${config.manifest}`).href);
  assert.deepEqual(blob.body, await readFile(new URL("../../models/green-tripdata-duration.curb", import.meta.url)));
  const reply = await estimate(server);
  assert.equal(reply.status, 200);
  assert.equal(json(reply)["model"], "ride-duration");
});

test("nothing but JSON is in the log", () => {
  assert.deepEqual(server.events("NOT JSON"), []);
});
