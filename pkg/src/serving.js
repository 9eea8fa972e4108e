// What serves: one reference to an opened bundle and what is known of it, replaced whole.

/**
 * @import { Manifest } from "../index.js"
 * @import { OpenBundle } from "./bundle.js"
 */

/**
 * Weights that can serve. Never changed: another takes its place.
 * @typedef {object} Held
 * @property {OpenBundle} bundle
 * @property {"options" | "manifest" | "cache" | "fallback"} origin who vouches for them: `manifest` once a look has confirmed them
 * @property {Manifest | null} manifest
 * @property {string | null} keyid of the key that signed it
 * @property {string | null} sha256 of the stored bytes
 * @property {Uint8Array<ArrayBuffer> | null} stored the stored bytes, where there is a cache to keep them in
 * @property {string} loadedAt RFC 3339
 */

export class Serving {
  /** @type {Held | null} */
  #held = null;

  get isEmpty() {
    return this.#held === null;
  }

  /** @returns {Held} */
  get held() {
    return /** @type {Held} */ (this.#held);
  }

  /** What answers. Nobody has an estimator before there is one. @returns {OpenBundle} */
  get bundle() {
    return /** @type {Held} */ (this.#held).bundle;
  }

  /**
   * Puts other weights in the place of those that serve, whose memory is given back. One act between two calls.
   * @param {Held} held
   */
  take(held) {
    const before = this.#held;
    this.#held = held;
    if (before !== null && before.bundle !== held.bundle) before.bundle.dispose();
  }
}
