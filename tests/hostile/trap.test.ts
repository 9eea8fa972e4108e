// A trap in the module, a stack that overflows in it and a memory that is exhausted: each costs at most the request that met it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { PLAIN } from "../worker/ride.ts";
import { faultOfGood, read, readText } from "./good.ts";
import { inference, mlflow, ours, type Answer } from "./hostile.ts";
import { faultsOfReply } from "./judge.ts";
import { post } from "./request.ts";
import { type RunningServer, startServer } from "./server.ts";
import { HOOK_PATH, makeTree, type Sabotage } from "./tree.ts";
import { exchange, PATIENCE_MS, type Reply } from "./wire.ts";

const HOOKS = await readFile(new URL("hooks.js", import.meta.url), "utf8");

/** What the log says once tables are built, or could not be. */
const PREPARED = ["weights_prepared", "weights_not_prepared"];

/** A server of the tree with that in it, warm: one ride has been answered, and tables are built. */
async function startSabotaged(sabotage: Sabotage): Promise<RunningServer> {
  const tree = await makeTree(sabotage);
  const server = await startServer(tree);
  const warm = { ...server, [Symbol.asyncDispose]: async () => (await server[Symbol.asyncDispose](), tree[Symbol.asyncDispose]()) };
  try {
    await assertGood(warm);
    // Tables take memory of their own, behind the first reply; or cannot be had, where there is too little of it.
    for (const deadline = Date.now() + PATIENCE_MS; !PREPARED.some((name) => warm.events(name).length > 0); ) {
      assert.ok(Date.now() < deadline, `expected tables, found none:\n${warm.log()}`);
      await sleep(20);
    }
    await assertGood(warm);
    return warm;
  } catch (thrown) {
    await warm[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function assertGood({ port }: RunningServer): Promise<void> {
  assert.deepEqual(await faultOfGood(port), []);
}

async function send({ port }: RunningServer, bytes: Buffer): Promise<Reply> {
  const { replies } = await exchange(port, { bytes, replies: 1 });
  assert.equal(replies.length, 1);
  return replies[0] as Reply;
}

/** Asks the hooks. */
async function hook({ port }: RunningServer, wishes: string): Promise<{ pages: number; taken: number; overflows: string[] }> {
  return (await read(port, `${HOOK_PATH}?${wishes}`)) as { pages: number; taken: number; overflows: string[] };
}

/** Generation and last trap by /health; the generation is the same in /metrics. */
async function stateOf({ port }: RunningServer): Promise<{ generation: number; lastTrap: string; trapped: number }> {
  const { generation, last_trap } = await read(port, "/health");
  const metrics = await readText(port, "/metrics");
  const value = (name: RegExp): number => Number(name.exec(metrics)?.[1] ?? 0);
  assert.equal(value(/^curbside_generation(?:\{[^}]*\})? (\d+)$/m), generation, metrics);
  return { generation: Number(generation), lastTrap: String(last_trap), trapped: value(/^curbside_errors_total\{code="ENGINE_TRAPPED"\} (\d+)$/m) };
}

const RIDES: readonly (readonly [path: string, body: string, refusal: Answer])[] = [
  ["/predict", PLAIN, ours(503, "ENGINE_TRAPPED")],
  ["/predict", `[${PLAIN}]`, ours(503, "ENGINE_TRAPPED")],
  ["/invocations", `{"dataframe_records": [${PLAIN}]}`, mlflow(503)],
  ["/v2/models/ride-duration/infer", '{"inputs": [{"name": "PULocationID", "shape": [1], "datatype": "INT64", "data": [130]}, {"name": "DOLocationID", "shape": [1], "datatype": "INT64", "data": [205]}]}', inference(503)],
  ["/2015-03-31/functions/function/invocations", '{"Records": []}', ours(503, "ENGINE_TRAPPED")],
];

test("a trap costs no request: the one that meets it is answered by a fresh instance, whatever it asks for", async () => {
  await using server = await startSabotaged({ hooks: HOOKS });
  assert.deepEqual(await stateOf(server), { generation: 1, lastTrap: "null", trapped: 0 });
  let generation = 1;
  for (const [path, body] of RIDES) {
    await hook(server, "wreck");
    const { status, body: answer } = await send(server, post(path, body));
    assert.equal(status, 200, `${path}: ${answer}`);
    await assertGood(server);
    generation += 1;
    const state = await stateOf(server);
    assert.deepEqual([state.generation, state.trapped], [generation, 0], path);
    assert.match(state.lastTrap, /^RuntimeError: /);
  }
  // Whoever comes while the instance is dead: nobody notices.
  await hook(server, "wreck");
  const faults = await Promise.all(Array.from({ length: 50 }, () => faultOfGood(server.port)));
  assert.deepEqual(faults.flat(), []);
  assert.equal((await stateOf(server)).generation, generation + 1);
});

test("a request that traps on the fresh instance too gets 503 in its own dialect, and the next one is answered", async () => {
  await using server = await startSabotaged({ hooks: HOOKS });
  let trapped = 0;
  for (const [path, body, refusal] of RIDES) {
    await hook(server, "wreck&starts=wrecked");
    const reply = await send(server, post(path, body));
    await hook(server, "starts=whole");
    assert.deepEqual(faultsOfReply(refusal, reply), [], path);
    assert.match(reply.headers.get("retry-after") ?? "", /^[1-9]\d*$/, path);
    trapped += 1;
    await assertGood(server);
    assert.equal((await stateOf(server)).trapped, trapped, path);
  }
});

test("a stack that overflows in the module costs at most the request that met it", async () => {
  await using server = await startSabotaged({ hooks: HOOKS });
  await hook(server, "dives=1");
  await assertGood(server);
  await hook(server, "dives=2");
  const reply = await send(server, post("/predict", PLAIN));
  const { overflows } = await hook(server, "dives=0");
  // The scorer is opened on the fresh instance before it is asked, and that overflows as well as asking it does.
  assert.deepEqual([...new Set(overflows)], ["RangeError in the module"]);
  assert.deepEqual(faultsOfReply(ours(503, "ENGINE_TRAPPED"), reply), []);
  await assertGood(server);
  const state = await stateOf(server);
  assert.equal(state.trapped, 1);
  assert.ok(state.generation > 1);
  assert.match(state.lastTrap, /^RangeError: /);
});

test("a memory that is full costs at most the request that met it", async () => {
  // As much as it has when it is warm, and half a megabyte.
  await using measured = await startSabotaged({ hooks: HOOKS });
  const pages = (await hook(measured, "")).pages + 8;
  await using server = await startSabotaged({ hooks: HOOKS, pages });
  const { taken } = await hook(server, "fill");
  assert.ok(taken > 0);
  await assertGood(server);
  const { generation, lastTrap } = await stateOf(server);
  assert.equal(generation, 2);
  assert.match(lastTrap, /^RuntimeError: /);
});

test("a request that needs more memory than there is gets 503, and the next one is answered", async () => {
  const large = post("/predict", `[${Array(1000).fill(PLAIN.padEnd(1000)).join(",")}]`);
  await using measured = await startSabotaged({ hooks: HOOKS });
  const { pages: warm } = await hook(measured, "wreck");
  // Each on an instance of its own.
  assert.equal((await send(measured, large)).status, 200);
  const { pages: most } = await hook(measured, "wreck");
  await assertGood(measured);
  const { pages: least } = await hook(measured, "");
  assert.ok(least < most && least < warm, `expected tables and ${large.length} bytes to take memory, found ${least}, ${warm} and ${most} pages`);

  // With tables there is no room for it; a fresh instance has none yet.
  await using roomy = await startSabotaged({ pages: warm });
  assert.equal((await send(roomy, large)).status, 200);
  assert.equal((await stateOf(roomy)).trapped, 0);

  // Enough for rides one at a time, too little for a thousand of them in a megabyte.
  await using narrow = await startSabotaged({ pages: Math.floor((least + most) / 2) });
  for (let times = 1; times <= 3; times += 1) {
    assert.deepEqual(faultsOfReply(ours(503, "ENGINE_TRAPPED"), await send(narrow, large)), []);
    await assertGood(narrow);
    assert.equal((await stateOf(narrow)).trapped, times);
  }
});
