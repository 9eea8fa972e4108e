// The caller brings the module.
import { loader } from "./src/load.js";

export * from "./src/errors.js";
export const loadEstimator = loader(null);
