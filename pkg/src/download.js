// Bytes over HTTP, never more of them than the caller expects.

import { WeightsError } from "./errors.js";
import { hasHttpCache } from "./host.js";
import { reason } from "./refusal.js";

/** @import { Fetch, FetchInit } from "../index.js" */

/**
 * How to fetch.
 * @typedef {object} Fetching
 * @property {Fetch} fetch
 * @property {AbortSignal | undefined} signal
 * @property {Copies} [copies] absent: any will do, for what never changes
 */

/**
 * Which copies on the way will do: one that the server has just confirmed, or none at all.
 * @typedef {"confirmed" | "none"} Copies
 */

/**
 * What came.
 * @typedef {object} Download
 * @property {Uint8Array<ArrayBuffer>} bytes the whole body, or one byte more than `limit` of a longer one
 * @property {string} kind what the server called it, for messages
 * @property {string | null} etag
 */

/**
 * Fetches at most `limit` bytes and one, which tells that there are more.
 * @param {string} what for messages: "manifest", "weights"
 * @param {string} url absolute
 * @param {number} limit
 * @param {Fetching} how
 * @param {string | null} [known] etag of what is at hand already
 * @returns {Promise<Download | null>} null: what is at hand is still the same
 */
export async function download(what, url, limit, { fetch, signal, copies }, known = null) {
  signal?.throwIfAborted();
  const init = initOf(signal, copies, known);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(url, init);
  } catch (thrown) {
    throw failure(what, url, signal, thrown, "check the address, the network and the server's CORS headers");
  }
  if (response.status === 304 && init.headers?.["if-none-match"] !== undefined) return null;
  if (response.status !== 200) {
    // The body of an error is nobody's; left unread it would hold the connection.
    response.body?.cancel().catch(() => {});
    const message = `${what} at ${url}: expected HTTP status 200, found ${response.status}; publish it there or correct the URL`;
    throw new WeightsError("FETCH_STATUS", message, { url, status: response.status });
  }
  const kind = response.headers.get("content-type") ?? "no content type";
  const etag = response.headers.get("etag");
  if (response.body === null) return { bytes: new Uint8Array(0), kind, etag };
  try {
    return { bytes: await readAtMost(response.body, limit + 1), kind, etag };
  } catch (thrown) {
    throw failure(what, url, signal, thrown, "the connection broke off: try again");
  }
}

/**
 * A header of ours would have browsers ask the server for leave first, and go round their own cache; so there the cache is
 * told instead, and elsewhere the server.
 * @param {AbortSignal | undefined} signal
 * @param {Copies | undefined} copies
 * @param {string | null} known
 * @returns {FetchInit}
 */
function initOf(signal, copies, known) {
  /** @type {FetchInit} */
  const init = signal ? { signal } : {};
  if (hasHttpCache) {
    if (copies !== undefined) init.cache = copies === "none" ? "reload" : "no-cache";
  } else if (copies === "none") {
    init.headers = { "cache-control": "no-cache" };
  } else if (known !== null) {
    init.headers = { "if-none-match": known };
  }
  return init;
}

/**
 * Reads a stream to its end or to `limit` bytes, whichever comes first.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} limit
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function readAtMost(stream, limit) {
  const reader = stream.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let length = 0;
  while (length < limit) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value.subarray(0, limit - length));
    length += Math.min(value.length, limit - length);
  }
  if (length === limit) reader.cancel().catch(() => {});
  const bytes = new Uint8Array(length);
  let place = 0;
  for (const part of parts) {
    bytes.set(part, place);
    place += part.length;
  }
  return bytes;
}

/**
 * @param {string} what
 * @param {string} url
 * @param {AbortSignal | undefined} signal
 * @param {unknown} thrown
 * @param {string} remedy
 */
function failure(what, url, signal, thrown, remedy) {
  // Who aborted knows why, and every platform rejects with the signal's reason.
  if (signal?.aborted) return signal.reason;
  const message = `${what} at ${url}: expected a reply, found ${reason(thrown)}; ${remedy}`;
  return new WeightsError("FETCH_FAILED", message, { url, cause: thrown });
}
