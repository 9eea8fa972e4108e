// One look at a time: when it began, when it must be over, when the next one is due, and what it failed with.

import { WeightsError } from "./errors.js";
import { elapsed, later, timestamp } from "./host.js";
import { lookErrorOf } from "./status.js";

/** @import { LookError } from "../index.js" */

/** A look that has not ended so long after its deadline never will: its host has dropped it. */
const OVERDUE_MS = 5000;

/**
 * A look under way.
 * @typedef {object} Look
 * @property {AbortSignal} signal its deadline, or that nobody follows any more
 * @property {() => boolean} isLive whether what comes of it still counts
 */

export class Looks {
  #url;
  #everyMs;
  #act;
  #onEnd;
  /** @type {{ controller: AbortController, startedAt: number, deadlineMs: number, ended: Promise<void> } | null} */
  #underWay = null;
  /** By the clock that nobody sets. @type {number | null} */
  #endedAt = null;
  #isClosed = false;

  /** When the last look ended. @type {string | null} */
  checkedAt = null;
  /** What the last look failed with. @type {unknown} */
  fault = null;
  /** The same, to be told. @type {LookError | null} */
  lastError = null;

  /**
   * @param {string} url of the manifest, for messages
   * @param {number} everyMs
   * @param {(look: Look) => Promise<void>} act
   * @param {() => void} onEnd
   */
  constructor(url, everyMs, act, onEnd) {
    this.#url = url;
    this.#everyMs = everyMs;
    this.#act = act;
    this.#onEnd = onEnd;
  }

  get isDue() {
    if (this.#isClosed || this.isUnderWay) return false;
    if (this.#endedAt === null) return true;
    const since = elapsed() - this.#endedAt;
    // Some hosts' clock for this is the wall's, which may be put back.
    return since < 0 || since >= this.#everyMs;
  }

  get isUnderWay() {
    return this.#current() !== null;
  }

  get isClosed() {
    return this.#isClosed;
  }

  /**
   * Looks now, or waits for the look under way. Once closed, does nothing. Never rejects.
   * @param {number} deadlineMs
   * @returns {Promise<void>}
   */
  async join(deadlineMs) {
    if (this.#isClosed) return;
    const current = this.#current();
    if (current !== null) return current.ended;
    const begun = { controller: new AbortController(), startedAt: elapsed(), deadlineMs, ended: Promise.resolve() };
    this.#underWay = begun;
    begun.ended = this.#run(begun.controller, deadlineMs, () => !this.#isClosed && this.#underWay === begun);
    return begun.ended;
  }

  /**
   * Ends the look under way; nothing comes of it.
   * @param {unknown} why
   */
  close(why) {
    this.#isClosed = true;
    this.#underWay?.controller.abort(why);
  }

  /** The look under way, unless its host has dropped it. */
  #current() {
    if (this.#underWay === null) return null;
    const age = elapsed() - this.#underWay.startedAt;
    return age >= 0 && age <= this.#underWay.deadlineMs + OVERDUE_MS ? this.#underWay : null;
  }

  /**
   * @param {AbortController} controller
   * @param {number} deadlineMs
   * @param {() => boolean} isLive
   */
  async #run(controller, deadlineMs, isLive) {
    const disarm = deadlineMs === Infinity ? () => {} : later(() => controller.abort(this.#tooLate(deadlineMs)), deadlineMs);
    const { signal } = controller;
    let fault = null;
    try {
      // A fetch that does not heed the signal is not waited for either.
      await Promise.race([this.#act({ signal, isLive }), aborted(signal)]);
    } catch (thrown) {
      fault = thrown;
    } finally {
      disarm();
    }
    if (!isLive()) return;
    this.#underWay = null;
    this.#endedAt = elapsed();
    this.checkedAt = timestamp();
    this.fault = fault;
    this.lastError = fault === null ? null : lookErrorOf(fault, this.checkedAt);
    this.#onEnd();
  }

  /** @param {number} deadlineMs */
  #tooLate(deadlineMs) {
    const url = this.#url;
    const message = `manifest at ${url}: expected it and its weights within ${deadlineMs / 1000} s, found no end of them; try again, or allow more time`;
    return new WeightsError("FETCH_TIMEOUT", message, { url });
  }
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<never>} rejects with its reason
 */
function aborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
