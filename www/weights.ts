//! From an empty page to an estimator: where the weights are, which keys may sign them, and how long it took.

import wasmPath from "curbside/curbside.wasm";
import { type Estimator, type Fetch, loadEstimator } from "curbside/slim";

/** A model that is ready, and what it took to get it. */
export interface LoadedModel {
  readonly estimator: Estimator;
  /** The key that signed the weights, as the signed manifest's envelope names it. */
  readonly keyid: string;
  /** How many keys this site trusts. */
  readonly trustedKeys: number;
  /** From the first request to the golden rides checked, in milliseconds. */
  readonly milliseconds: number;
}

/** The page's configuration, which the Worker gives: never part of the page, so that keys can change without a build. */
interface Config {
  readonly manifest: string;
  readonly trustedKeys: readonly string[];
}

/** The Worker's configuration cannot be used. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** `CONFIG_FETCH` (not reached), `CONFIG_STATUS` (refused) or `CONFIG_MALFORMED` (not what it should be). */
  readonly code: "CONFIG_FETCH" | "CONFIG_STATUS" | "CONFIG_MALFORMED";

  /** A fault with its code and a sentence. */
  constructor(code: ConfigError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Fetches, verifies and opens the model; `onStage` is told in words what is being done. `isRetry` passes by what the
 * browser has cached: weights are cached for ever, and so is a copy that was damaged on its way.
 *
 * @throws ConfigError, or the package's WeightsError, BundleError or EngineError: each with a `code`.
 */
export async function loadModel(onStage: (stage: string) => void, isRetry: boolean): Promise<LoadedModel> {
  const started = performance.now();
  onStage("Asking where the weights are …");
  const config = await fetchConfig(new URL("/config.json", location.href));
  const manifest = new URL(config.manifest, location.href);
  onStage("Fetching the signed description of the weights …");
  let keyid = "";
  const watchedFetch: Fetch = async (url, init) => {
    const response = await fetch(url, isRetry ? { ...init, cache: "reload" } : init);
    if (url === manifest.href && response.ok) {
      keyid = await keyidOf(response.clone());
    } else {
      onStage("Fetching and checking the weights …");
    }
    return response;
  };
  const estimator = await loadEstimator({
    manifest,
    trustedKeys: config.trustedKeys,
    wasm: new URL(wasmPath, import.meta.url),
    fetch: watchedFetch,
  });
  return { estimator, keyid, trustedKeys: config.trustedKeys.length, milliseconds: performance.now() - started };
}

/** Only to show it: the package checks the signature by this key, and refuses a key that is not trusted. */
async function keyidOf(envelope: Response): Promise<string> {
  const found: unknown = await envelope.json().catch(() => null);
  const { keyid } = isObject(found) ? found : {};
  return typeof keyid === "string" ? keyid : "";
}

async function fetchConfig(url: URL): Promise<Config> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { accept: "application/json" } });
  } catch (cause) {
    throw new ConfigError("CONFIG_FETCH", `${url.pathname} could not be fetched: ${String(cause)}`, cause);
  }
  if (!response.ok) {
    throw new ConfigError("CONFIG_STATUS", `${url.pathname}: expected HTTP status 200, found ${response.status}`);
  }
  let found: unknown;
  try {
    found = await response.json();
  } catch (cause) {
    throw new ConfigError("CONFIG_MALFORMED", `${url.pathname}: expected JSON, found something else`, cause);
  }
  return readConfig(found, url.pathname);
}

function readConfig(found: unknown, place: string): Config {
  const { manifest, trusted_keys: keys } = isObject(found) ? found : {};
  if (typeof manifest !== "string" || !Array.isArray(keys) || !keys.every((key) => typeof key === "string")) {
    throw new ConfigError("CONFIG_MALFORMED", `${place}: expected {"manifest": "...", "trusted_keys": ["..."]}, found other fields`);
  }
  return { manifest, trustedKeys: keys };
}

function isObject(value: unknown): value is { manifest?: unknown; trusted_keys?: unknown; keyid?: unknown } {
  return typeof value === "object" && value !== null;
}
