// What is in the image, and what is not: no shell, nothing to write to, no folder of the machine that built it.

import assert from "node:assert/strict";
import { open, readFile, readlink } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";

import { type Config, configuration, type Entry, entries, mounted } from "./built.ts";

const MOST_BYTES = 200_000_000;

let config: Config;
let created: string;
let container: Awaited<ReturnType<typeof mounted>>;
let all: Entry[];

before(async () => {
  ({ config, created } = await configuration());
  container = await mounted();
  all = await entries(container.root);
});

after(async () => {
  await container?.[Symbol.asyncDispose]();
});

const files = (): Entry[] => all.filter((entry) => entry.kind === "file");

/** The first bytes of a file, by which a kernel knows whether it can run it. */
async function opening(path: string): Promise<string> {
  await using file = await open(join(container.root, path));
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.subarray(0, bytesRead).toString("latin1");
}

test("the server is what is run, by a user without rights, and asked for its health by itself", () => {
  assert.equal(config.User, "65532:65532");
  assert.deepEqual(config.Entrypoint, ["/usr/local/bin/curbside-server"]);
  assert.ok(!config.Cmd?.length, `expected no arguments of its own, found ${config.Cmd?.join(" ")}`);
  assert.deepEqual(config.Healthcheck?.Test, ["CMD", "/usr/local/bin/curbside-server", "health"]);
  assert.deepEqual(Object.keys(config.ExposedPorts ?? {}), ["9696/tcp"]);
  assert.ok(config.Env?.includes("CURBSIDE_LISTEN=0.0.0.0:9696"), "inside a container loopback reaches nobody");
  assert.equal(config.StopSignal, "SIGTERM");
});

test("labels say what it is, of which commit, and when that was made", () => {
  const label = (name: string): string => config.Labels[`org.opencontainers.image.${name}`] ?? "";
  assert.equal(label("title"), "curbside-server");
  assert.equal(label("licenses"), "MIT OR Apache-2.0");
  assert.match(label("version"), /^\d+\.\d+\.\d+/);
  assert.match(label("revision"), /^(?:[0-9a-f]{40}(?:-modified)?|unknown)$/);
  assert.equal(Date.parse(label("created")), Date.parse(created), "the label's time is the image's");
  assert.ok(label("description").length > 40);
});

test("it can run curbside-server, workerd and the loader of libraries, and no other program", async () => {
  const programs: string[] = [];
  for (const { path, mode } of files()) {
    const isMarked = (mode & 0o111) !== 0;
    const start = await opening(path);
    assert.ok(!start.startsWith("#!"), `${path} is a script: who would run it?`);
    if (isMarked && start === "\x7fELF" && !/\.so(?:\.\d+)*$/.test(path)) programs.push(path);
    if (isMarked) assert.equal(start, "\x7fELF", `${path} is marked as a program and is none`);
  }
  assert.deepEqual(programs.sort(), ["usr/local/bin/curbside-server", "usr/local/bin/workerd"]);
  const shells = all.filter(({ path }) => /^(?:(?:ba|da|a|z|k|c|tc)?sh|busybox|env|perl.*|python.*|apt|dpkg)$/.test(basename(path)));
  // /var/lib/dpkg is a folder that scanners of images read.
  assert.deepEqual(shells.filter(({ kind }) => kind !== "folder"), []);
});

test("its user owns nothing, may write only to /tmp, and nothing runs with another user's rights", () => {
  for (const { path, kind, mode, owner } of all) {
    assert.equal(owner, "0:0", path);
    assert.equal(mode & 0o6000, 0, `${path} has the set-user or set-group bit`);
    if (kind !== "link" && path !== "tmp") assert.equal(mode & 0o022, 0, `${path} can be written by others (${mode.toString(8)})`);
    if (kind === "file" && path.startsWith("usr/local/")) assert.ok(mode === 0o644 || mode === 0o755, `${path} has mode ${mode.toString(8)}`);
    assert.notEqual(kind, "other", `${path} is no file, folder or link`);
  }
  assert.equal(all.find(({ path }) => path === "tmp")?.mode, 0o1777);
});

test("files are of one constant time, so that a layer is the same whenever it is built", () => {
  const later = files().filter(({ changed }) => changed.getTime() !== 0);
  assert.deepEqual(later.map(({ path, changed }) => `${path} ${changed.toISOString()}`), []);
});

test("no file of ours holds a folder of the machine that built it", async () => {
  const machines = [process.cwd(), process.env["CARGO_HOME"] ?? join(homedir(), ".cargo")];
  for (const { path } of files().filter((file) => file.path.startsWith("usr/local/") && basename(file.path) !== "workerd")) {
    const bytes = await readFile(join(container.root, path));
    for (const machine of machines) assert.equal(bytes.indexOf(`${machine}/`), -1, `${path} holds ${machine}`);
  }
});

test("a store's certificate can be judged: the authorities are where workerd looks for them", async () => {
  const authorities = await readFile(join(container.root, "etc/ssl/certs/ca-certificates.crt"), "utf8");
  assert.ok(authorities.split("-----BEGIN CERTIFICATE-----").length > 100, "Debian trusts more than a hundred");
  assert.equal(await readlink(join(container.root, "etc/ssl/cert.pem")), "certs/ca-certificates.crt");
});

test("it weighs 200 MB at most", () => {
  const bytes = files().reduce((sum, file) => sum + file.bytes, 0);
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
});
