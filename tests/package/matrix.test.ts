// Feature rows without a ride: one by one and many at once give the same bits, before tables and with them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Estimator } from "curbside";

import { bitsOf, type Installed, install, storedBundle } from "./packed.ts";

/** More than the module takes at once, and no multiple of it. */
const ROWS = 700;

let installed: Installed;
let estimator: Estimator;
let matrix: Float64Array;
before(async () => {
  installed = await install();
  estimator = await installed.curbside.loadEstimator({ bytes: await storedBundle() });
  const width = estimator.columns.length;
  // Numbers from a zone's id to a minute of the week, with missing ones among them.
  matrix = Float64Array.from({ length: ROWS * width }, (_, place) => (place % 11 === 0 ? NaN : ((place * 7919) % 4001) / 9 - 80));
});
after(() => installed[Symbol.asyncDispose]());

test("a row alone and a row of a matrix have the same bits, by the walk and by tables", () => {
  const width = estimator.columns.length;
  const expected = Array.from({ length: ROWS }, (_, row) => bitsOf(estimator.rawRow(matrix.subarray(row * width, (row + 1) * width))));
  assert(new Set(expected).size > ROWS / 2, "rows that differ");
  assert.deepEqual(Array.from(estimator.rawMatrix(matrix), bitsOf), expected);
  assert(estimator.prepare());
  const out = new Float64Array(ROWS);
  assert.equal(estimator.rawMatrix(matrix, out), out);
  assert.deepEqual(Array.from(out, bitsOf), expected);
  const first = Array.from(matrix.subarray(0, width));
  assert.equal(bitsOf(estimator.rawRow(first)), expected[0]);
  assert.equal(estimator.rawMatrix(new Float64Array(0)).length, 0);
});

test("rows that do not fit the columns are refused by their length", () => {
  const width = estimator.columns.length;
  const refusals: [() => unknown, RegExp][] = [
    [() => estimator.rawRow([1, 2]), new RegExp(`^the row: expected ${width} numbers \\(.+\\), found 2$`)],
    [() => estimator.rawMatrix(matrix.subarray(1)), /^the matrix: expected rows of .+ numbers$/],
    [() => estimator.rawMatrix(matrix, new Float64Array(1)), /^the place for the answers: expected one number a row, which are 700, found 1$/],
  ];
  for (const [call, message] of refusals) {
    assert.throws(call, { name: "MatrixError", code: "MATRIX_LENGTH", message });
  }
});
