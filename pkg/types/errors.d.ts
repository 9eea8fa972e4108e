// What goes wrong, by class and by code.

/** An error of this package: its `code` is stable, its message says what was expected, what was found and what to do. */
export class CurbsideError extends Error {
  /** Stable code. */
  readonly code: string;
}

/** A ride that cannot be scored. */
export class TripError extends CurbsideError {
  /** The field at fault, by its name on the wire; null if the ride is no object or the columns do not go together. */
  readonly field: "PULocationID" | "DOLocationID" | "trip_distance" | "pickup_datetime" | null;
}

/** Feature rows that do not fit the model. */
export class MatrixError extends CurbsideError {
  readonly code: "MATRIX_LENGTH";
}

/** Codes of {@link ExplainError}. */
export type ExplainErrorCode = "NO_BACKGROUND" | "LINEAR_LEAVES";

/** A model whose estimates cannot be explained. */
export class ExplainError extends CurbsideError {
  readonly code: ExplainErrorCode;
}

/** Bytes that are no bundle this build can score with. */
export class BundleError extends CurbsideError {
  /** The section at fault; null for the header. */
  readonly section: string | null;
  /** Where in the inflated bytes, as far as that is known; else 0. */
  readonly offset: number;
}

/** Codes of {@link WeightsError}. */
export type WeightsErrorCode =
  | "OPTIONS"
  | "TRUSTED_KEYS"
  | "CRYPTO_UNSUPPORTED"
  | "FETCH_FAILED"
  | "FETCH_STATUS"
  | "FETCH_TIMEOUT"
  | "MANIFEST_MALFORMED"
  | "MANIFEST_SCHEMA"
  | "MANIFEST_NAME"
  | "MANIFEST_KEY"
  | "MANIFEST_SIGNATURE"
  | "MANIFEST_SEQUENCE"
  | "BLOB_LENGTH"
  | "BLOB_DIGEST"
  | "BLOB_TOO_LARGE"
  | "BLOB_GZIP";

/** Weights that could not be fetched or must not be trusted. */
export class WeightsError extends CurbsideError {
  readonly code: WeightsErrorCode;
  /** What was being fetched; null if nothing was. */
  readonly url: string | null;
  /** HTTP status, for `FETCH_STATUS`; else null. */
  readonly status: number | null;
}

/** Codes of {@link EngineError}. */
export type EngineErrorCode = "ENGINE_MODULE" | "ENGINE_TRAPPED" | "ESTIMATOR_DISPOSED";

/** The WebAssembly module cannot be had (`ENGINE_MODULE`) or does not run. */
export class EngineError extends CurbsideError {
  readonly code: EngineErrorCode;
}
