// Why an estimate is what it is: contributions add up to the estimate's number, and have the bits of POST /predict.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import type { Estimator, Explanation } from "curbside";

import { bitsOf, type Installed, install, storedBundle } from "./packed.ts";

const RIDES = [
  { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" },
  { PULocationID: 7, DOLocationID: 138, pickup_datetime: "2021-07-04T23:10" },
  { PULocationID: "41", DOLocationID: 42, trip_distance: 1.2, pickup_datetime: new Date("2021-03-06T17:00:00Z") },
];

let installed: Installed;
let estimator: Estimator;
before(async () => {
  installed = await install();
  estimator = await installed.curbside.loadEstimator({ bytes: await storedBundle() });
});
after(() => installed[Symbol.asyncDispose]());

const total = ({ base_value, contributions }: Explanation): number => contributions.reduce((sum, { amount }) => sum + amount, base_value);

test("contributions add up to the estimate, by the walk and by tables", () => {
  assert.equal(estimator.explains, true);
  for (const isPrepared of [false, true]) {
    if (isPrepared) estimator.prepare();
    for (const ride of RIDES) {
      const { duration } = estimator.estimate(ride);
      const explanation = estimator.explain(ride);
      const { space, unit, contributions, sum, clipped } = explanation;
      assert.deepEqual({ space, unit, clipped }, { space: "target", unit: "minutes", clipped: false });
      assert(Math.abs(total(explanation) - duration) < 1e-9 && Math.abs(sum - duration) < 1e-9, `${sum} and ${duration}`);
      const sizes = contributions.map(({ amount }) => Math.abs(amount));
      assert.deepEqual(sizes, sizes.toSorted((a, b) => b - a), "the largest first");
      for (const { words, facts, amount, columns } of contributions) {
        assert(words !== "" && facts.length > 0 && columns.length > 0, words);
        assert(Math.abs(columns.reduce((parts, column) => parts + column.amount, 0) - amount) < 1e-12, words);
        assert(columns.every(({ name }) => estimator.columns.includes(name)), words);
      }
      const isAssumed = contributions.some(({ words }) => words.includes("assumed distance"));
      assert.equal(isAssumed, !("trip_distance" in ride));
    }
  }
});

test("POST /predict explains with the same bits if it is asked", () => {
  for (const ride of RIDES) {
    const explanation = estimator.explain(ride);
    const body = JSON.stringify(ride);
    const reply = JSON.parse(estimator.predict({ body, explain: true }).body) as { explanation: Explanation };
    assert.deepEqual(reply.explanation, explanation);
    assert.equal(bitsOf(reply.explanation.sum), bitsOf(explanation.sum));
    assert(!("explanation" in (JSON.parse(estimator.predict({ body }).body) as object)));
  }
});

test("a bundle that cannot be explained says why, and estimates", async () => {
  const bytes = await readFile(new URL("../web/small-linear-leaves.curb.raw", import.meta.url));
  const linear = await installed.curbside.loadEstimator({ bytes });
  const ride = { PULocationID: 130, DOLocationID: 132, pickup_datetime: "2021-02-03T08:30" };
  assert.equal(linear.explains, false);
  assert.throws(() => linear.explain(ride), { name: "ExplainError", code: "LINEAR_LEAVES" });
  assert.throws(() => linear.explain(ride), installed.curbside.ExplainError);
  assert(linear.estimate(ride).duration >= 1);
  assert.equal(linear.status.generation, 1, "no trap");
  const { status, body } = linear.predict({ body: JSON.stringify(ride), explain: true });
  const reply = JSON.parse(body) as { explanation: null; warnings: { code: string }[] };
  assert.deepEqual([status, reply.explanation, reply.warnings.at(-1)?.code], [200, null, "LINEAR_LEAVES"]);
});

test("a ride that cannot be scored is refused as by an estimate", () => {
  assert.throws(() => estimator.explain({ PULocationID: 999, DOLocationID: 1 }), { name: "TripError", code: "PU_LOCATION_ID_RANGE" });
  assert.throws(() => estimator.explain(null as never), { code: "TRIP_TYPE" });
});
