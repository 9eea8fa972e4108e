// Trains a model of the shape of 300 x 31 by ml-xgboost itself, which reads no model of today's XGBoost.
//
//   node train-ml-xgboost.mjs ENCODED OUT

import { createRequire } from "node:module";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { readNumbers, rowsOf } from "./matrix.mjs";

const [encoded, out] = process.argv.slice(2);
const [COLUMNS, TREES] = [5, 300];
/** The deepest trees of at most 32 leaves; it knows no limit of leaves. */
const DEPTH = 5;

const weights = join(out, "ml-xgboost.json");
await rm(`${weights}.failed`, { force: true });
try {
  const XGBoost = await createRequire(import.meta.url)("ml-xgboost");
  const read = async (file) => rowsOf(await readNumbers(join(encoded, file)), COLUMNS, (row) => Array.from(row));
  const minutes = await readNumbers(join(encoded, "minutes.f64"));
  const options = { objective: "reg:linear", max_depth: DEPTH, eta: 0.1, min_child_weight: 20, subsample: 1, iterations: TREES };
  const model = new XGBoost(options);
  model.train(await read("learn.f64"), Array.from(minutes));
  await writeFile(join(out, "ml-xgboost.expected.f64"), Float64Array.from(model.predict(await read("rows.f64"))));
  await writeFile(weights, JSON.stringify(model));
} catch (error) {
  await writeFile(`${weights}.failed`, String(error?.message ?? error).slice(0, 300));
}
