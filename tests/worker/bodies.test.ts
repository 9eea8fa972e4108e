// Bodies that come slowly, in pieces or not whole. Many of them at once are tests/hostile's, on the server itself: the development
// server's own proxy stands in between here.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner } from "./publication.ts";
import { PLAIN } from "./ride.ts";
import { begin, type Sending } from "./slow.ts";

let worker: RunningWorker;

before(async () => {
  worker = await startWorker({ trusted: [makeSigner()], fallback: "shipped" });
  await ride();
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

const JSON_HEAD = ["POST /predict HTTP/1.1", "Content-Type: application/json"];

async function ride(): Promise<void> {
  const response = await worker.fetch("/predict", { method: "POST", body: PLAIN, headers: { "content-type": "application/json" } });
  assert.equal(response.status, 200, await response.text());
}

/** Sends half a ride and says that the rest will come. */
function half(path = "/predict"): Promise<Sending> {
  const head = [`POST ${path} HTTP/1.1`, "Content-Type: application/json", `Content-Length: ${PLAIN.length}`];
  return begin(worker.url, head, PLAIN.slice(0, 40));
}

test("a ride in two pieces is answered, whether its length was said or not", async () => {
  using stated = await half();
  using chunked = await begin(worker.url, [...JSON_HEAD, "Transfer-Encoding: chunked"], `28\r\n${PLAIN.slice(0, 40)}\r\n`);
  await ride();
  stated.send(PLAIN.slice(40));
  chunked.send(`${(PLAIN.length - 40).toString(16)}\r\n${PLAIN.slice(40)}\r\n0\r\n\r\n`);
  for (const reply of [await stated.reply, await chunked.reply]) {
    assert.match(reply, /^HTTP\/1\.1 200 .*"duration":/s);
  }
});

test("a body that does not come in its time is given up, in the words of the path", async () => {
  const waiting = [
    { sending: await half(), says: /"code":"BODY_TIMEOUT"/ },
    { sending: await half("/invocations"), says: /"error_code":"BAD_REQUEST"/ },
    { sending: await half("/v2/models/ride-duration/infer"), says: /"error":"the body: expected all of it/ },
    { sending: await begin(worker.url, [...JSON_HEAD, "Transfer-Encoding: chunked"], "1\r\n{\r\n"), says: /"code":"BODY_TIMEOUT"/ },
  ];
  await ride();
  for (const { sending, says } of waiting) {
    const reply = await sending.reply;
    assert.match(reply, /^HTTP\/1\.1 408 /);
    assert.match(reply, says);
  }
  await ride();
});

test("bodies of clients that went away hold nothing", async () => {
  const metrics = async (): Promise<string> => (await worker.fetch("/metrics")).text();
  for (let round = 0; round < 40; round += 1) {
    const sending = await half();
    sending.leave();
  }
  await ride();
  // Nobody is told, so nobody is counted; what is under way goes back to this question alone.
  await eventually(metrics, (text) => /^curbside_in_flight 1$/m.test(text));
});
