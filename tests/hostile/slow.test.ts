// Clients that are slow by will: others are served to the bit all the while, and the memory that it costs is bounded.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PLAIN } from "../worker/ride.ts";
import { everyRow } from "../worker/table.ts";
import { PATIENT } from "./corpus/patient.ts";
import { faultOfGood } from "./good.ts";
import { ours } from "./hostile.ts";
import { faultsOf, faultsOfReply } from "./judge.ts";
import { post } from "./request.ts";
import { startServer } from "./server.ts";
import { besieged, drip, faultsMeanwhile, faultsWhenCalm, judgeGrowth, openMany } from "./siege.ts";
import type { Line } from "./wire.ts";

/** Of each kind that is slow by a deadline of 15 seconds. */
const SLOW = 300;
const IDLE = 3000;
const NEVER_READING = 40;


const server = besieged();

function* one(text: string): Generator<string> {
  yield* text;
}

/** A head to which a line is added for ever. */
function* headWithoutEnd(): Generator<string> {
  yield "POST /predict HTTP/1.1\r\n";
  for (;;) {
    yield "X-Slow: and on\r\n";
  }
}

const HEAD = `POST /predict HTTP/1.1\r\nHost: curbside.test\r\nContent-Length: ${Buffer.byteLength(PLAIN)}\r\n\r\n`;
/** One of the largest replies there are. */
const LARGE = post("/predict", `[${Array(1000).fill(PLAIN).join(",")}]`);

async function withLines<T>(lines: readonly Line[], act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } finally {
    for (const line of lines) {
      line.destroy();
    }
  }
}

test("bodies that stop are told so after their time, each in its dialect, and others are served meanwhile", async () => {
  const rows = Promise.all(PATIENT.map(async (row) => ({ name: row.name, faults: await faultsOf(server().port, row).catch((thrown: unknown) => [String(thrown)]) })));
  assert.deepEqual(await faultsMeanwhile(server().port, rows), []);
  await everyRow(await rows, async ({ faults }) => faults);
});

test(`${SLOW} heads and ${SLOW} bodies of a byte or a line a second, and ${IDLE} idle connections: others are served`, async () => {
  const before = await server().memory();
  const idle = await openMany(server().port, IDLE);
  const heads = await openMany(server().port, SLOW);
  const bodies = await openMany(server().port, SLOW);
  await withLines([...idle, ...heads, ...bodies], async () => {
    const cutHeads = Promise.all(heads.map((line) => drip(line, headWithoutEnd())));
    const cutBodies = Promise.all(bodies.map((line) => drip(line, [HEAD, ...one(PLAIN)])));
    const faults = await faultsMeanwhile(server().port, Promise.all([cutHeads, cutBodies]));
    assert.deepEqual(faults, []);
    // The runtime has no answer for who has not asked anything, so it closes without a word.
    assert.deepEqual((await cutHeads).filter((reply) => reply !== null), []);
    assert.deepEqual((await cutBodies).flatMap((reply) => faultsOfReply(ours(408, "BODY_TIMEOUT"), reply ?? undefined)), []);
    const growth = (await server().memory()) - before;
    judgeGrowth("slow and idle connections", growth);
  });
  assert.deepEqual(await faultOfGood(server().port), []);
});

test("connections that ask for the largest replies and never read: others are served, and memory is bounded", async () => {
  const before = await server().memory();
  const lines = await openMany(server().port, NEVER_READING);
  await withLines(lines, async () => {
    for (const line of lines) {
      line.stopReading();
      for (let times = 0; times < 40; times += 1) {
        line.write(LARGE);
      }
    }
    const rides = (async () => {
      for (let times = 0; times < 60; times += 1) {
        assert.deepEqual(await faultOfGood(server().port), []);
      }
    })();
    assert.deepEqual(await faultsMeanwhile(server().port, rides), []);
    const growth = (await server().memory()) - before;
    judgeGrowth(`${NEVER_READING} connections that never read`, growth);
  });
  assert.deepEqual(await faultOfGood(server().port), []);
});

test("300 heads of one line of 390,000 bytes that do not end: others are served, and memory is bounded", async () => {
  const before = await server().memory();
  const lines = await openMany(server().port, SLOW);
  await withLines(lines, async () => {
    for (const line of lines) {
      line.write(`POST /predict HTTP/1.1\r\nHost: curbside.test\r\nX-Long: ${"l".repeat(390_000)}`);
    }
    for (let times = 0; times < 100; times += 1) {
      assert.deepEqual(await faultOfGood(server().port), []);
    }
    const growth = (await server().memory()) - before;
    judgeGrowth(`${SLOW} long heads`, growth);
  });
  assert.deepEqual(await faultOfGood(server().port), []);
});

test("more connections than there are files for: those beyond are closed, and when the others have gone all is as before", async () => {
  await using small = await startServer({ files: 200 });
  const lines = await openMany(small.port, 400);
  await withLines(lines, async () => {
    // Whoever says nothing is let go after a time, so all of them end.
    await Promise.all(lines.map(async (line) => assert.equal(await line.read(), null)));
    // Their files are given back a moment after we have heard of it.
    assert.deepEqual(await faultsWhenCalm(small.port), []);
  });
  assert.equal(small.events("process_started").length, 1);
});

test("asked to stop in the midst of it, the server ends, and ends well", async () => {
  const besieged = await startServer();
  const lines = await openMany(besieged.port, 200);
  await withLines(lines, async () => {
    for (const [at, line] of lines.entries()) {
      // Idle; half a head; half a body; replies that nobody reads.
      line.write(["", "POST /predict HTTP/1.1\r\n", `${HEAD}{`, LARGE][at % 4] as string | Buffer);
      if (at % 4 === 3) {
        line.stopReading();
      }
    }
    assert.deepEqual(await faultOfGood(besieged.port), []);
    assert.equal(await besieged.stop(), 0, besieged.log());
    console.log(JSON.stringify(besieged.events("stopped")));
    assert.equal(besieged.events("stopped").length, 1);
  });
});
