// In workerd code cannot be compiled from bytes: the module is an import.
import { loader } from "./src/load.js";
import module from "./wasm/curbside_bg.wasm";

export * from "./src/errors.js";
export const loadEstimator = loader(() => module);
