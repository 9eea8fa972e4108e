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
  // Publishers before it did not say.
  ["mlflow_model", "a text or null", (value) => value === undefined || isTextOrNull(value)],
  ["mlflow_model_version", "a text or null", isTextOrNull],
  ["metrics", "rmse, mae, bias and rides, or null", isMetricsOrNull],
  ["previous", "64 lower-case hexadecimal digits or null", (value) => value === null || isDigest(value)],
];

/**
 * A manifest that a trusted key signed.
 * @typedef {object} Signed
 * @property {Manifest} manifest
 * @property {string} keyid
 * @property {Uint8Array<ArrayBuffer>} envelope as it came
 * @property {string | null} etag
 */

/**
 * Fetches a manifest, and believes it only if a trusted key signed it.
 * @param {string} url absolute
 * @param {TrustedKeys} trusted
 * @param {Fetching} how
 * @param {string | null} [known] etag of the one at hand
 * @returns {Promise<Signed | null>} null: the one at hand is still the same
 */
export async function fetchManifest(url, trusted, how, known) {
  const found = await download("manifest", url, MAX_ENVELOPE_BYTES, how, known);
  if (found === null) return null;
  const { bytes, kind, etag } = found;
  if (bytes.length > MAX_ENVELOPE_BYTES) {
    throw malformed(url, `expected at most ${MAX_ENVELOPE_BYTES} bytes, found more (${kind})`);
  }
  return { ...(await readSigned(bytes, kind, trusted, url)), etag };
}

/**
 * Reads an envelope, and believes it only if a trusted key signed it.
 * @param {Uint8Array<ArrayBuffer>} envelope
 * @param {string} kind what it was called where it came from
 * @param {TrustedKeys} trusted
 * @param {string} url for messages
 * @returns {Promise<Signed>}
 */
export async function readSigned(envelope, kind, trusted, url) {
  const json = parse(envelope);
  if (json instanceof Error) {
    const found = envelope.length === 0 ? "an empty body" : `${envelope.length} bytes of another kind (${kind}; ${reason(json)})`;
    throw malformed(url, `expected the JSON that \`curbside publish\` writes, found ${found}`);
  }
  const read = readEnvelope(json);
  if (typeof read === "string") throw malformed(url, `${read}, found none`);
  await verify(read, trusted, url);
  return { manifest: readManifest(parse(read.payload), url), keyid: read.keyid, envelope, etag: null };
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
