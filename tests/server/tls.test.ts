// https by the server itself: the page, estimates, health, and certificates that are renewed or wrong.

import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "node:tls";

import { certify, type Certified } from "./certificates.ts";
import { ask, estimate, json, run, serve, type Server, until } from "./server.ts";

let home: string;
let first: Certified;
let second: Certified;
before(async () => {
  home = await mkdtemp(join(tmpdir(), "curbside-tls-"));
  first = await certify(home, "first", ["IP:127.0.0.1"]);
  second = await certify(home, "second", ["IP:127.0.0.1"]);
});
after(() => rm(home, { recursive: true }));

/** The files that the server is told of, which are replaced under it. */
async function install(certificate: string, key: string): Promise<string[]> {
  await copyFile(certificate, join(home, "live.pem"));
  await copyFile(key, join(home, "live-key.pem"));
  return ["--tls-certificate", join(home, "live.pem"), "--tls-key", join(home, "live-key.pem")];
}

/** Who the server says it is, on a new connection. */
function subject(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.on("error", reject);
  });
}

test("page, estimates and health are there by https, and by nothing else", async () => {
  await using server = await serve(await install(first.certificate.path, first.key.path));
  assert.match(server.url, /^https:/);
  const ca = first.authority.pem;
  const page = await ask(`${server.url}/`, { ca });
  assert.equal(page.status, 200);
  assert.match(String(page.headers["strict-transport-security"]), /max-age=\d+/);
  const reply = await estimate(server, { ca });
  assert.equal(reply.status, 200);
  assert.ok(Number(json(reply)["duration"]) > 0);
  await assert.rejects(ask(server.url.replace("https:", "http:")));
  await assert.rejects(ask(`${server.url}/`, { ca: second.authority.pem }), "another authority's certificate is not believed");
  const healthy = await run(["health", "--listen", `127.0.0.1:${server.port}`]);
  assert.deepEqual([healthy.code, healthy.lines], [0, []]);
});

test("SIGHUP takes a renewed certificate, and refuses one that does not fit", async () => {
  await using server = await serve(await install(first.certificate.path, first.key.path));
  assert.equal(await subject(server), "first");
  await install(second.certificate.path, second.key.path);
  assert.equal(await subject(server), "first", "only when told");
  server.child.kill("SIGHUP");
  await server.waitFor("renewed");
  assert.equal(await subject(server), "second");
  // Certificate and key of two pairs.
  await install(first.certificate.path, second.key.path);
  server.child.kill("SIGHUP");
  await server.waitFor("renewal_failed");
  assert.equal((await estimate(server, { ca: second.authority.pem })).status, 200);
  // All processes serve by the pair of before again.
  await until(async () => (await Promise.all(Array.from({ length: 8 }, () => subject(server)))).every((name) => name === "second"), () => "the pair of before");
  // A file that is none is refused before any process is replaced.
  await copyFile(first.key.path, join(home, "live.pem"));
  server.child.kill("SIGHUP");
  await server.waitFor("renewal_failed", 2);
  assert.equal(await subject(server), "second");
});

test("certificate and key that do not belong together end the start", async () => {
  const { code, lines } = await run(["--listen", "127.0.0.1:0", "--processes", "1", ...(await install(first.certificate.path, second.key.path))]);
  assert.equal(code, 1, lines.join("\n"));
  assert.match(lines.join("\n"), /belong together/);
});

test("a proxy's word for https is taken only where that was said", async () => {
  const headers = { "x-forwarded-proto": "https" };
  await using behind = await serve(["--behind-proxy", "yes"]);
  assert.match(String((await ask(`${behind.url}/health`, { headers })).headers["strict-transport-security"]), /max-age/);
  assert.equal((await ask(`${behind.url}/health`)).headers["strict-transport-security"], undefined);
  await using alone = await serve();
  assert.equal((await ask(`${alone.url}/health`, { headers })).headers["strict-transport-security"], undefined);
});
