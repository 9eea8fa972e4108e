// 500 rides asked for while weights are replaced: none fails, each names one of the two models and has that one's estimate.

import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, startWorker } from "./harness.ts";
import { type Answer, estimate, healthOf, predict } from "./health.ts";
import { makeSigner, publish, shippedBundle, smallBundle } from "./publication.ts";

const RIDES = 500;
/** Riders who ask at the same time, each again as soon as he has his answer. */
const RIDERS = 8;

const signer = makeSigner();

test(`${RIDES} rides during swaps are all answered, each by one model or the other`, async (context) => {
  await using worker = await startWorker({ trusted: [signer], ttlSeconds: 0.1 });
  const bundles = [await shippedBundle(), await smallBundle("with an interval")] as const;
  // What each model says of the ride, with nothing going on.
  const expected = new Map<string, number>();
  let sequence = 0;
  const serve = async (stored: Buffer): Promise<void> => {
    await publish(worker.bucket, { stored, signer, sequence: (sequence += 1) });
  };
  for (const stored of bundles) {
    await serve(stored);
    await eventually(() => healthOf(worker), (now) => now.sequence === sequence);
    const { model_version: version, duration } = await estimate(worker);
    expected.set(version, duration);
  }
  assert.equal(expected.size, 2, "expected two versions");
  await eventually(async () => worker.events("weights_prepared"), ({ length }) => length > 0);

  const answers: { answer: Answer; milliseconds: number }[] = [];
  let asked = 0;
  const rider = async (): Promise<void> => {
    while ((asked += 1) <= RIDES) {
      const began = performance.now();
      const response = await predict(worker);
      const text = await response.text();
      const milliseconds = performance.now() - began;
      assert.equal(response.status, 200, text);
      answers.push({ answer: JSON.parse(text) as Answer, milliseconds });
    }
  };
  const loadedBefore = worker.events("weights_loaded").length;
  const publisher = async (): Promise<void> => {
    for (let turn = 0; asked <= RIDES; turn += 1) {
      await serve(turn % 2 === 0 ? bundles[0] : bundles[1]);
      // Long enough for it to be found and to serve some rides.
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  };
  await Promise.all([publisher(), ...Array.from({ length: RIDERS }, rider)]);

  assert.equal(answers.length, RIDES);
  for (const { answer } of answers) {
    assert.equal(answer.duration, expected.get(answer.model_version), `of version ${answer.model_version}`);
  }
  const versions = new Set(answers.map(({ answer }) => answer.model_version));
  assert.deepEqual([...versions].sort(), [...expected.keys()].sort(), "expected both to have answered");
  const swaps = worker.events("weights_loaded").length - loadedBefore;
  assert.ok(swaps >= 1, "expected a swap among the rides");
  const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const [median = 0, high = 0, most = 0] = [times[RIDES / 2], times[Math.floor(RIDES * 0.99)], times.at(-1)];
  const shown = [median, high, most].map((time) => time.toFixed(1));
  const told = `median ${shown[0]} ms, 99 of 100 within ${shown[1]} ms, at most ${shown[2]} ms (${(most / median).toFixed(1)} medians)`;
  context.diagnostic(`${swaps} swaps during ${RIDES} rides: ${told}`);
});
