// The reference service's own client, which only knows its port: the same bytes and headers, and the script itself.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner, publish, shippedBundle } from "./publication.ts";

const run = promisify(execFile);
let worker: RunningWorker;

before(async () => {
  const signer = makeSigner();
  worker = await startWorker({ trusted: [signer] });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

const RIDE = '{"PULocationID": 10, "DOLocationID": 50, "trip_distance": 40}';

/** The script as the reference has it; the port is put in because tests take a free one. */
const script = (url: string): string => `
import requests

ride = {
    "PULocationID": 10,
    "DOLocationID": 50,
    "trip_distance": 40
}

url = '${url}'
response = requests.post(url, json=ride)
print(response.json())
`;

/** The same with Python's own library, which names no content type of JSON. */
const bareScript = (url: string): string => `
import json, urllib.request

ride = {"PULocationID": 10, "DOLocationID": 50, "trip_distance": 40}
with urllib.request.urlopen("${url}", data=json.dumps(ride).encode()) as reply:
    print(json.load(reply))
`;

function requireMinutes(duration: number): void {
  assert.ok(duration > 1 && duration < 200, `expected the minutes of a 40-mile ride, found ${duration}`);
}

async function python(code: string, need: string): Promise<string | null> {
  try {
    await run("python3", ["-c", `import ${need}`]);
  } catch {
    return null;
  }
  const { stdout } = await run("python3", ["-c", code], { timeout: 60_000 });
  return stdout;
}

test("the bytes and headers of the reference's client get an answer", async () => {
  const response = await worker.fetch("/predict", {
    method: "POST",
    // What requests 2.34 sends.
    headers: {
      "user-agent": "python-requests/2.34.2",
      "accept-encoding": "gzip, deflate",
      accept: "*/*",
      connection: "keep-alive",
      "content-type": "application/json",
    },
    body: RIDE,
  });
  assert.equal(response.status, 200);
  requireMinutes(((await response.json()) as { duration: number }).duration);
});

for (const [need, code] of [
  ["requests", script],
  ["urllib.request", bareScript],
] as const) {
  test(`the reference's client script runs with Python's ${need}`, async (context) => {
    const printed = await python(code(new URL("/predict", worker.url).href), need);
    if (printed === null) {
      context.skip(`SKIPPED: python3 with ${need} is not on this machine`);
      return;
    }
    const duration = /'duration': ([\d.]+)/.exec(printed)?.[1];
    requireMinutes(Number(duration ?? assert.fail(`expected a duration, found ${printed}`)));
  });
}
