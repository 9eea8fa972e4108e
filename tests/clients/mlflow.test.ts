// MLflow's ScoringServerClient, unmodified.

import assert from "node:assert/strict";
import { test } from "node:test";

import { durations, MANY, RIDES } from "./expected.ts";
import { HOSTS } from "./hosts.ts";
import { ask, missing } from "./python.ts";

interface Answers {
  readonly ping: boolean;
  readonly version: string;
  readonly refused: string;
  readonly too_many: string;
  readonly [form: string]: unknown;
}

/** Forms in which the same rides are sent. */
const FORMS = [
  ...["frame", "frame_as_frame", "frame_with_other_columns", "frame_of_the_tlc", "list", "params"],
  ...["split", "records", "instances", "inputs"],
];

for (const host of HOSTS) {
  test(`MLflow's client gets the package's bits from ${host.name}`, { skip: missing("mlflow") }, async () => {
    await using service = await host.start();
    const answers = await ask<Answers>("mlflow", "mlflow_client.py", [service.port], { rides: RIDES, many: MANY });
    const expected = durations(RIDES);
    assert.ok(answers.ping);
    assert.match(answers.version, /^\d+\.\d+/);
    for (const form of FORMS) {
      assert.deepEqual(answers[form], expected, form);
    }
    assert.deepEqual(answers["frame_with_timestamps"], expected.filter((_, row) => row !== 2), "without the ride that has an offset");
    assert.deepEqual(answers["many"], durations(MANY));
    // The client puts status and body into its complaint: the row, from 0 as in the frame, and the field must be in it.
    assert.match(answers.refused, /error code 400.*INVALID_PARAMETER_VALUE.*row 2.*DOLocationID.*999/);
    assert.match(answers.too_many, /error code 4(00|13).*1000/);
  });
}
