// Weights from where they are stored to bytes that may be opened: fetched, compared with what was promised, inflated.

import { bodyDigest, bodyOffset } from "../wasm/curbside.js";
import { hex, sha256 } from "./digest.js";
import { download } from "./download.js";
import { BundleError, WeightsError } from "./errors.js";
import { MAX_BUNDLE_BYTES, inflate } from "./inflate.js";
import { fetchManifest, isDigest } from "./manifest.js";
import { readTrustedKeys } from "./signature.js";

/**
 * @import { LoadOptions, Manifest } from "../index.js"
 * @import { Engine } from "./engine.js"
 * @import { Fetching } from "./download.js"
 */

/**
 * Inflated bytes, and the manifest that named them, if one did.
 * @typedef {object} Weights
 * @property {Uint8Array<ArrayBuffer>} bytes
 * @property {Manifest | null} manifest
 */

/**
 * @param {LoadOptions} options
 * @param {Fetching} how
 * @returns {Promise<Weights>}
 */
export async function fetchWeights(options, how) {
  if ("bytes" in options) {
    // A copy: they are kept, and the caller's may change.
    return { bytes: await inflate(new Uint8Array(options.bytes), null), manifest: null };
  }
  if ("url" in options) {
    const { sha256: expected } = options;
    if (!isDigest(expected)) {
      throw new WeightsError("OPTIONS", "sha256: expected 64 lower-case hexadecimal digits beside `url`, found none; or load by a signed manifest");
    }
    return { bytes: await fetchBlob(absolute(options.url), expected, null, how), manifest: null };
  }
  const url = absolute(options.manifest);
  const trusted = await readTrustedKeys(options.trustedKeys);
  const manifest = await fetchManifest(url, trusted, how);
  const { sha256: digest, bytes: length } = manifest;
  return { bytes: await fetchBlob(absolute(manifest.url, url), digest, length, how), manifest };
}

/**
 * @param {string} url
 * @param {string} digest of the stored bytes
 * @param {number | null} length of the stored bytes, where it is known
 * @param {Fetching} how
 */
async function fetchBlob(url, digest, length, how) {
  const { bytes, kind } = await download("weights", url, length ?? MAX_BUNDLE_BYTES, how);
  const more = bytes.length > (length ?? MAX_BUNDLE_BYTES);
  if (length !== null && bytes.length !== length) {
    const message = `weights at ${url}: expected ${length} bytes, found ${more ? "more" : bytes.length} (${kind}); publish them again, or correct the URL`;
    throw new WeightsError("BLOB_LENGTH", message, { url });
  }
  if (more) {
    const message = `weights at ${url}: expected at most ${MAX_BUNDLE_BYTES} bytes, found more (${kind}); publish a smaller model, or correct the URL`;
    throw new WeightsError("BLOB_TOO_LARGE", message, { url });
  }
  const found = hex(await sha256(bytes));
  if (found !== digest) {
    const message = `weights at ${url}: expected SHA-256 ${digest}, found ${found} (${bytes.length} bytes, ${kind}); do not use them, and publish them again`;
    throw new WeightsError("BLOB_DIGEST", message, { url });
  }
  how.signal?.throwIfAborted();
  return inflate(bytes, url);
}

/**
 * Throws unless the body of a bundle is what the header's digest was taken of. The module has no hash of its own.
 * @param {Engine} engine
 * @param {Uint8Array<ArrayBuffer>} bytes inflated
 */
export async function checkBody(engine, bytes) {
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
function absolute(url, base = globalThis.location?.href) {
  if (URL.canParse(String(url), base)) return new URL(url, base).href;
  throw new WeightsError(
    "OPTIONS",
    `the URL: expected an absolute one, found ${JSON.stringify(String(url))}; outside a page there is nothing to resolve it against`,
  );
}
