// What is given to service managers, and what is said of settings: both are of the program as it is.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { PROGRAM, run } from "./server.ts";

const file = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

test("systemd understands the unit, and finds little that it may do", async (context) => {
  if (spawnSync("systemd-analyze", ["--version"]).error !== undefined) {
    context.skip("SKIPPED: no systemd-analyze (Debian: apt-get install systemd)");
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "curbside-unit-"));
  const unit = join(folder, "curbside.service");
  const text = await file("deploy/systemd/curbside.service");
  await writeFile(unit, text.replace("/usr/local/bin/curbside-server", PROGRAM));
  const verified = spawnSync("systemd-analyze", ["verify", "--recursive-errors=no", unit], { encoding: "utf8" });
  // What it has to say of the machine's own units, which it reads as well, is not ours.
  const complaints = `${verified.stdout}${verified.stderr}`.split("\n").filter((line) => line.includes("curbside"));
  assert.deepEqual([verified.status, complaints], [0, []], verified.stderr);
  // In tenths: 20 is 2.0, "OK"; a service that says nothing has 9.6.
  const secured = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit], { encoding: "utf8" });
  assert.equal(secured.status, 0, secured.stdout.split("\n").slice(-3).join("\n") + secured.stderr);
  await rm(folder, { recursive: true });
});

test("every option and variable that the program tells of is in the documentation, and no other is in the examples", async () => {
  const { lines } = await run(["--help"]);
  const help = lines.join("\n");
  const page = await file("docs/self-hosting.md");
  const options = help.match(/(?<=^ {6})--[a-z-]+/gm) ?? [];
  const variables = (help.match(/(?<=\[)[A-Z0-9_]+(?=\]$)/gm) ?? []).filter((name) => name !== "OPTIONS");
  assert.ok(options.length >= 13 && variables.length >= 13, help);
  for (const name of [...options, ...variables]) {
    assert.ok(page.includes(`\`${name}`), `${name} in docs/self-hosting.md`);
  }
  const known = new Set(page.match(/\b[A-Z][A-Z0-9_]{5,}\b/g) ?? []);
  const examples = (await Promise.all(["deploy/systemd/server.env", "deploy/compose/compose.yaml"].map(file))).join("\n");
  const used = examples.match(/^ *#? ?([A-Z][A-Z0-9_]{5,})(?=[=:] ?)/gm)?.map((name) => name.replace(/[ #]/g, "")) ?? [];
  assert.ok(used.length >= 8, used.join(" "));
  for (const name of used) {
    assert.ok(known.has(name) || known.has(name.replace(/_FILE$/, "")), `${name} in docs/self-hosting.md`);
  }
});

test("the compose file is one, for whichever program there is to judge", async (context) => {
  const program = [["docker", "compose"], ["docker-compose"], ["podman-compose"]].find(([name, ...rest]) => spawnSync(String(name), [...rest, "version"]).status === 0);
  if (program === undefined) {
    context.skip("SKIPPED: neither docker compose nor docker-compose nor podman-compose");
    return;
  }
  const [name, ...rest] = program;
  const path = new URL("../../deploy/compose/compose.yaml", import.meta.url).pathname;
  const judged = spawnSync(String(name), [...rest, "-f", path, "config"], { encoding: "utf8" });
  assert.equal(judged.status, 0, judged.stderr);
  assert.match(judged.stdout, /read_only: true/);
});
