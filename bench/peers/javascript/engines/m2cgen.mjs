// JavaScript source of the trees, as m2cgen writes it.

import { join } from "node:path";

import { rowsOf } from "../matrix.mjs";

export function files(model) {
  return { module: null, glue: [], weights: join(model, "m2cgen.js") };
}

export async function open({ weights }, { columns }) {
  const score = new Function(`${weights};return score;`)();
  return {
    rows: (matrix) => rowsOf(matrix, columns.length, (row) => Array.from(row)),
    one: (row) => score(row),
    batch: (matrix) => rowsOf(matrix, columns.length, (row) => Array.from(row)),
    many: (rows) => rows.map((row) => score(row)),
  };
}
