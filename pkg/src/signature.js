// Who signed a manifest: Ed25519 over the payload's bytes as they came, never over JSON that was printed again.

import { fromBase64, hex, sha256, subtle } from "./digest.js";
import { WeightsError } from "./errors.js";
import { reason } from "./refusal.js";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Hexadecimal digits of a key's digest that make its id. */
const KEY_ID_DIGITS = 16;

/**
 * A signed text as it travels.
 * @typedef {object} Envelope
 * @property {Uint8Array<ArrayBuffer>} payload
 * @property {string} keyid
 * @property {Uint8Array<ArrayBuffer>} signature
 */

/** Keys by id. @typedef {Map<string, Uint8Array<ArrayBuffer>>} TrustedKeys */

/**
 * @param {unknown} keys base64 of raw public keys
 * @returns {Promise<TrustedKeys>}
 */
export async function readTrustedKeys(keys) {
  /** @param {string} found */
  const fail = (found) =>
    new WeightsError(
      "TRUSTED_KEYS",
      `trustedKeys: expected one or more Ed25519 public keys of ${KEY_BYTES} bytes in base64, found ${found}; ` +
        "`curbside keys new` prints one",
    );
  if (!Array.isArray(keys) || keys.length === 0) throw fail(Array.isArray(keys) ? "none" : `a ${typeof keys}`);
  /** @type {TrustedKeys} */
  const trusted = new Map();
  for (const [index, text] of keys.entries()) {
    const key = fromBase64(text);
    if (key?.length !== KEY_BYTES) throw fail(`key ${index} of ${key ? `${key.length} bytes` : "another form"}`);
    trusted.set(hex(await sha256(key)).slice(0, KEY_ID_DIGITS), key);
  }
  return trusted;
}

/**
 * @param {unknown} json
 * @returns {Envelope | string} or what is wrong
 */
export function readEnvelope(json) {
  const { payload, keyid, signature } = /** @type {{ [name: string]: unknown }} */ (Object(json));
  const bytes = fromBase64(payload);
  if (!bytes?.length) return "expected `payload` in base64";
  if (typeof keyid !== "string") return "expected `keyid`, a text";
  const mark = fromBase64(signature);
  if (mark?.length !== SIGNATURE_BYTES) return `expected \`signature\`, ${SIGNATURE_BYTES} bytes in base64`;
  return { payload: bytes, keyid, signature: mark };
}

/**
 * Throws unless one of the trusted keys signed the payload.
 * @param {Envelope} envelope
 * @param {TrustedKeys} trusted
 * @param {string} url for messages
 */
export async function verify({ payload, keyid, signature }, trusted, url) {
  const raw = trusted.get(keyid);
  if (raw === undefined) {
    throw new WeightsError(
      "MANIFEST_KEY",
      `manifest at ${url}: expected a signature by one of the trusted keys (${[...trusted.keys()].join(", ")}), found one by key ` +
        `${JSON.stringify(keyid.slice(0, 40))}; sign it with a trusted key, or trust the new one if it is yours`,
      { url },
    );
  }
  if (await verifies(raw, payload, signature)) return;
  throw new WeightsError(
    "MANIFEST_SIGNATURE",
    `manifest at ${url}: expected a payload that key ${keyid} signed, found another; do not use it, and publish it again`,
    { url },
  );
}

/**
 * @param {Uint8Array<ArrayBuffer>} raw
 * @param {Uint8Array<ArrayBuffer>} payload
 * @param {Uint8Array<ArrayBuffer>} signature
 */
async function verifies(raw, payload, signature) {
  /** @type {CryptoKey} */
  let key;
  try {
    key = await subtle().importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch (thrown) {
    if (thrown instanceof WeightsError) throw thrown;
    // Some platforms look whether the bytes are a point of the curve, and refuse here those that are none.
    if (thrown instanceof Error && thrown.name === "DataError") return false;
    throw new WeightsError(
      "CRYPTO_UNSUPPORTED",
      `the platform: expected Ed25519 in WebCrypto, found ${reason(thrown)}; it came with Chrome 137, Firefox 129, Safari 17 and Node 20`,
      { cause: thrown },
    );
  }
  return subtle().verify("Ed25519", key, signature, payload);
}
