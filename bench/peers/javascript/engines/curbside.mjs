// Curbside after `prepare()`: what serves from the first idle moment on.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { rowsOf } from "../matrix.mjs";

const PACKAGE = fileURLToPath(new URL("../../../../pkg/", import.meta.url));

export function files(model) {
  const shell = readdirSync(join(PACKAGE, "src")).filter((name) => name.endsWith(".js"));
  return {
    module: join(PACKAGE, "wasm/curbside_bg.wasm"),
    glue: ["slim.js", "wasm/curbside.js", ...shell.map((name) => `src/${name}`)].map((name) => join(PACKAGE, name)),
    weights: join(model, "curbside.curb"),
    isPacked: true,
  };
}

export async function open({ module, weights }, { columns }) {
  const { loadEstimator } = await import("../../../../pkg/slim.js");
  const estimator = await loadEstimator({ bytes: weights, wasm: module });
  return {
    prepare: () => estimator.prepare(),
    rows: (matrix) => rowsOf(matrix, columns.length, (row) => row),
    one: (row) => estimator.rawRow(row),
    batch: (matrix) => matrix,
    many: (matrix) => estimator.rawMatrix(matrix),
    explain: (matrix) => explaining(estimator, matrix, columns),
  };
}

/** A call that explains one ride after another. The rows' day does not matter: an explanation costs the same on each. */
function explaining(estimator, matrix, columns) {
  const rides = rowsOf(matrix, columns.length, (row) => {
    const { PULocationID, DOLocationID, trip_distance, minute_of_day } = Object.fromEntries(columns.map((name, column) => [name, row[column]]));
    return { PULocationID, DOLocationID, trip_distance, pickup_datetime: new Date(Date.UTC(2021, 1, 3, 5, minute_of_day)) };
  });
  let turn = 0;
  return () => estimator.explain(rides[(turn = (turn + 1) % rides.length)]);
}
