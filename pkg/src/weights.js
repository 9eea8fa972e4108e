// Weights from where they are stored to an opened bundle: fetched, compared with what was promised, inflated, opened.

import { bodyDigest, bodyOffset } from "../wasm/curbside.js";
import { OpenBundle } from "./bundle.js";
import { hex, sha256 } from "./digest.js";
import { download } from "./download.js";
import { BundleError, WeightsError } from "./errors.js";
import { MAX_BUNDLE_BYTES, inflate } from "./inflate.js";

/**
 * @import { Engine } from "./engine.js"
 * @import { Fetching } from "./download.js"
 */

/**
 * Fetches the stored bytes of a bundle, and compares them with what was promised.
 * @param {string} url absolute
 * @param {string} digest of the stored bytes
 * @param {number | null} length of the stored bytes, where it is known
 * @param {Fetching} how
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function fetchStored(url, digest, length, how) {
  // Nothing was said to be known, so something comes.
  const { bytes, kind } = /** @type {import("./download.js").Download} */ (await download("weights", url, length ?? MAX_BUNDLE_BYTES, how));
  await checkStored(bytes, digest, length, url, kind);
  how.signal?.throwIfAborted();
  return bytes;
}

/**
 * Throws unless stored bytes are what was promised.
 * @param {Uint8Array<ArrayBuffer>} bytes the whole of them, or more than there may be
 * @param {string} digest
 * @param {number | null} length
 * @param {string} url for messages
 * @param {string} kind what they were called where they came from, for messages
 */
export async function checkStored(bytes, digest, length, url, kind) {
  const more = bytes.length > (length ?? MAX_BUNDLE_BYTES);
  if (length !== null && bytes.length !== length) {
    const message = `weights at ${url}: expected ${length} bytes, found ${more ? "more" : bytes.length} (${kind}); publish them again, or correct the URL`;
    throw new WeightsError("BLOB_LENGTH", message, { url });
  }
  if (more) {
    const message = `weights at ${url}: expected at most ${MAX_BUNDLE_BYTES} bytes, found more (${kind}); publish a smaller model, or correct the URL`;
    throw new WeightsError("BLOB_TOO_LARGE", message, { url });
  }
  const found = await storedDigest(bytes);
  if (found !== digest) {
    const message = `weights at ${url}: expected SHA-256 ${digest}, found ${found} (${bytes.length} bytes, ${kind}); do not use them, and publish them again`;
    throw new WeightsError("BLOB_DIGEST", message, { url });
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} stored
 * @returns {Promise<string>} as a manifest names it
 */
export async function storedDigest(stored) {
  return hex(await sha256(stored));
}

/**
 * Opens stored bytes. Each step is short but for the last, and between them others may have their turn.
 * @param {Engine} engine
 * @param {Uint8Array<ArrayBuffer>} stored
 * @param {string | null} url for messages
 * @param {() => Promise<void> | undefined | void} turn awaited between the steps
 * @returns {Promise<OpenBundle>}
 */
export async function open(engine, stored, url, turn) {
  const bytes = await inflate(stored, url);
  await turn();
  await checkBody(engine, bytes);
  await turn();
  return new OpenBundle(engine, bytes);
}

/** The codes of what may be a copy's fault. */
const DAMAGE = ["BLOB_LENGTH", "BLOB_DIGEST", "MANIFEST_MALFORMED", "MANIFEST_SIGNATURE"];

/**
 * Fetches, and once more past every copy on the way if one may have been damaged.
 * @template T
 * @param {Fetching} how
 * @param {(how: Fetching) => Promise<T>} fetchBy
 * @returns {Promise<T>}
 */
export async function pastDamage(how, fetchBy) {
  try {
    return await fetchBy(how);
  } catch (thrown) {
    if (!(thrown instanceof WeightsError && DAMAGE.includes(thrown.code))) throw thrown;
    return fetchBy({ ...how, copies: "none" });
  }
}

/**
 * Throws unless the body of a bundle is what the header's digest was taken of. The module has no hash of its own.
 * @param {Engine} engine
 * @param {Uint8Array<ArrayBuffer>} bytes inflated
 */
async function checkBody(engine, bytes) {
  const { expected, offset } = engine.run(() => ({ expected: hex(bodyDigest(bytes)), offset: bodyOffset() }));
  const found = hex(await sha256(bytes.subarray(offset)));
  if (found === expected) return;
  const message = `bundle header: expected a body with SHA-256 ${expected}, found ${found}; fetch the file again from where it was published`;
  throw new BundleError("BUNDLE_DIGEST", message, null, 16);
}

/**
 * @param {string | URL} url
 * @param {string | undefined} [base] the page's, where there is one
 */
export function absolute(url, base = globalThis.location?.href) {
  if (URL.canParse(String(url), base)) return new URL(url, base).href;
  throw new WeightsError(
    "OPTIONS",
    `the URL: expected an absolute one, found ${JSON.stringify(String(url))}; outside a page there is nothing to resolve it against`,
  );
}
