// GET /metrics sums over all processes, whichever is asked, and goes on where one left it that was replaced or has died.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, estimate, processesOf, serve, type Server, until } from "./server.ts";

/** The sum of all lines that begin so. */
async function total(server: Server, start: string): Promise<number> {
  const { status, body } = await ask(`${server.url}/metrics`);
  assert.equal(status, 200);
  const lines = body.toString().split("\n").filter((line) => line.startsWith(start));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

test("what all processes counted is told by each of them", async () => {
  await using server = await serve(["--processes", "3"]);
  // A connection each: the kernel spreads them.
  await Promise.all(Array.from({ length: 60 }, () => estimate(server)));
  for (let asked = 0; asked < 10; asked += 1) {
    assert.equal(await total(server, "curbside_rides_total "), 60);
    assert.equal(await total(server, 'curbside_requests_total{route="/predict",code="200"}'), 60);
    assert.equal(await total(server, "curbside_processes "), 3);
    assert.equal(await total(server, "curbside_weights_state{"), 3);
  }
});

test("sums go on where processes left them that were replaced, or that died", async () => {
  await using server = await serve();
  await Promise.all(Array.from({ length: 40 }, () => estimate(server)));
  assert.equal(await total(server, "curbside_rides_total "), 40);
  server.child.kill("SIGHUP");
  await server.waitFor("renewed");
  assert.equal(await total(server, "curbside_rides_total "), 40);
  // What a process counted in the seconds before it died is lost with it; what it had taken over is not.
  for (const pid of await processesOf(server)) {
    const died = server.events("process_died").length;
    process.kill(pid, "SIGKILL");
    await server.waitFor("process_died", died + 1);
  }
  await server.waitFor("process_started", 6);
  await until(async () => (await total(server, "curbside_processes ")) === 2, () => "two processes that answer");
  assert.equal(await total(server, "curbside_rides_total "), 40);
  await Promise.all(Array.from({ length: 10 }, () => estimate(server)));
  assert.equal(await total(server, "curbside_rides_total "), 50);
});
