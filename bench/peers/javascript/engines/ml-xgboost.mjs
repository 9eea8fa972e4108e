// ml-xgboost: XGBoost of 2017 in WebAssembly. Its model is its own, and its truth what it predicted when it had trained it.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { rowsOf } from "../matrix.mjs";

const require = createRequire(import.meta.url);
const FOLDER = join(dirname(require.resolve("ml-xgboost/package.json")), "dist/wasm");

export const expected = (model) => join(model, "ml-xgboost.expected.f64");

export function files(model) {
  return { module: join(FOLDER, "xgboost.wasm"), glue: [join(FOLDER, "xgboost.js")], weights: join(model, "ml-xgboost.json") };
}

// It reads its own module from the disk: that much of a cold start it cannot be spared.
export async function open({ weights }, { columns }) {
  const XGBoost = await require("ml-xgboost");
  const model = XGBoost.load(JSON.parse(weights));
  return {
    rows: (matrix) => rowsOf(matrix, columns.length, (row) => [Array.from(row)]),
    one: (row) => model.predict(row)[0],
    batch: (matrix) => rowsOf(matrix, columns.length, (row) => Array.from(row)),
    many: (rows) => model.predict(rows),
  };
}
