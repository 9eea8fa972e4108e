// Telling what the module refuses from what ends it.

import { BundleError, CurbsideError, ExplainError, TripError } from "./errors.js";

/**
 * @import { ExplainErrorCode } from "../index.js"
 * @import { Field } from "./errors.js"
 */

/**
 * A refusal, ours or the module's, as an instance of a class above; null for anything else, which then is a trap: nothing
 * that belongs to the caller runs inside the module.
 * @param {unknown} thrown
 * @returns {CurbsideError | null}
 */
export function refusal(thrown) {
  if (thrown instanceof CurbsideError) return thrown;
  if (!(thrown instanceof Error) || !("code" in thrown)) return null;
  const fault = /** @type {{ code: string, field: Field, section: string | null, offset: number } & Error} */ (thrown);
  if (fault.name === "TripError") return new TripError(fault.code, fault.message, fault.field ?? null);
  if (fault.name === "BundleError") return new BundleError(fault.code, fault.message, fault.section, fault.offset);
  if (fault.name === "ExplainError") return new ExplainError(/** @type {ExplainErrorCode} */ (fault.code), fault.message);
  return null;
}

/**
 * What something thrown says, in one line.
 * @param {unknown} thrown
 * @returns {string}
 */
export function reason(thrown) {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
