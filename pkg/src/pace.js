// When weights that failed are tried again. The manifest is looked at every few seconds, and that must not fetch megabytes
// again and again which the manifest names and nobody can use.

import { BundleError, WeightsError } from "./errors.js";
import { elapsed } from "./host.js";

/** However often they failed, weights may have been mended in the meantime. */
const MAX_WAIT_MS = 60_000;

/** Of bytes whose digest was right. */
const FINAL = ["BLOB_GZIP", "BLOB_TOO_LARGE"];

export class Pace {
  #firstWaitMs;
  /** @type {{ digest: string, fault: unknown, failures: number, at: number } | null} */
  #last = null;

  /** @param {number} firstWaitMs after one failure; doubled with each */
  constructor(firstWaitMs) {
    this.#firstWaitMs = firstWaitMs;
  }

  /**
   * Throws what these weights failed with where trying again would be too soon, or in vain.
   * @param {string} digest
   */
  check(digest) {
    const last = this.#last;
    if (last?.digest !== digest) return;
    const waits = Math.min(this.#firstWaitMs * 2 ** (last.failures - 1), MAX_WAIT_MS);
    const waited = elapsed() - last.at;
    if (isFinal(last.fault) || (waited >= 0 && waited < waits)) throw last.fault;
  }

  /**
   * @param {string} digest
   * @param {unknown} fault
   */
  failed(digest, fault) {
    const failures = this.#last?.digest === digest ? this.#last.failures + 1 : 1;
    this.#last = { digest, fault, failures, at: elapsed() };
  }
}

/**
 * Whether the same bytes will always have this fault: a trap may have been for want of memory, and a download may do better.
 * @param {unknown} fault
 */
function isFinal(fault) {
  return fault instanceof BundleError || (fault instanceof WeightsError && FINAL.includes(fault.code));
}
