// The gzip around a stored bundle, taken off without trusting how much is in it.

import { readAtMost } from "./download.js";
import { WeightsError } from "./errors.js";
import { reason } from "./refusal.js";

/** Bytes of an inflated bundle, and so of a stored one: what the module's own default limit is. */
export const MAX_BUNDLE_BYTES = 16 << 20;

/**
 * @param {Uint8Array<ArrayBuffer>} stored gzip; anything else is returned as it is, for the module to judge
 * @param {string | null} url for messages
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function inflate(stored, url) {
  if (stored[0] !== 0x1f || stored[1] !== 0x8b) return stored;
  const where = url === null ? "weights" : `weights at ${url}`;
  /** @type {Uint8Array<ArrayBuffer>} */
  let bytes;
  try {
    // Not by a Response: naming that once makes Node load all of its fetch, half of a cold start.
    const packed = new Blob([stored]).stream();
    bytes = await readAtMost(packed.pipeThrough(new DecompressionStream("gzip")), MAX_BUNDLE_BYTES + 1);
  } catch (thrown) {
    const message = `${where}: expected a whole gzip file, found ${reason(thrown)}; publish them again`;
    throw new WeightsError("BLOB_GZIP", message, { url, cause: thrown });
  }
  if (bytes.length > MAX_BUNDLE_BYTES) {
    const message = `${where}: expected at most ${MAX_BUNDLE_BYTES} bytes once inflated, found more; publish a smaller model`;
    throw new WeightsError("BLOB_TOO_LARGE", message, { url });
  }
  return bytes;
}
