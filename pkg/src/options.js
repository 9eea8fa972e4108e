// What the caller of `loadEstimator` asked for, checked before anything is fetched.

import { WeightsError } from "./errors.js";
import { hasTimers } from "./host.js";

/** @import { Following, LoadOptions, ManifestSource, Status } from "../index.js" */

/** Options that each name a source of weights. */
const SOURCES = ["manifest", "url", "bytes"];
/** Options that mean nothing without a manifest. */
const OF_MANIFEST = ["name", "follow", "cache", "fallback", "patienceSeconds"];

const EVERY_SECONDS = 5;
const DEADLINE_SECONDS = 30;
const PATIENCE_SECONDS = 2;

/**
 * How a manifest is to be followed.
 * @typedef {object} Plan
 * @property {number} everyMs
 * @property {number} deadlineMs
 * @property {((status: Status) => void) | null} onChange
 * @property {boolean} timer whether to look by a timer
 * @property {number} patienceMs
 */

/** @param {LoadOptions} options */
export function checkOptions(options) {
  const fields = /** @type {{ [name: string]: unknown }} */ (Object(options));
  const given = SOURCES.filter((name) => fields[name] != null);
  if (given.length !== 1) {
    throw wrong(`options: expected one of ${SOURCES.join(", ")}, found ${given.length === 0 ? "none of them" : given.join(" and ")}`);
  }
  const idle = fields["manifest"] == null ? OF_MANIFEST.find((name) => fields[name] != null) : undefined;
  if (idle !== undefined) throw wrong(`${idle}: expected it beside \`manifest\`, found it beside \`${given[0]}\``);
}

/**
 * @param {ManifestSource} options
 * @returns {Plan}
 */
export function planOf({ name, cache, fallback, follow, patienceSeconds = PATIENCE_SECONDS }) {
  checkText("name", name);
  checkText("cache", cache);
  const kinds = fallback == null || typeof fallback === "function" || fallback instanceof Uint8Array || fallback instanceof ArrayBuffer;
  if (!kinds) throw wrong(`fallback: expected the bytes of a bundle or a function that gets them, found ${typeof fallback}`);
  if (follow != null && typeof follow !== "boolean" && typeof follow !== "object") {
    throw wrong(`follow: expected true or an object, found ${typeof follow}`);
  }
  /** @type {Following} */
  const { everySeconds = EVERY_SECONDS, deadlineSeconds = DEADLINE_SECONDS, onChange, timer } = Object(follow);
  if (onChange != null && typeof onChange !== "function") throw wrong(`follow.onChange: expected a function, found ${typeof onChange}`);
  return {
    everyMs: milliseconds("follow.everySeconds", everySeconds, Number.MIN_VALUE),
    deadlineMs: milliseconds("follow.deadlineSeconds", deadlineSeconds, Number.MIN_VALUE),
    onChange: onChange ?? null,
    timer: Boolean(follow) && (timer ?? hasTimers),
    patienceMs: milliseconds("patienceSeconds", patienceSeconds, 0),
  };
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function checkText(name, value) {
  if (value == null || (typeof value === "string" && value !== "")) return;
  throw wrong(`${name}: expected a text, found ${JSON.stringify(value)?.slice(0, 80) ?? typeof value}`);
}

/**
 * @param {string} name
 * @param {unknown} seconds
 * @param {number} least
 */
function milliseconds(name, seconds, least) {
  if (typeof seconds === "number" && seconds >= least) return seconds * 1000;
  const found = typeof seconds === "number" ? seconds : (JSON.stringify(seconds) ?? typeof seconds);
  throw wrong(`${name}: expected a number of seconds${least > 0 ? " above 0" : ", 0 or more"}, found ${found}`);
}

/** @param {string} message */
function wrong(message) {
  return new WeightsError("OPTIONS", message);
}
