// Yggdrasil's package for JavaScript. Its model is its own, of the same shape; its truth is what Yggdrasil's Python predicts.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { rowsOf } from "../matrix.mjs";

const require = createRequire(import.meta.url);
const FOLDER = dirname(require.resolve("ydf-inference"));

export const expected = (model) => join(model, "ydf.expected.f64");

export function files(model) {
  return {
    module: join(FOLDER, "inference.wasm"),
    glue: [join(FOLDER, "inference.js"), join(dirname(require.resolve("jszip/package.json")), "dist/jszip.min.js")],
    weights: join(model, "ydf.zip"),
    isPacked: true,
  };
}

export async function open({ module, weights }, { columns, categories }) {
  const ydf = await require("ydf-inference")({ wasmBinary: module, print() {}, printErr() {} });
  const model = await ydf.loadModelFromZipBlob(weights);
  // What is missing is null there.
  const number = (value) => (Number.isNaN(value) ? null : value);
  const cell = columns.map((name) => (categories.includes(name) ? String : number));
  const examples = (rows) =>
    Object.fromEntries(
      columns.map((name, column) => [name, rowsOf(rows, columns.length, (row) => cell[column](row[column]))]),
    );
  return {
    rows: (matrix) => rowsOf(matrix, columns.length, examples),
    one: (example) => model.predict(example)[0],
    batch: examples,
    many: (table) => model.predict(table),
  };
}
