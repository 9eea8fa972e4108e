// What differs between hosts: clocks, turns of the event loop, whether fetch has a cache of its own.

/** workerd: timers live no longer than the request that set them. */
const isWorkerd = globalThis.navigator?.userAgent === "Cloudflare-Workers";

/** Whether a timer may outlive the call that sets it. */
export const hasTimers = !isWorkerd;

/** Whether `fetch` goes through a cache that asks again by itself, as browsers' does, in pages and in their workers. */
export const hasHttpCache = !isWorkerd && ("document" in globalThis || "importScripts" in globalThis);

/** Longest delay that a timer takes; more would be none at all. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Milliseconds by a clock that nobody sets. @returns {number} */
export const elapsed = () => performance.now();

/** This host's date and time, RFC 3339; told, and never computed with. @returns {string} */
export const timestamp = () => new Date().toISOString();

/**
 * A timer that keeps no process alive.
 * @param {() => void} act
 * @param {number} milliseconds
 * @returns {() => void} takes it back
 */
export function later(act, milliseconds) {
  /** @type {number | { unref?: () => void }} */
  const timer = setTimeout(act, Math.min(milliseconds, MAX_DELAY_MS));
  if (typeof timer === "object") timer.unref?.();
  return () => clearTimeout(/** @type {any} */ (timer));
}

/** Lets the event loop turn: whatever waits is served before the next piece of long work. @returns {Promise<void>} */
export function nextTask() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** How long a busy page may put off what waits for it to be idle. */
const IDLE_TIMEOUT_MS = 2000;

/** A moment without other work, where the host tells of such. @returns {Promise<void>} */
export function idle() {
  if (typeof requestIdleCallback !== "function") return nextTask();
  return new Promise((resolve) => requestIdleCallback(() => resolve(), { timeout: IDLE_TIMEOUT_MS }));
}
