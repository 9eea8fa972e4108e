import type { Estimator, LoadSettings, Source, WasmSource } from "./index.js";

export type * from "./index.js";
export { BundleError, CurbsideError, EngineError, ExplainError, MatrixError, TripError, WeightsError } from "./index.js";

/** What {@link loadEstimator} takes here: this entry point names no module of its own, so that bundlers copy none. */
export type SlimLoadOptions = Source & LoadSettings & { readonly wasm: WasmSource };

/** As `loadEstimator` of `curbside`, with the module given by the caller. */
export function loadEstimator(options: SlimLoadOptions): Promise<Estimator>;
