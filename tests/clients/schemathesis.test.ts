// A tester asks the server whatever its description allows, and what it forbids, and checks every answer by the description.
//
// Here it asks the same in every run, since a test must not fail by chance; `cargo xtask schemathesis` hunts for what nobody
// has thought of.

import { dirname, join } from "node:path";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";

import { hasServer, type Service, startServer } from "./hosts.ts";
import { interpreter, missing, run, script } from "./python.ts";

const skip = hasServer ? missing("clients") : "SKIPPED: the server has not been built";

/** Cases that chance brings, for each operation, beside those that follow from the description's bounds. */
const EXAMPLES = 20;

async function schemathesis(service: Service, ...options: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "curbside-schemathesis-"));
  try {
    const program = join(dirname(interpreter("clients")), "schemathesis");
    const asking = ["--config-file", script("schemathesis.toml"), "run", new URL("/openapi.json", service.url).href, "--no-color"];
    const measure = ["--max-examples", String(EXAMPLES), "--generation-deterministic", "--continue-on-failure"];
    console.log(await run(program, [...asking, ...measure, ...options], "", folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("schemathesis finds nothing", { skip }, async () => {
  await using service = await startServer();
  await schemathesis(service);
});

test("nor where tokens are asked for, which are not ignored", { skip }, async () => {
  const token = "a-token-of-the-test-0123456789";
  await using service = await startServer({ env: { API_TOKENS: token } });
  await schemathesis(service, "--phases", "examples,coverage", "--header", `Authorization: Bearer ${token}`);
});
