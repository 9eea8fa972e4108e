// The manifest: which weights to serve, said by whoever holds the signing key.

import { MAX_BUNDLE_BYTES } from "./inflate.js";
import { download } from "./download.js";
import { WeightsError } from "./errors.js";
import { reason } from "./refusal.js";
import { readEnvelope, verify } from "./signature.js";

/**
 * @import { Manifest, Metrics } from "../index.js"
 * @import { Fetching } from "./download.js"
 * @import { TrustedKeys } from "./signature.js"
 */

/** The layout that this build reads. */
const SCHEMA = 1;
/** Bytes of an envelope; ours have about one thousand. */
const MAX_ENVELOPE_BYTES = 64 << 10;

/** @param {unknown} value */
const isText = (value) => typeof value === "string" && value !== "";
/** @param {unknown} value */
const isTextOrNull = (value) => value === null || typeof value === "string";
/** @param {unknown} value */
const isCount = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** @param {unknown} value */
export const isDigest = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
/** @param {unknown} value */
const isMetricsOrNull = (value) => {
  if (value === null) return true;
  const { rmse, mae, bias, rides } = /** @type {Metrics} */ (Object(value));
  return [rmse, mae, bias].every(Number.isFinite) && isCount(rides);
};

/**
 * Each field of the manifest: what it must be, in words and as a test.
 * @type {readonly (readonly [keyof Manifest, string, (value: unknown) => boolean])[]}
 */
const FIELDS = [
  ["name", "a text", isText],
  ["version", "a text", isText],
  ["sequence", "a whole number from 0", isCount],
  ["sha256", "64 lower-case hexadecimal digits", isDigest],
  ["bytes", `a whole number up to ${MAX_BUNDLE_BYTES}`, (value) => isCount(value) && Number(value) <= MAX_BUNDLE_BYTES],
  ["url", "a text", isText],
  ["created_at", "a text", isText],
  ["mlflow_run", "a text or null", isTextOrNull],
  ["mlflow_model_version", "a text or null", isTextOrNull],
  ["metrics", "rmse, mae, bias and rides, or null", isMetricsOrNull],
  ["previous", "64 lower-case hexadecimal digits or null", (value) => value === null || isDigest(value)],
];

/**
 * Fetches a manifest, and believes it only if a trusted key signed it.
 * @param {string} url absolute
 * @param {TrustedKeys} trusted
 * @param {Fetching} how
 * @returns {Promise<Manifest>}
 */
export async function fetchManifest(url, trusted, how) {
  const { bytes, kind } = await download("manifest", url, MAX_ENVELOPE_BYTES, how);
  if (bytes.length > MAX_ENVELOPE_BYTES) {
    throw malformed(url, `expected at most ${MAX_ENVELOPE_BYTES} bytes, found more (${kind})`);
  }
  const json = parse(bytes);
  if (json instanceof Error) {
    const found = bytes.length === 0 ? "an empty body" : `${bytes.length} bytes of another kind (${kind}; ${reason(json)})`;
    throw malformed(url, `expected the JSON that \`curbside publish\` writes, found ${found}`);
  }
  const envelope = readEnvelope(json);
  if (typeof envelope === "string") throw malformed(url, `${envelope}, found none`);
  await verify(envelope, trusted, url);
  return readManifest(parse(envelope.payload), url);
}

/**
 * @param {unknown} json a payload whose signature holds
 * @param {string} url
 * @returns {Manifest}
 */
function readManifest(json, url) {
  const fields = /** @type {{ [name: string]: unknown }} */ (Object(json));
  const { schema } = fields;
  if (schema !== SCHEMA) {
    throw new WeightsError(
      "MANIFEST_SCHEMA",
      `manifest at ${url}: expected schema ${SCHEMA}, found ${JSON.stringify(schema) ?? "none"}; ` +
        "update this package, or publish with a version of curbside that suits it",
      { url },
    );
  }
  for (const [name, expected, holds] of FIELDS) {
    if (!holds(fields[name])) {
      throw malformed(url, `field ${name}: expected ${expected}, found ${JSON.stringify(fields[name])?.slice(0, 80) ?? "nothing"}`);
    }
  }
  return /** @type {Manifest} */ (json);
}

/**
 * @param {Uint8Array} bytes
 * @returns {unknown} the value, or the `Error` that says why there is none
 */
function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (thrown) {
    return thrown;
  }
}

/**
 * @param {string} url
 * @param {string} what
 */
function malformed(url, what) {
  return new WeightsError("MANIFEST_MALFORMED", `manifest at ${url}: ${what}; publish it again, or correct the URL`, { url });
}
