// curl as people type it, with the headers it adds by itself.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

import { estimate, RIDES } from "./expected.ts";
import { HOSTS } from "./hosts.ts";
import { run } from "./python.ts";

const hasCurl = await promisify(execFile)("curl", ["--version"]).then(
  () => true,
  () => false,
);

const [RIDE] = RIDES;
const TEXT = JSON.stringify(RIDE);

/** Ways of sending a ride. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "with its own form type": ["-d", TEXT],
  "as JSON": ["-H", "Content-Type: application/json", "-d", TEXT],
  "as JSON with a charset": ["-H", "Content-Type: application/json; charset=utf-8", "-d", TEXT],
  "without a type": ["-H", "Content-Type:", "-d", TEXT],
  chunked: ["-H", "Transfer-Encoding: chunked", "-d", TEXT],
  "expecting leave to go on": ["-H", "Expect: 100-continue", "-d", TEXT],
  "with HTTP/1.0": ["--http1.0", "-d", TEXT],
};

for (const host of HOSTS) {
  test(`curl gets the package's bits from ${host.name}`, { skip: hasCurl ? false : "SKIPPED: no curl here" }, async () => {
    await using service = await host.start();
    const curl = (...args: readonly string[]): Promise<string> => run("curl", ["-sS", "--max-time", "60", ...args]);
    const expected = estimate(RIDE ?? assert.fail());
    for (const [way, args] of Object.entries(WAYS)) {
      const found = JSON.parse(await curl(...args, new URL("/predict", service.url).href)) as Record<string, unknown>;
      const { duration, duration_low, duration_high } = expected;
      assert.deepEqual([found["duration"], found["duration_low"], found["duration_high"]], [duration, duration_low, duration_high], way);
    }
    assert.match(await curl("-I", new URL("/health", service.url).href), /^HTTP\/1.1 200 OK/);
    const refused = await curl("-d", "{", "-w", " %{http_code} %{content_type}", new URL("/predict", service.url).href);
    assert.match(refused, /MALFORMED_JSON.* 400 application\/json$/);
  });
}
