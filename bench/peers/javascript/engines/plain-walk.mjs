// The walk that a user would write in an afternoon: nested objects from `dump_model`, one question after another.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { rowsOf } from "../matrix.mjs";

export function files(model) {
  return { module: null, glue: [fileURLToPath(import.meta.url)], weights: join(model, "trees.json") };
}

export async function open({ weights }, { columns }) {
  const { mean, trees } = JSON.parse(weights);
  const score = (row) => {
    let sum = 0;
    for (const tree of trees) {
      let node = tree;
      while (node.left) {
        const value = row[node.feature];
        let goesLeft;
        if (node.categories) goesLeft = node.categories.includes(value);
        else if (Number.isNaN(value)) goesLeft = node.missing === true;
        else goesLeft = value <= node.threshold;
        node = goesLeft ? node.left : node.right;
      }
      sum += node.value;
    }
    return mean ? sum / trees.length : sum;
  };
  return {
    rows: (matrix) => rowsOf(matrix, columns.length, (row) => Array.from(row)),
    one: score,
    batch: (matrix) => rowsOf(matrix, columns.length, (row) => Array.from(row)),
    many: (rows) => rows.map(score),
  };
}
