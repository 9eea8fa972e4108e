// Digests and text forms of bytes, by what every platform has.

import { WeightsError } from "./errors.js";

/**
 * WebCrypto, which browsers keep from pages that came by plain HTTP.
 * @returns {SubtleCrypto}
 */
export function subtle() {
  const found = globalThis.crypto?.subtle;
  if (found) return found;
  throw new WeightsError(
    "CRYPTO_UNSUPPORTED",
    "the platform: expected WebCrypto (crypto.subtle), found none; serve the page by HTTPS or from localhost, and use Node 20 or newer",
  );
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function sha256(bytes) {
  return new Uint8Array(await subtle().digest("SHA-256", bytes));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} lower case
 */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {unknown} text standard base64
 * @returns {Uint8Array<ArrayBuffer> | null} null for anything else
 */
export function fromBase64(text) {
  if (typeof text !== "string") return null;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
