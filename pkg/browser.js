// A browser streams the module from beside this file; bundlers know this form of URL and copy the file.
import { loader } from "./src/load.js";

export * from "./src/errors.js";
export const loadEstimator = loader(() => new URL("./wasm/curbside_bg.wasm", import.meta.url));
