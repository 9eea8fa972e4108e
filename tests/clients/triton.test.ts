// NVIDIA's tritonclient.http, unmodified: it sends and asks for binary tensors unless told otherwise.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Trip } from "curbside";

import { durations, estimate, MANY, MODEL, RIDES, VERSION } from "./expected.ts";
import { HOSTS } from "./hosts.ts";
import { ask, missing } from "./python.ts";

interface Told {
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly rest: { readonly model_name: string; readonly model_version: string; readonly id?: string };
  readonly shapes: readonly (readonly number[])[];
  readonly binary: readonly string[];
}

interface Answers {
  readonly live: boolean;
  readonly ready: boolean;
  readonly model_ready: boolean;
  readonly version_ready: boolean;
  readonly other_model_ready: boolean;
  readonly server: { readonly name: string; readonly extensions: readonly string[] };
  readonly model: { readonly name: string; readonly versions: readonly string[]; readonly inputs: readonly { readonly name: string }[]; readonly outputs: readonly { readonly name: string }[] };
  readonly version: unknown;
  readonly infer: Readonly<Record<string, Told>>;
  readonly refused: Readonly<Record<string, { readonly status?: string; readonly message?: string; readonly accepted?: string }>>;
  readonly "distances as FP32": Told;
  readonly "one output": Told;
  readonly "mixed outputs": Told;
  readonly "no distance": Told;
  readonly many: Told;
  readonly asyncio: Told;
  readonly asynchronous: Told;
}

const OUTPUTS = ["duration", "duration_low", "duration_high", "warnings"];

/** What each output says of these rides. */
function outputsOf(rides: readonly Trip[]): Record<string, readonly (number | string | null)[]> {
  const estimates = rides.map(estimate);
  return {
    duration: estimates.map(({ duration }) => duration),
    duration_low: estimates.map(({ duration_low }) => duration_low),
    duration_high: estimates.map(({ duration_high }) => duration_high),
    warnings: estimates.map(({ warnings }) => warnings.map(({ code }) => code).join(",")),
  };
}

/** Status and words with which each wrong request is refused. */
const REFUSALS: Readonly<Record<string, readonly [string, RegExp]>> = {
  "another model": ["404", /another/],
  "another version": ["404", /another/],
  "a zone out of range": ["400", /DOLocationID.*999/],
  "no drop-off": ["400", /DOLocationID/],
  "zones as BOOL": ["400", /PULocationID.*BOOL/],
  "an output that is none": ["400", /tip/],
  "too many rides": ["413", /1000/],
  compressed: ["415", /compressed/],
  "a class count": ["400", /classification/],
  "shared memory": ["404", /./],
  "a model's configuration": ["404", /./],
  statistics: ["404", /./],
};

for (const host of HOSTS) {
  test(`NVIDIA's client gets the package's bits from ${host.name}`, { skip: missing("clients") }, async (context) => {
    await using service = await host.start();
    const answers = await ask<Answers>("clients", "triton_client.py", [service.port, MODEL, VERSION], { rides: RIDES, many: MANY });
    await context.test("the server and the model are there", () => {
      assert.deepEqual([answers.live, answers.ready, answers.model_ready, answers.version_ready], [true, true, true, true]);
      assert.equal(answers.other_model_ready, false);
      assert.ok(answers.server.extensions.includes("binary_tensor_data"), answers.server.extensions.join());
      assert.equal(answers.model.name, MODEL);
      assert.deepEqual(answers.model.versions, [VERSION]);
      assert.deepEqual(answers.version, answers.model);
      assert.deepEqual(answers.model.outputs.map(({ name }) => name), OUTPUTS);
      const inputs = answers.model.inputs.map(({ name }) => name);
      assert.deepEqual(inputs, ["PULocationID", "DOLocationID", "trip_distance", "pickup_datetime"]);
    });
    await context.test("every way of sending rides", () => {
      const expected = outputsOf(RIDES);
      for (const [way, told] of Object.entries(answers.infer)) {
        assert.deepEqual(told.outputs, expected, way);
        assert.deepEqual(told.binary, way.startsWith("JSON out") || way.startsWith("JSON both") ? [] : [...OUTPUTS].sort(), way);
        assert.deepEqual([told.rest.model_name, told.rest.model_version], [MODEL, VERSION], way);
        assert.equal(told.rest.id, way === "an id" ? "order 7" : undefined, way);
        assert.equal(told.shapes.length, 1, way);
      }
      assert.deepEqual(answers.asynchronous.outputs, expected);
      assert.deepEqual(answers.asyncio.outputs, expected);
      assert.deepEqual(answers.many.outputs, outputsOf(MANY));
    });
    await context.test("other inputs and outputs", () => {
      const rounded = RIDES.map((ride) => ({ ...ride, trip_distance: ride.trip_distance === null ? null : Math.fround(ride.trip_distance) }));
      assert.deepEqual(answers["distances as FP32"].outputs, outputsOf(rounded));
      assert.deepEqual(answers["one output"].outputs, { duration: durations(RIDES) });
      assert.deepEqual(Object.keys(answers["mixed outputs"].outputs), ["duration", "warnings"]);
      assert.deepEqual(answers["mixed outputs"].binary, ["duration"]);
      assert.deepEqual(answers["no distance"].outputs, outputsOf(RIDES.map((ride) => ({ ...ride, trip_distance: null }))));
    });
    await context.test("what cannot be answered is refused in words", () => {
      const wrong = Object.entries(answers.refused).filter(([what, { status, message = "" }]) => {
        const [expected, words] = REFUSALS[what] ?? [];
        return status !== expected || words?.test(message) !== true;
      });
      assert.deepEqual(wrong, []);
      assert.deepEqual(Object.keys(answers.refused).sort(), Object.keys(REFUSALS).sort());
    });
  });
}
