//! The site's configuration, which the Worker gives: never part of the page, so that keys can change without a build.

/** What `/config.json` says. */
export interface Config {
  /** Address of the signed manifest, on this site. */
  readonly manifest: string;
  /** Keys that may sign it, raw and in base64. */
  readonly trustedKeys: readonly string[];
  /** Name of the model that it must name; undefined where the site does not say. */
  readonly model: string | undefined;
  /** How often to look for a newer one, in seconds; undefined where the site does not say. */
  readonly ttlSeconds: number | undefined;
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
 * Asks the Worker; without a network, the service worker answers with what the Worker said last.
 *
 * @throws ConfigError
 */
export async function fetchConfig(): Promise<Config> {
  const url = new URL("/config.json", location.href);
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
  const { manifest, trusted_keys: keys, model, ttl_seconds: ttl } = isObject(found) ? found : {};
  if (typeof manifest !== "string" || !Array.isArray(keys) || !keys.every((key) => typeof key === "string")) {
    throw new ConfigError("CONFIG_MALFORMED", `${place}: expected {"manifest": "...", "trusted_keys": ["..."]}, found other fields`);
  }
  return {
    manifest,
    trustedKeys: keys,
    model: typeof model === "string" ? model : undefined,
    ttlSeconds: typeof ttl === "number" && ttl > 0 ? ttl : undefined,
  };
}

function isObject(value: unknown): value is { manifest?: unknown; trusted_keys?: unknown; model?: unknown; ttl_seconds?: unknown } {
  return typeof value === "object" && value !== null;
}
