// What the page tells of a card, in words: no browser is needed for these.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Card, loadEstimator, type Month } from "curbside";

import { cardFacts } from "../../www/about.ts";
import { smallBundle } from "../worker/publication.ts";

const { card, coverage, target } = await loadEstimator({ bytes: await smallBundle("with an interval") });
const month = (file: string, used: number): Month => ({ file, sha256: "", rows: used, used, dropped: [] });
const MEASURED: Partial<Card> = {
  measured_on: [month("2021-02.parquet", 61_921)],
  test: { rmse: 5.161, mae: 3.359, bias: -1, rides: 61_921 },
  interval: { coverage: 0.8, covered: 0.7684, mean_width: 9.23, rides: 61_921 },
};

/** The fact of this name, or an empty text. */
function told(name: string, changes: Partial<Card>, share = coverage): string {
  return cardFacts({ card: { ...card, ...changes }, coverage: share, target }).find(([found]) => found === name)?.[1] ?? "";
}

test("the range's promise stands beside what became of it", () => {
  assert.equal(
    told("Range", MEASURED),
    "Made so that 4 of 5 rides fall in it. Of 61,921 rides of 2021-02.parquet 76.8\u{a0}% did, and it was 9.2 minutes wide on average.",
  );
  const without = { interval_without_distance: { coverage: 0.8, covered: 0.8, mean_width: 12.38, rides: 61_921 } };
  assert.match(told("Range", { ...MEASURED, ...without }), / Without their distances 80\u{a0}% did, and it was 12\.4 minutes wide on average\.$/u);
  assert.match(told("Range", MEASURED, 0.95), /^Made so that 95\u{a0}% of rides fall in it\./u);
});

test("a range that was not measured says so, and one that is not there says nothing", () => {
  assert.equal(told("Range", {}), "Made so that 4 of 5 rides fall in it. Not measured yet on rides it had not seen.");
  assert.equal(told("Range", MEASURED, null), "");
});

test("errors are told with and without distances, as far as they were measured", () => {
  const without = { test_without_distance: { rmse: 6.08, mae: 4.1, bias: 0, rides: 61_921 } };
  const given = "61,921 rides of 2021-02.parquet, which it had not seen: off by 3.4 minutes on average (root mean square 5.2).";
  assert.equal(told("Measured on", MEASURED), given);
  assert.equal(told("Measured on", { ...MEASURED, ...without }), `${given} Without their distances: off by 4.1 minutes on average (root mean square 6.1).`);
  assert.equal(told("Measured on", {}), "");
});

test("a model that was adjusted to later rides says to which, and from what", () => {
  const adjusted = { calibrated_on: [month("2021-02.parquet", 60_000), month("2021-03.parquet", 1_500)], recalibrated_from: "2021-01 (sha256 0123)" };
  assert.equal(told("Adjusted on", adjusted), "61,500 rides of 2021-02.parquet, 2021-03.parquet");
  assert.equal(told("Adjusted from", adjusted), "2021-01 (sha256 0123)");
  assert.deepEqual([told("Adjusted on", {}), told("Adjusted from", {})], ["", ""]);
});

test("what a rider must know of the figures is told", () => {
  assert.equal(told("Warning", { warnings: ["The test month is earlier."] }), "The test month is earlier.");
});
