// Files of doubles, little-endian and without a header, as ../native and ../python write them.

import { readFile } from "node:fs/promises";

/** @returns {Promise<Float64Array>} */
export async function readNumbers(path) {
  const bytes = await readFile(path);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The largest difference; infinite where the lengths differ or a number is none. */
export function largestDifference(found, expected) {
  if (found.length !== expected.length) return Infinity;
  let largest = 0;
  for (let row = 0; row < expected.length; row += 1) {
    const difference = Math.abs(found[row] - expected[row]);
    if (Number.isNaN(difference)) return Infinity;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** A matrix as rows, each made by `make` of its numbers. */
export function rowsOf(matrix, columns, make) {
  return Array.from({ length: matrix.length / columns }, (_, row) => make(matrix.subarray(row * columns, (row + 1) * columns)));
}
