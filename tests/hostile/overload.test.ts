// More at once than there is room for: what is too much is refused by name and told when to come again, memory is bounded, and
// afterwards all is as before.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { PLAIN, ride } from "../worker/ride.ts";
import { faultOfGood, faultOfGoodReply, read } from "./good.ts";
import { ours } from "./hostile.ts";
import { faultsOfReply } from "./judge.ts";
import { post } from "./request.ts";
import { besieged, continued, faultsWhenCalm, judgeGrowth, openMany, replyOf } from "./siege.ts";
import { type Line, Reader, type Reply } from "./wire.ts";

/** Bodies that may be read at once, and how old one is before it makes room; worker/http/limits.ts. */
const MAX_BODIES = 512;
const YIELDS_AFTER_MS = 250;
const MIB = 1024 * 1024;

const server = besieged();

/** A body on its way. */
interface Held {
  readonly line: Line;
  readonly reader: Reader;
}

/** Begins bodies of that length; returns when the Worker reads each of them, or has refused it. */
async function begin(count: number, length: number): Promise<Held[]> {
  const lines = await openMany(server().port, count);
  const held = lines.map((line) => ({ line, reader: new Reader() }));
  await Promise.all(
    held.map(({ line, reader }) => {
      line.write(`POST /predict HTTP/1.1\r\nHost: curbside.test\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`);
      return continued(line, reader);
    }),
  );
  return held;
}

/** Sends what is missing, and returns the answers. */
async function finish(held: readonly Held[], body: string): Promise<(Reply | null)[]> {
  return Promise.all(
    held.map(async ({ line, reader }) => {
      line.write(body);
      const reply = await replyOf(line, reader);
      line.destroy();
      return reply;
    }),
  );
}

/** Each answer is the right one or says that there was no room; returns how many were refused. */
function refusedOf(replies: readonly (Reply | null)[]): number {
  const refused = replies.filter((reply) => reply === null || reply.status !== 200);
  assert.deepEqual(refused.flatMap((reply) => faultsOfReply(ours(503, "OVERLOADED"), reply ?? undefined)), []);
  assert.ok(refused.every((reply) => /^[1-9]\d*$/.test(reply?.headers.get("retry-after") ?? "")));
  return refused.length;
}

function assertRight(replies: readonly (Reply | null)[]): void {
  assert.deepEqual(replies.flatMap((reply) => (reply?.status === 200 ? faultOfGoodReply(reply) : [])), []);
}

test("as many bodies as may be read at once: the next one is served, and the slowest makes room for it", async () => {
  const held = await begin(MAX_BODIES, Buffer.byteLength(PLAIN));
  // Not a wait for something to happen: a body makes room only when it is that old.
  await sleep(4 * YIELDS_AFTER_MS);
  const others = 20;
  for (let other = 0; other < others; other += 1) {
    assert.deepEqual(await faultOfGood(server().port), []);
  }
  const replies = await finish(held, PLAIN);
  assertRight(replies);
  const refused = refusedOf(replies);
  // One at least; and no more than came in their place.
  assert.ok(refused >= 1 && refused <= others, `${refused} refused`);
  assert.deepEqual(await faultOfGood(server().port), []);
});

test("more bodies than may be read at once: each is answered or refused, none is forgotten", async () => {
  const held = await begin(MAX_BODIES + 200, Buffer.byteLength(PLAIN));
  const replies = await finish(held, PLAIN);
  assertRight(replies);
  assert.ok(refusedOf(replies) >= 1);
  assert.deepEqual(await faultOfGood(server().port), []);
});

test("300 bodies of 1 MiB that lack a byte: memory is bounded, and others are served", async () => {
  const before = await server().memory();
  const held = await begin(300, MIB);
  const body = PLAIN.padEnd(MIB);
  for (const { line, reader } of held) {
    if (reader.replies.length === 0) {
      line.write(body.slice(0, -1));
    }
  }
  await sleep(4 * YIELDS_AFTER_MS);
  for (let other = 0; other < 20; other += 1) {
    assert.deepEqual(await faultOfGood(server().port), []);
  }
  const growth = (await server().memory()) - before;
  const replies = await finish(held, " ");
  assertRight(replies);
  assert.ok(refusedOf(replies) >= 300 - 64);
  judgeGrowth("300 bodies that lack a byte", growth);
  assert.deepEqual(await faultOfGood(server().port), []);
});

test("clients that go away as soon as all is sent: the room that was kept for them is given back", async () => {
  const bytes = post("/predict", " ".repeat(MIB));
  for (let times = 0; times < 3; times += 1) {
    const lines = await openMany(server().port, 200);
    await Promise.all(lines.map((line) => line.sendAndReset(bytes)));
    assert.deepEqual(await faultsWhenCalm(server().port), []);
  }
  // Nothing is kept that would refuse as many bodies as may be held at once, but for the moment in which none makes room.
  await sleep(4 * YIELDS_AFTER_MS);
  const replies = await finish(await begin(60, MIB), PLAIN.padEnd(MIB));
  assertRight(replies);
  assert.equal(refusedOf(replies), 0);
});

test("200 of the largest requests at once: each is answered or refused", async () => {
  const bytes = post("/predict", `[${Array(1000).fill(PLAIN).join(",")}]`);
  const lines = await openMany(server().port, 200);
  const replies = await Promise.all(
    lines.map((line) => {
      line.write(bytes);
      return replyOf(line);
    }),
  );
  for (const line of lines) {
    line.destroy();
  }
  refusedOf(replies);
  const answered = replies.filter((reply) => reply?.status === 200);
  assert.ok(answered.length > 0);
  assert.ok(answered.every((reply) => (JSON.parse(String(reply?.body)) as unknown[]).length === 1000));
  assert.deepEqual(await faultOfGood(server().port), []);
});

test("500 at once on connections of their own: each gets its own answer under its own name", async () => {
  const lines = await openMany(server().port, 500);
  const replies = await Promise.all(
    lines.map((line, at) => {
      line.write(post("/predict", ride({ ride_id: at }), `X-Request-Id: mine-${at}`));
      return replyOf(line);
    }),
  );
  for (const [at, reply] of replies.entries()) {
    lines[at]?.destroy();
    assert.equal(reply?.headers.get("x-request-id"), `mine-${at}`);
    if (reply.status === 200) {
      assert.deepEqual(faultOfGoodReply(reply), []);
      assert.equal((JSON.parse(reply.body.toString()) as { ride_id: unknown }).ride_id, at);
    }
  }
  assert.equal(refusedOf(replies), 0);
});

test("nothing of it stopped the module or the process", async () => {
  const { generation, last_trap } = await read(server().port, "/health");
  assert.deepEqual({ generation, last_trap }, { generation: 1, last_trap: null });
  assert.deepEqual(server().events("fault"), []);
});
