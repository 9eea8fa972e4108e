// Node's fetch reads no files: the module is read from beside this one.
import { readFile } from "node:fs/promises";
import { loader } from "./src/load.js";

export * from "./src/errors.js";
export const loadEstimator = loader(() => readFile(new URL("./wasm/curbside_bg.wasm", import.meta.url)));
