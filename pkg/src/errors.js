// The errors of this package. Each has a stable `code`; its message says what was expected, what was found, what to do.

/** @import { EngineErrorCode, ExplainErrorCode, WeightsErrorCode } from "../index.js" */

/** @typedef {"PULocationID" | "DOLocationID" | "trip_distance" | "pickup_datetime"} Field */

/** What all of them are. */
export class CurbsideError extends Error {
  /**
   * @param {string} code stable
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

/** A ride that cannot be scored. */
export class TripError extends CurbsideError {
  /** The same in every bundler's output. @override */
  name = "TripError";

  /**
   * @param {string} code
   * @param {string} message
   * @param {Field | null} field the one at fault
   */
  constructor(code, message, field) {
    super(code, message);
    this.field = field;
  }
}

/** Feature rows that do not fit the model. */
export class MatrixError extends CurbsideError {
  /** @override */
  name = "MatrixError";
  /** @type {"MATRIX_LENGTH"} @override */
  code = "MATRIX_LENGTH";

  /** @param {string} message */
  constructor(message) {
    super("MATRIX_LENGTH", message);
  }
}

/** A model whose estimates cannot be explained. */
export class ExplainError extends CurbsideError {
  /** @override */
  name = "ExplainError";
  /** @type {ExplainErrorCode} @override */
  code;

  /**
   * @param {ExplainErrorCode} code
   * @param {string} message
   */
  constructor(code, message) {
    super(code, message);
    this.code = code;
  }
}

/** Bytes that are no bundle this build can score with. */
export class BundleError extends CurbsideError {
  /** @override */
  name = "BundleError";

  /**
   * @param {string} code
   * @param {string} message
   * @param {string | null} section null for the header
   * @param {number} offset
   */
  constructor(code, message, section, offset) {
    super(code, message);
    this.section = section;
    this.offset = offset;
  }
}

/** Weights that could not be fetched or must not be trusted. */
export class WeightsError extends CurbsideError {
  /** @override */
  name = "WeightsError";
  /** @type {WeightsErrorCode} @override */
  code;

  /**
   * @param {WeightsErrorCode} code
   * @param {string} message
   * @param {{ url?: string | null, status?: number | null, cause?: unknown }} [where]
   */
  constructor(code, message, { url = null, status = null, cause } = {}) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.url = url;
    this.status = status;
  }
}

/** The WebAssembly module cannot be had or does not run. */
export class EngineError extends CurbsideError {
  /** @override */
  name = "EngineError";
  /** @type {EngineErrorCode} @override */
  code;

  /**
   * @param {EngineErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(code, message, options);
    this.code = code;
  }
}
