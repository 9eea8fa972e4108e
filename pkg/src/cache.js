// The last good weights, kept in the browser's Cache API. A convenience and no more: whatever cannot be kept or read is not
// there, and what is there is verified like anything else.
//
// Envelope and weights are one entry, under an address of their own, so that no reader finds one without the other, and no
// service worker takes them for the manifest itself.

import { reason } from "./refusal.js";

/** What is kept. @typedef {{ envelope: Uint8Array<ArrayBuffer>, stored: Uint8Array<ArrayBuffer> }} Kept */

/** Where the envelope ends and the weights begin. */
const ENVELOPE_BYTES = "x-curbside-envelope-bytes";
const SEQUENCE = "x-curbside-sequence";

export class WeightsCache {
  #name;
  #key;

  /**
   * @param {string} name
   * @param {string} url of the manifest
   */
  constructor(name, url) {
    this.#name = name;
    this.#key = new URL(`/.curbside/kept?manifest=${encodeURIComponent(url)}`, url).href;
  }

  /** @returns {Promise<Kept | null>} */
  async read() {
    return this.#attempt(async (cache) => {
      const response = await cache.match(this.#key);
      if (response === undefined) return null;
      const bytes = new Uint8Array(await response.arrayBuffer());
      const end = Number(response.headers.get(ENVELOPE_BYTES));
      return { envelope: bytes.slice(0, end), stored: bytes.slice(end) };
    });
  }

  /**
   * Keeps weights, unless another page of this site has kept later ones.
   * @param {Kept} kept
   * @param {number} sequence
   */
  async write({ envelope, stored }, sequence) {
    await this.#attempt((cache) =>
      alone(this.#key, async () => {
        const before = await cache.match(this.#key);
        if (Number(before?.headers.get(SEQUENCE)) > sequence) return;
        const headers = { [ENVELOPE_BYTES]: String(envelope.length), [SEQUENCE]: String(sequence) };
        await cache.put(this.#key, new Response(new Blob([envelope, stored]), { headers }));
      }),
    );
  }

  /** Forgets what is kept. */
  async drop() {
    await this.#attempt((cache) => cache.delete(this.#key));
  }

  /**
   * @template T
   * @param {(cache: Cache) => Promise<T>} act
   * @returns {Promise<T | null>} null where there is no such cache, or it does not do it
   */
  async #attempt(act) {
    if (!("caches" in globalThis)) return null;
    try {
      return await act(await caches.open(this.#name));
    } catch (thrown) {
      console.debug(`curbside: the cache ${this.#name} is not used: ${reason(thrown)}`);
      return null;
    }
  }
}

/**
 * Pages of a site share the cache; between looking and writing no other may write.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} act
 * @returns {Promise<T>}
 */
async function alone(name, act) {
  return globalThis.navigator?.locks ? navigator.locks.request(name, act) : act();
}
