// How an estimator is, in plain data.

import { BundleError, CurbsideError, WeightsError } from "./errors.js";
import { reason } from "./refusal.js";

/**
 * @import { LookError, Status, WeightsState } from "../index.js"
 * @import { OpenBundle } from "./bundle.js"
 * @import { Engine } from "./engine.js"
 * @import { Held } from "./serving.js"
 */

/**
 * What came of the looks at a manifest.
 * @typedef {object} Looks
 * @property {number} trustedKeys how many
 * @property {string | null} checkedAt
 * @property {string | null} confirmedAt
 * @property {boolean} isDue
 * @property {LookError | null} lastError
 */

/** Of weights that no manifest names. @type {Looks} */
const NO_LOOKS = { trustedKeys: 0, checkedAt: null, confirmedAt: null, isDue: false, lastError: null };

/**
 * @param {Engine} engine
 * @param {Held} held
 * @param {Looks | null} looks
 * @returns {Status}
 */
export function statusOf(engine, held, looks) {
  const { trustedKeys, checkedAt, confirmedAt, isDue, lastError } = looks ?? NO_LOOKS;
  const { generation, lastTrap } = engine;
  const { manifest, bundle, keyid, sha256, loadedAt } = held;
  return {
    generation,
    lastTrap,
    state: stateOf(held, lastError),
    version: manifest?.version ?? versionOf(bundle),
    sequence: manifest?.sequence ?? null,
    sha256,
    keyid,
    trustedKeys,
    loadedAt,
    checkedAt,
    confirmedAt,
    isDue,
    lastError: lastError && { ...lastError },
  };
}

/**
 * A status is told whatever the engine does.
 * @param {OpenBundle} bundle
 */
function versionOf(bundle) {
  try {
    return bundle.version;
  } catch {
    return null;
  }
}

/**
 * @param {Held} held
 * @param {LookError | null} lastError
 * @returns {WeightsState}
 */
function stateOf({ origin }, lastError) {
  switch (origin) {
    case "options":
      return "fixed";
    case "fallback":
      return "fallback";
    case "cache":
      return "cached";
    case "manifest":
      return lastError === null ? "current" : "stale";
  }
}

/**
 * @param {unknown} thrown by a look
 * @param {string} at RFC 3339
 * @returns {LookError}
 */
export function lookErrorOf(thrown, at) {
  if (!(thrown instanceof CurbsideError)) return { code: "UNEXPECTED", message: reason(thrown), at };
  /** @type {{ url?: string, status?: number, section?: string, offset?: number }} */
  const where = {};
  if (thrown instanceof WeightsError) {
    if (thrown.url !== null) where.url = thrown.url;
    if (thrown.status !== null) where.status = thrown.status;
  } else if (thrown instanceof BundleError) {
    if (thrown.section !== null) where.section = thrown.section;
    where.offset = thrown.offset;
  }
  return { code: thrown.code, message: thrown.message, at, ...where };
}
