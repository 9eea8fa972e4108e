// Weights from everywhere they may come from, on real workerd with its real network: a folder, a web server, a store that speaks S3;
// and nowhere else than there.

import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test, type TestContext } from "node:test";

import { blobKey, type Bucket, makeSigner, MANIFEST_KEY, publish, type Signer, smallBundle } from "../worker/publication.ts";
import { testStore } from "../worker/store.ts";
import { certify } from "./certificates.ts";
import { startGarage } from "./garage.ts";
import { ask, json, serve, untilHealth } from "./server.ts";

let home: string;
let signer: Signer;
let stored: Buffer;
before(async () => {
  home = await mkdtemp(join(tmpdir(), "curbside-weights-"));
  signer = makeSigner();
  stored = await smallBundle("with an interval");
});
after(() => rm(home, { recursive: true }));

/** The small bundle is of another model, which the manifest calls as asked. */
const MODEL = ["--fallback", "none"];

/** A folder as storage; files are put beside and renamed, as publishing does. */
function folderBucket(folder: string): Bucket {
  return {
    async put(key, value) {
      const path = join(folder, key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, typeof value === "string" ? value : new Uint8Array(value));
      await rename(`${path}.new`, path);
    },
  };
}

/** Objects in memory behind a listener. */
function memoryBucket(): Bucket & { readonly listener: RequestListener; readonly asked: string[] } {
  const objects = new Map<string, Buffer>();
  const asked: string[] = [];
  return {
    asked,
    async put(key, value) {
      objects.set(`/${key}`, Buffer.from(value as string));
    },
    listener(request: IncomingMessage, response) {
      asked.push(String(request.url));
      const object = objects.get(String(request.url));
      response.writeHead(object === undefined ? 404 : 200);
      response.end(object);
    },
  };
}

/** Listens on loopback for as long as the test runs. */
async function listen(context: TestContext, server: HttpServer | TlsServer, address = "127.0.0.1"): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("a folder is followed: what is published there is served, and what replaces it", async () => {
  const folder = join(home, "folder");
  await publish(folderBucket(folder), { stored, signer });
  await using server = await serve(["--weights", folder, "--trusted-keys", signer.publicKey, ...MODEL], { MANIFEST_TTL_SECONDS: "1" });
  const first = await untilHealth(server, ({ status }) => status === "ok");
  assert.equal(first["source"], "folder");
  assert.equal(first["sequence"], 1);
  const { trusted_keys: keys } = json(await ask(`${server.url}/config.json`)) as { trusted_keys: string[] };
  assert.deepEqual(keys, [signer.publicKey]);
  await publish(folderBucket(folder), { stored: await smallBundle("without an interval"), signer, sequence: 2 });
  // Both processes: no rider asks, the launcher does.
  await server.waitFor("weights_loaded", 4);
  assert.deepEqual(new Set(server.events("weights_loaded").map(({ sequence }) => sequence)), new Set([1, 2]));
});

test("a folder's objects are given to browsers with tags, and nothing else in it is", async () => {
  const folder = join(home, "objects");
  await publish(folderBucket(folder), { stored, signer });
  await writeFile(join(folder, "secret.json"), "{}");
  await using server = await serve(["--weights", folder, "--trusted-keys", signer.publicKey, ...MODEL]);
  const blob = `${server.url}/${blobKey(stored)}`;
  const manifest = `${server.url}/${MANIFEST_KEY}`;
  assert.deepEqual((await ask(blob)).body, stored);
  for (const url of [blob, manifest]) {
    const { headers, body } = await ask(url);
    const etag = String(headers["etag"]);
    assert.equal((await ask(url, { headers: { "if-none-match": etag } })).status, 304, url);
    const head = await ask(url, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"]], [200, String(body.byteLength)], url);
  }
  for (const path of ["secret.json", "models/ride-duration/blobs/", "models/ride-duration/../../secret.json", "models/ride-duration/blobs/x.curb"]) {
    assert.equal((await ask(`${server.url}/${path}`)).status, 404, path);
  }
});

test("an empty folder is no reason to stop: it is followed until something is there", async () => {
  const folder = join(home, "later");
  await mkdir(folder);
  await using server = await serve(["--weights", folder, "--trusted-keys", signer.publicKey, ...MODEL], { MANIFEST_TTL_SECONDS: "1" });
  const empty = json(await ask(`${server.url}/health`));
  assert.equal(empty["status"], "no_model");
  assert.equal((empty["last_error"] as { code: string }).code, "MANIFEST_MISSING");
  assert.equal((await ask(`${server.url}/health/ready`)).status, 503);
  assert.equal((await ask(`${server.url}/health/live`)).status, 200);
  await publish(folderBucket(folder), { stored, signer });
  await untilHealth(server, ({ status }) => status === "ok");
});

test("what another key has signed is not served from a folder either", async () => {
  const folder = join(home, "foreign");
  await publish(folderBucket(folder), { stored, signer: makeSigner() });
  await using server = await serve(["--weights", folder, "--trusted-keys", signer.publicKey]);
  const health = json(await ask(`${server.url}/health`));
  assert.equal(health["status"], "fallback");
  assert.equal((health["last_error"] as { code: string }).code, "MANIFEST_KEY");
});

test("a web server on this machine's own address", async (context) => {
  const bucket = memoryBucket();
  await publish(bucket, { stored, signer });
  const port = await listen(context, createServer(bucket.listener));
  await using server = await serve(["--weights", `http://127.0.0.1:${port}`, "--trusted-keys", signer.publicKey, ...MODEL]);
  assert.equal((await untilHealth(server, ({ status }) => status === "ok"))["source"], "https");
});

test("a web server by https, whose authority is named", async (context) => {
  const { certificate, key, authority } = await certify(home, "storage", ["IP:127.0.0.1"]);
  const bucket = memoryBucket();
  await publish(bucket, { stored, signer });
  const port = await listen(context, createTlsServer({ cert: certificate.pem, key: key.pem }, bucket.listener));
  const args = ["--weights", `https://127.0.0.1:${port}`, "--trusted-keys", signer.publicKey, ...MODEL];
  {
    await using server = await serve([...args, "--weights-authorities", authority.path]);
    assert.equal((await untilHealth(server, ({ status }) => status === "ok"))["sequence"], 1);
  }
  // Without its authority the same server is not believed.
  const before = bucket.asked.length;
  await using doubting = await serve(args);
  assert.equal(json(await ask(`${doubting.url}/health`))["status"], "no_model");
  assert.equal(bucket.asked.length, before);
});

test("no other address can be reached than the storage's own, wherever it points", async (context) => {
  const reached: string[] = [];
  const elsewhere = await listen(context, createServer((request, response) => {
    reached.push(String(request.url));
    response.end("{}");
  }), "127.0.0.2");
  const port = await listen(context, createServer((request, response) => {
    response.writeHead(302, { location: `http://127.0.0.2:${elsewhere}${request.url}` }).end();
  }));
  await using server = await serve(["--weights", `http://127.0.0.1:${port}`, "--trusted-keys", signer.publicKey]);
  const health = json(await ask(`${server.url}/health`));
  assert.equal(health["status"], "fallback");
  assert.deepEqual(reached, []);
});

test("a name that leads to a private address is followed if that is permitted, and not otherwise", async (context) => {
  const name = hostname();
  const found = await lookup(name, { family: 4 }).catch(() => null);
  if (found === null || !/^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(found.address)) {
    context.skip("SKIPPED: this machine's own name leads to no private address");
    return;
  }
  const { certificate, key, authority } = await certify(home, "name", [`DNS:${name}`]);
  const bucket = memoryBucket();
  await publish(bucket, { stored, signer });
  const port = await listen(context, createTlsServer({ cert: certificate.pem, key: key.pem }, bucket.listener), found.address);
  const args = ["--weights", `https://${name}:${port}`, "--trusted-keys", signer.publicKey, "--weights-authorities", authority.path, ...MODEL];
  {
    await using server = await serve(args);
    assert.equal(json(await ask(`${server.url}/health`))["status"], "no_model");
    assert.deepEqual(bucket.asked, []);
  }
  await using server = await serve([...args, "--weights-network", "private"]);
  await untilHealth(server, ({ status }) => status === "ok");
});

test("a store that speaks S3, on a private address", async (context) => {
  const garage = await startGarage(join(home, "garage"));
  if (garage === null) {
    context.skip("SKIPPED: no S3 server; `cargo xtask test server` installs Garage");
    return;
  }
  await using _ = garage;
  Object.assign(process.env, garage.environment);
  const store = testStore();
  assert.ok(store);
  await using bucket = store;
  await publish({ put: (key, value) => bucket.put(key, value) }, { stored, signer });
  const { endpoint, region, prefix, accessKeyId, secretAccessKey, bucket: name } = bucket.place;
  await using server = await serve(["--weights", `s3://${name}/${prefix.replace(/\/$/, "")}`, "--trusted-keys", signer.publicKey, ...MODEL], {
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    MANIFEST_TTL_SECONDS: "1",
  });
  assert.equal((await untilHealth(server, ({ status }) => status === "ok"))["source"], "s3");
  await publish({ put: (key, value) => bucket.put(key, value) }, { stored: await smallBundle("without an interval"), signer, sequence: 2 });
  await untilHealth(server, ({ sequence }) => sequence === 2);
  assert.ok(!server.lines.join("\n").includes(secretAccessKey));
});
