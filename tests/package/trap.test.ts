// Real traps: the instance's memory is overwritten, and the next estimate must come back with the same bits from a fresh one.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import type { BatchEstimate, Estimator } from "curbside";

import { bitsOfAnswer, type Installed, install, storedBundle } from "./packed.ts";

const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };

let installed: Installed;
let memory: () => WebAssembly.Memory;
let first: Estimator;
let second: Estimator;
let expected: string;
before(async () => {
  installed = await install();
  const { loadEstimator } = installed.curbside;
  const bytes = await storedBundle();
  first = await loadEstimator({ bytes });
  second = await loadEstimator({ bytes });
  expected = bitsOfAnswer(first.estimate(RIDE));
  // The very glue that the package uses, so that this is the memory of its living instance.
  const glue = (await import(installed.url("wasm/curbside.js").href)) as { initSync(): { memory: WebAssembly.Memory } };
  memory = () => glue.initSync().memory;
});
beforeEach(() => {
  // The panic hook of a dying instance speaks to the console, which would bury the report.
  console.error = () => undefined;
});
after(() => installed[Symbol.asyncDispose]());

/** The first row. */
function onlyOf({ durations: [duration = NaN], lows, highs }: BatchEstimate): Parameters<typeof bitsOfAnswer>[0] {
  return { duration, duration_low: lows?.[0] ?? null, duration_high: highs?.[0] ?? null };
}

/** Every pointer, length and flag is nonsense. */
function overwriteIn(found: WebAssembly.Memory): void {
  new Uint8Array(found.buffer).fill(0xff);
}

function overwrite(): void {
  overwriteIn(memory());
}

/** Zeros stay, so that nothing looks borrowed and the first wild pointer is followed: a genuine memory fault. */
function overwritePointers(): void {
  const words = new Uint32Array(memory().buffer);
  for (let place = 0; place < words.length; place += 1) {
    if (words[place] !== 0) words[place] = 0xffff_fff0;
  }
}

for (const [name, wreck, says] of [
  ["memory overwritten whole", overwrite, /./],
  ["memory with wild pointers", overwritePointers, /^RuntimeError: /],
] as const) {
  test(`${name}: every call comes back with the same answer, one generation later`, () => {
    const calls: readonly [string, () => string][] = [
      ["estimate", () => bitsOfAnswer(first.estimate(RIDE))],
      ["estimate of an object", () => bitsOfAnswer(first.estimate({ ...RIDE, PULocationID: "130" }))],
      ["estimateBatch", () => bitsOfAnswer(onlyOf(first.estimateBatch({ PULocationID: [130], DOLocationID: [205], trip_distance: [3.66], pickup_datetime: RIDE.pickup_datetime })))],
      ["predict", () => bitsOfAnswer(JSON.parse(first.predict({ body: JSON.stringify(RIDE) }).body) as { duration: number })],
    ];
    for (const [call, ask] of calls) {
      const { generation } = first.status;
      wreck();
      assert.equal(ask(), expected, call);
      assert.equal(first.status.generation, generation + 1, call);
      assert.match(first.status.lastTrap ?? "", says, call);
      // Untouched since the trap, so it still has to be opened again from its own bytes.
      assert.equal(bitsOfAnswer(second.estimate(RIDE)), expected, `the other estimator after ${call}`);
      assert.equal(second.status.generation, generation + 1, call);
    }
  });
}

test("an estimator that was prepared is prepared again, another is not", async () => {
  type Prepare = { Scorer: { prototype: { prepare(): boolean } } };
  const { Scorer } = (await import(installed.url("wasm/curbside.js").href)) as Prepare;
  const { prepare } = Scorer.prototype;
  let prepared = 0;
  Scorer.prototype.prepare = function (this: typeof Scorer.prototype) {
    prepared += 1;
    return prepare.call(this);
  };
  try {
    assert.equal(first.prepare(), true);
    overwritePointers();
    // First the answer, then the tables, then nothing more.
    for (const times of [1, 2, 2]) {
      assert.equal(bitsOfAnswer(first.estimate(RIDE)), expected);
      assert.equal(bitsOfAnswer(second.estimate(RIDE)), expected);
      assert.equal(prepared, times);
    }
    // Tables that can no longer be built cost their speed and no answer.
    Scorer.prototype.prepare = () => {
      throw new WebAssembly.RuntimeError("out of memory");
    };
    overwrite();
    const { generation } = first.status;
    for (const after of [1, 2, 2]) {
      assert.equal(bitsOfAnswer(first.estimate(RIDE)), expected);
      assert.equal(first.status.generation, generation + after);
    }
    assert.throws(() => second.prepare(), { name: "EngineError", code: "ENGINE_TRAPPED" });
    assert.equal(bitsOfAnswer(second.estimate(RIDE)), expected);
  } finally {
    Scorer.prototype.prepare = prepare;
  }
});

test("an estimator can be loaded, disposed and collected after a trap", async () => {
  overwritePointers();
  const { generation } = first.status;
  const third = await installed.curbside.loadEstimator({ bytes: await storedBundle() });
  assert.equal(bitsOfAnswer(third.estimate(RIDE)), expected);
  assert.equal(third.status.generation, generation + 1);
  overwritePointers();
  third.dispose();
  assert.equal(bitsOfAnswer(first.estimate(RIDE)), expected);
});

/** Every instance that is made while `act` runs is wrecked as soon as it has started. */
function withWreckedInstances(act: () => void): void {
  const Whole = WebAssembly.Instance;
  class Wrecked extends Whole {
    constructor(...given: ConstructorParameters<typeof Whole>) {
      super(...given);
      const { exports } = this as unknown as { exports: { memory: WebAssembly.Memory; __wbindgen_start(): void } };
      const __wbindgen_start = (): void => {
        exports.__wbindgen_start();
        overwriteIn(exports.memory);
      };
      // A constructor may return another object, and the glue looks at `exports` alone.
      return { exports: { ...exports, __wbindgen_start } } as unknown as Wrecked;
    }
  }
  WebAssembly.Instance = Wrecked;
  try {
    act();
  } finally {
    WebAssembly.Instance = Whole;
  }
}

test("what traps again on the fresh instance is told, and the next call is answered", () => {
  overwrite();
  withWreckedInstances(() => {
    assert.throws(
      () => first.estimate(RIDE),
      (thrown) => {
        assert(thrown instanceof installed.curbside.EngineError, String(thrown));
        assert.equal(thrown.code, "ENGINE_TRAPPED");
        assert.match(thrown.message, /expected an answer, found a trap, and another one on a fresh instance/);
        assert(thrown.cause instanceof Error);
        return true;
      },
    );
  });
  assert.equal(bitsOfAnswer(first.estimate(RIDE)), expected);
  assert.equal(bitsOfAnswer(second.estimate(RIDE)), expected);
});

test("an instance that cannot be made is told, and the next call is answered", () => {
  overwrite();
  const Whole = WebAssembly.Instance;
  WebAssembly.Instance = class {
    constructor() {
      throw new RangeError("out of memory");
    }
  } as unknown as typeof Whole;
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      assert.throws(() => first.estimate(RIDE), { name: "EngineError", code: "ENGINE_TRAPPED", message: /cannot be started again .*out of memory/ });
    }
  } finally {
    WebAssembly.Instance = Whole;
  }
  assert.equal(bitsOfAnswer(first.estimate(RIDE)), expected);
});
