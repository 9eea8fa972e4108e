// `cargo xtask up --weights`: the page and the Worker from a store, and its keys where no other process can read them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, readdir, readFile, rm, stat } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { eventually } from "../worker/harness.ts";
import { openDesk, succeed } from "./command.ts";
import { findMonths, trainLinear } from "./months.ts";
import { addressOf, freePort, setting, sharedPlace, untilSays } from "./servers.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VARIABLES = `${ROOT}.curbside/worker.env`;

test("up --weights serves what is published, tells no key, and leaves none behind", async () => {
  const place = sharedPlace("up");
  const desk = await openDesk(place);
  const bundle = await trainLinear(desk, await findMonths(desk), "from-the-store");
  const port = await freePort();
  const address = addressOf(place);
  const child = spawn(setting("CURBSIDE_TEST_XTASK"), ["up", "--weights", address, "--port", String(port)], {
    cwd: ROOT,
    env: { ...process.env, ...desk.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const hear = (chunk: Buffer): void => void (said += chunk.toString());
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const healthOf = async (): Promise<{ status: string; version: string; source: string }> =>
    (await fetch(`http://127.0.0.1:${port}/health`)).json() as Promise<{ status: string; version: string; source: string }>;
  try {
    await untilSays(child, /Ctrl-C stops it/, 120);
    assert.deepEqual((({ status, source }) => [status, source])(await healthOf()), ["fallback", "s3"]);
    assert.equal((await stat(VARIABLES)).mode & 0o777, 0o600);
    // The key of this machine is the one that such a Worker believes.
    await succeed(desk, ["publish", bundle, "--to", address, "--alias", "champion", "--key", `${ROOT}.curbside/signing-key.json`]);
    await eventually(healthOf, ({ status, version }) => status === "ok" && version === "from-the-store");
    for (const line of await commandLines()) {
      assert.ok(!line.includes(place.secretAccessKey), `a process shows the secret key: ${line.split("\0")[0]}`);
    }
  } finally {
    child.kill("SIGTERM");
  }
  assert.equal(await ended, 0, said);
  assert.ok(!said.includes(place.secretAccessKey) && !said.includes(place.accessKeyId), "what it prints holds a key");
  await assert.rejects(access(VARIABLES), "the file with the keys is gone");
  await rm(desk.folder, { recursive: true, force: true });
});

/** What every process of the machine was started with, where the system tells. */
async function commandLines(): Promise<string[]> {
  const processes = await readdir("/proc").catch(() => []);
  const lines = processes.filter((name) => /^\d+$/.test(name)).map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => ""));
  return Promise.all(lines);
}
