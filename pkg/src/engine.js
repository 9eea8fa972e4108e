// The WebAssembly instance: started once for this copy of the package, and replaced when it traps.
//
// After a trap an instance is dead: its memory may be half written. Whoever runs something in it goes through
// `Engine.run`, which starts a fresh instance and runs the same again, once. What lived in the old instance is told by
// `generation` and is built again by whoever keeps the bytes it was built from.

import { __wbg_reset_state, initSync } from "../wasm/curbside.js";
import { EngineError } from "./errors.js";
import { reason, refusal } from "./refusal.js";

/** @import { WasmSource } from "../index.js" */

export class Engine {
  #memory;
  #generation = 1;
  #dead = false;
  /** @type {string | null} */
  #lastTrap = null;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.#memory = initSync({ module }).memory;
  }

  /** 1, and one more for every instance since. */
  get generation() {
    return this.#generation;
  }

  /** The memory of the living instance. */
  get memory() {
    return this.#memory;
  }

  /** What the last trap said; null if there was none. */
  get lastTrap() {
    return this.#lastTrap;
  }

  /**
   * Runs what calls into the module, again on a fresh instance if it traps. It must fetch whatever lives in the instance
   * anew each time, and run nothing of the caller's, whose faults would be taken for traps.
   * @template T
   * @param {() => T} call
   * @returns {T}
   */
  run(call) {
    if (this.#dead) this.#replace();
    try {
      return call();
    } catch (thrown) {
      this.#bury(thrown);
    }
    this.#replace();
    try {
      return call();
    } catch (thrown) {
      this.#bury(thrown);
      // At once and not at the next call: what is left of this one may still be freed by the garbage collector.
      this.#replace();
      throw new EngineError(
        "ENGINE_TRAPPED",
        `the WebAssembly module: expected an answer, found a trap, and another one on a fresh instance (${reason(thrown)}); ` +
          "report it with the ride and the bundle",
        { cause: thrown },
      );
    }
  }

  /**
   * Throws on what the module itself refused; anything else is the instance's end.
   * @param {unknown} thrown
   */
  #bury(thrown) {
    const known = refusal(thrown);
    if (known) throw known;
    this.#dead = true;
    this.#lastTrap = reason(thrown);
  }

  #replace() {
    try {
      __wbg_reset_state();
      // Started already, so this only hands out the exports of the living instance.
      this.#memory = initSync(/** @type {any} */ (undefined)).memory;
    } catch (thrown) {
      const message = `the WebAssembly module trapped (${this.#lastTrap}) and cannot be started again (${reason(thrown)}); restart the host`;
      throw new EngineError("ENGINE_TRAPPED", message, { cause: thrown });
    }
    this.#generation += 1;
    this.#dead = false;
  }
}

/** @type {Promise<Engine> | null} */
let starting = null;

/**
 * The engine of this copy of the package; the first call's module is the one.
 * @param {() => WasmSource | Promise<WasmSource>} source
 * @returns {Promise<Engine>}
 */
export function startEngine(source) {
  if (starting === null) {
    starting = (async () => new Engine(await compile(await source())))();
    // A failed fetch must not be the last word.
    starting.catch(() => (starting = null));
  }
  return starting;
}

/**
 * @param {WasmSource} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
      return await WebAssembly.compile(/** @type {Uint8Array<ArrayBuffer> | ArrayBuffer} */ (source));
    }
    return await compileResponse(source instanceof Response ? source : await fetch(source));
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    const where = source instanceof URL || typeof source === "string" ? ` at ${source}` : "";
    throw new EngineError(
      "ENGINE_MODULE",
      `the WebAssembly module${where}: expected one that can be compiled here, found ${reason(thrown)}; ` +
        "serve the file curbside.wasm of this package there, or give another `wasm`",
      { cause: thrown },
    );
  }
}

/** @param {Response} response */
async function compileResponse(response) {
  if (!response.ok) {
    throw new EngineError(
      "ENGINE_MODULE",
      `the WebAssembly module at ${response.url}: expected HTTP status 200, found ${response.status}; ` +
        "serve the file curbside.wasm of this package there, or give another `wasm`",
    );
  }
  // Streaming refuses every other type; compiling from bytes does not care.
  const type = response.headers.get("content-type")?.split(";")[0]?.trim();
  if (type === "application/wasm" && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
