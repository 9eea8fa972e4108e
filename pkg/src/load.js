// From options to an estimator: the engine starts while the weights are on their way.

import { startEngine } from "./engine.js";
import { EngineError, WeightsError } from "./errors.js";
import { Estimator } from "./estimator.js";
import { checkBody, fetchWeights } from "./weights.js";

/**
 * @import * as declared from "../index.js"
 * @import { LoadOptions, WasmSource } from "../index.js"
 */

/** Options that each name a source of weights. */
const SOURCES = ["manifest", "url", "bytes"];

/**
 * Makes an entry point's `loadEstimator`.
 * @param {(() => WasmSource | Promise<WasmSource>) | null} ownModule how this platform gets the module that is packed here
 * @returns {(options: LoadOptions) => Promise<declared.Estimator>}
 */
export function loader(ownModule) {
  return async (options) => {
    checkOptions(options);
    const { wasm, signal } = options;
    signal?.throwIfAborted();
    const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    const started = startEngine(() => wasm ?? requireModule(ownModule));
    // Both are waited for; whichever fails first is told, and the other must not go unhandled.
    const both = Promise.all([started, fetchWeights(options, { fetch, signal })]);
    const [engine, { bytes, manifest }] = await untilAborted(both, signal);
    await checkBody(engine, bytes);
    signal?.throwIfAborted();
    return new Estimator(engine, bytes, manifest);
  };
}

/** @param {(() => WasmSource | Promise<WasmSource>) | null} ownModule */
function requireModule(ownModule) {
  if (ownModule) return ownModule();
  throw new EngineError("ENGINE_MODULE", "wasm: expected the WebAssembly module, found nothing; `curbside/slim` needs it given");
}

/** @param {LoadOptions} options */
function checkOptions(options) {
  const given = SOURCES.filter((name) => Object(options)[name] != null);
  if (given.length === 1) return;
  const found = given.length === 0 ? "none of them" : given.join(" and ");
  throw new WeightsError("OPTIONS", `options: expected one of ${SOURCES.join(", ")}, found ${found}`);
}

/**
 * The engine is shared, so its start is no caller's to abort: the caller only stops waiting.
 * @template T
 * @param {Promise<T>} work
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<T>}
 */
async function untilAborted(work, signal) {
  if (!signal) return work;
  /** @type {() => void} */
  let leave = () => {};
  const aborted = new Promise((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave);
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([work, aborted]));
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
