// Feature rows: what a caller may hand over.

import { MatrixError } from "./errors.js";

/**
 * @param {number} length
 * @param {readonly string[]} columns
 */
export function checkRow(length, columns) {
  if (length === columns.length) return;
  throw new MatrixError(`the row: expected ${columns.length} numbers (${columns.join(", ")}), found ${length}`);
}

/**
 * @param {number} length
 * @param {readonly string[]} columns
 * @param {number | undefined} room numbers that the caller has places for, if it says
 * @returns {number} rows
 */
export function checkMatrix(length, columns, room) {
  const rows = length / columns.length;
  if (!Number.isInteger(rows)) {
    const names = columns.join(", ");
    throw new MatrixError(`the matrix: expected rows of ${columns.length} numbers (${names}), found ${length} numbers`);
  }
  if (room !== undefined && room !== rows) {
    throw new MatrixError(`the place for the answers: expected one number a row, which are ${rows}, found ${room}`);
  }
  return rows;
}
