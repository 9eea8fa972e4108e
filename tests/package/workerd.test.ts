// The installed package in workerd: its own entry point, signatures by workerd's WebCrypto, and a trap.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Status } from "curbside";

import { envelopeOf, makeSigner, sha256 } from "../worker/publication.ts";
import { bitsOf, install, storedBundle } from "./packed.ts";
import { serve } from "./server.ts";
import { startInWorkerd } from "./workerd.ts";

const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };

const WORKER = `
import { loadEstimator } from "curbside";
import { initSync } from "./node_modules/curbside/wasm/curbside.js";

export default {
  async fetch(request) {
    const { ride, options, wreck } = await request.json();
    try {
      const estimator = await loadEstimator(options);
      const before = estimator.estimate(ride).duration;
      // Of everything that is not zero a wild pointer is made.
      const words = new Uint32Array(initSync().memory.buffer);
      if (wreck) for (let i = 0; i < words.length; i += 1) if (words[i] !== 0) words[i] = 0xfffffff0;
      const { duration } = estimator.estimate(ride);
      return Response.json({ before, duration, status: estimator.status });
    } catch (thrown) {
      return Response.json({ name: thrown.name, code: thrown.code, message: thrown.message });
    }
  },
};
`;

test("it loads signed weights in workerd, refuses others, and outlives a trap with the same bits", async () => {
  await using installed = await install();
  const signer = makeSigner();
  const stored = await storedBundle();
  await using server = await serve({
    "/champion.json": { body: envelopeOf({ stored, signer }) },
    "/forged.json": { body: envelopeOf({ stored, signer, tamper: (envelope) => (envelope.signature = Buffer.alloc(64, 1).toString("base64")) }) },
    [`/blobs/${sha256(stored)}.curb`]: { body: stored },
  });
  await using worker = await startInWorkerd(installed, WORKER);
  const trustedKeys = [signer.publicKey];
  const here = (await installed.curbside.loadEstimator({ bytes: stored })).estimate(RIDE).duration;

  const asked = { ride: RIDE, options: { manifest: server.url("/champion.json"), trustedKeys } };
  const whole = (await worker.ask(asked)) as { before: number; duration: number; status: Status };
  assert.equal(whole.status.generation, 1, JSON.stringify(whole));
  assert.equal(whole.status.lastTrap, null);
  assert.equal(whole.status.state, "current");
  const wrecked = (await worker.ask({ ...asked, wreck: true })) as { before: number; duration: number; status: { generation: number; lastTrap: string } };
  assert.equal(wrecked.status.generation, 2, JSON.stringify(wrecked));
  assert.match(wrecked.status.lastTrap, /^RuntimeError: /);
  for (const duration of [whole.before, whole.duration, wrecked.before, wrecked.duration]) {
    assert.equal(bitsOf(duration), bitsOf(here));
  }

  const forged = (await worker.ask({ ride: RIDE, options: { manifest: server.url("/forged.json"), trustedKeys } })) as { code: string };
  assert.equal(forged.code, "MANIFEST_SIGNATURE", JSON.stringify(forged));
  const nowhere = (await worker.ask({ ride: RIDE, options: { manifest: server.url("/none.json"), trustedKeys } })) as { code: string };
  assert.equal(nowhere.code, "FETCH_STATUS", JSON.stringify(nowhere));
  const relative = (await worker.ask({ ride: RIDE, options: { manifest: "/champion.json", trustedKeys } })) as { code: string };
  assert.equal(relative.code, "OPTIONS", JSON.stringify(relative));
});
