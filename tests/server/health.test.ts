// `curbside-server health`, as a container asks it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { run, serve } from "./server.ts";

test("a server that can answer rides is healthy, asked by its address or its URL", async () => {
  await using server = await serve();
  const listen = `127.0.0.1:${server.port}`;
  for (const [args, env] of [
    [["--listen", listen], {}],
    [[], { CURBSIDE_LISTEN: listen }],
    [[`http://${listen}`], {}],
    [[`http://${listen}/`], {}],
  ] as const) {
    const { code, lines } = await run(["health", ...args], env);
    assert.deepEqual([code, lines], [0, []], args.join(" "));
  }
});

test("one without a model is not, and the reason is where it can be read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "curbside-health-"));
  const key = "1DO4bVFzveyOe7LNH0r2PADXq+sXJWiqhcAC99urwfU=";
  await using server = await serve(["--weights", folder, "--trusted-keys", key, "--fallback", "none"]);
  const { code, lines } = await run(["health", "--listen", `127.0.0.1:${server.port}`]);
  assert.equal(code, 1);
  assert.match(lines.join("\n"), /expected HTTP status 200.*found 503/);
  await rm(folder, { recursive: true });
});

test("where no server is, that is said", async () => {
  for (const args of [["--listen", "127.0.0.1:1"], ["http://127.0.0.1:1"], ["https://127.0.0.1:1"], ["http://127.0.0.1:1/health/live"], ["nonsense"], ["--listen", "nonsense"]]) {
    const { code, lines } = await run(["health", ...args]);
    assert.equal(code, 1, args.join(" "));
    assert.ok(lines.join("").length > 20, args.join(" "));
  }
});
