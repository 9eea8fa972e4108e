// From options to an estimator: the engine starts while the weights are on their way.

import { WeightsCache } from "./cache.js";
import { startEngine } from "./engine.js";
import { EngineError, WeightsError } from "./errors.js";
import { Estimator } from "./estimator.js";
import { Follower } from "./follow.js";
import { timestamp } from "./host.js";
import { isDigest } from "./manifest.js";
import { checkOptions, planOf } from "./options.js";
import { Serving } from "./serving.js";
import { readTrustedKeys } from "./signature.js";
import { absolute, fetchStored, open } from "./weights.js";

/**
 * @import * as declared from "../index.js"
 * @import { Fallback, Fetch, LoadOptions, LoadSettings, ManifestSource, Source, WasmSource } from "../index.js"
 * @import { Fetching } from "./download.js"
 * @import { Engine } from "./engine.js"
 */

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
    const engine = startEngine(() => wasm ?? requireModule(ownModule));
    // Whoever waits for it is told; should the weights fail first, nobody does.
    engine.catch(() => {});
    if ("manifest" in options && options.manifest != null) return loadManifest(options, fetch, engine);
    return loadFixed(options, { fetch, signal }, engine);
  };
}

/**
 * @param {Source} source
 * @param {Fetching} how
 * @param {Promise<Engine>} starting
 */
async function loadFixed(source, how, starting) {
  // Whichever fails first is told.
  const both = Promise.all([starting, storedOf(source, how)]);
  const [engine, { stored, url, sha256 }] = await untilAborted(both, how.signal);
  const bundle = await open(engine, stored, url, () => how.signal?.throwIfAborted());
  const serving = new Serving();
  serving.take({ bundle, origin: "options", manifest: null, keyid: null, sha256, stored: null, loadedAt: timestamp() });
  return new Estimator(engine, serving, null);
}

/**
 * @param {Source} source of weights that no manifest names
 * @param {Fetching} how
 * @returns {Promise<{ stored: Uint8Array<ArrayBuffer>, url: string | null, sha256: string | null }>}
 */
async function storedOf(source, how) {
  if ("bytes" in source && source.bytes != null) {
    // A copy: they are kept, and the caller's may change.
    return { stored: new Uint8Array(source.bytes), url: null, sha256: null };
  }
  const { url: given, sha256 } = /** @type {Extract<Source, { url: unknown }>} */ (source);
  if (!isDigest(sha256)) {
    throw new WeightsError("OPTIONS", "sha256: expected 64 lower-case hexadecimal digits beside `url`, found none; or load by a signed manifest");
  }
  const url = absolute(given);
  return { stored: await fetchStored(url, sha256, null, how), url, sha256 };
}

/**
 * @param {ManifestSource & LoadSettings} options
 * @param {Fetch} fetch
 * @param {Promise<Engine>} starting
 */
async function loadManifest(options, fetch, starting) {
  const { signal, name = null, cache: cacheName, fallback, trustedKeys } = options;
  const plan = planOf(options);
  const url = absolute(options.manifest);
  const trusted = await readTrustedKeys(trustedKeys);
  signal?.throwIfAborted();
  const cache = cacheName == null ? null : new WeightsCache(cacheName, url);
  const serving = new Serving();
  const follower = new Follower({ url, trusted, name, fetch, cache, plan }, starting, serving);
  try {
    const first = fallback == null ? firstOf(follower, serving, true) : firstOrFallback(follower, serving, fallback, plan.patienceMs);
    await untilAborted(Promise.all([starting, first]), signal);
  } catch (thrown) {
    follower.close(thrown);
    if (!serving.isEmpty) serving.bundle.dispose();
    throw thrown;
  }
  const estimator = new Estimator(await starting, serving, follower);
  follower.start(() => estimator.status);
  return estimator;
}

/**
 * What was kept, at once, and a look behind it; else what a look finds.
 * @param {Follower} follower
 * @param {Serving} serving
 * @param {boolean} isPatient whether a look may take as long as it takes
 */
async function firstOf(follower, serving, isPatient) {
  await follower.serveKept();
  if (serving.isEmpty) await follower.lookFirst(isPatient);
  else void follower.refresh();
}

/**
 * The same, or the fallback where that has found nothing in time.
 * @param {Follower} follower
 * @param {Serving} serving
 * @param {Fallback} fallback
 * @param {number} patienceMs
 */
async function firstOrFallback(follower, serving, fallback, patienceMs) {
  const first = firstOf(follower, serving, false);
  if (await isDoneWithin(patienceMs, first)) return;
  try {
    await follower.serveFallback(await (typeof fallback === "function" ? fallback() : fallback));
  } catch (thrown) {
    // What is still on its way may yet come; else that is told, and this with it.
    await first.catch((looked) => {
      if (looked instanceof Error) looked.cause ??= thrown;
      throw looked;
    });
  }
}

/**
 * @param {number} milliseconds
 * @param {Promise<unknown>} work
 * @returns {Promise<boolean>} at the latest then; sooner if it is done or has failed
 */
function isDoneWithin(milliseconds, work) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds, false);
    const settle = (/** @type {boolean} */ isDone) => {
      clearTimeout(timer);
      resolve(isDone);
    };
    work.then(
      () => settle(true),
      () => settle(false),
    );
  });
}

/** @param {(() => WasmSource | Promise<WasmSource>) | null} ownModule */
function requireModule(ownModule) {
  if (ownModule) return ownModule();
  throw new EngineError("ENGINE_MODULE", "wasm: expected the WebAssembly module, found nothing; `curbside/slim` needs it given");
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
