/// <reference lib="esnext.disposable" />

/**
 * A ride, as the wire has it. The TLC's other spellings of these names (`lpep_pickup_datetime`, `tpep_pickup_datetime`)
 * and Rust's (`pu_location_id`, `do_location_id`) are read too; two spellings that disagree are a `TripError`.
 */
export interface Trip {
  /** TLC zone of the pickup: 1 to 265, as a number or as a text of digits. */
  readonly PULocationID: number | string;
  /** TLC zone of the drop-off: 1 to 265, as a number or as a text of digits. */
  readonly DOLocationID: number | string;
  /**
   * Miles, 0 to 100. Absent or null where the rider does not know it: then it is estimated, and `assumed` says so. 0 or
   * above 50 is taken as not measured: ignored, with a warning.
   */
  readonly trip_distance?: number | null | undefined;
  /**
   * When the ride begins: a `Date`, a text in RFC 3339 with an offset, or `YYYY-MM-DDTHH:MM[:SS]` as New York's local time.
   * Absent or null: now, and `assumed` says so. Years 2007 to 2099.
   */
  readonly pickup_datetime?: Date | string | null | undefined;
}

/** Something the rider should know about an estimate. */
export interface Warning {
  /** Stable code, such as `UNSEEN_ZONE_PAIR`. */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** A {@link Warning} and the bit that stands for it in {@link BatchEstimate.warnings}. */
export interface WarningText extends Warning {
  /** A power of two. */
  readonly bit: number;
}

/** What a rider is told. */
export interface Estimate {
  /** Minutes (or the unit of {@link Estimator.target}), within the target's bounds. */
  readonly duration: number;
  /**
   * Lower end of the interval that a share of {@link Estimate.coverage} of such rides falls in, in the same unit and bounds;
   * never above `duration`. Null where the bundle has no interval.
   */
  readonly duration_low: number | null;
  /** Upper end of that interval; never below `duration`. Null where the bundle has no interval. */
  readonly duration_high: number | null;
  /** The share of rides that the interval is made for, such as 0.8. Null where the bundle has no interval. */
  readonly coverage: number | null;
  /** Miles that were scored, given or assumed. */
  readonly trip_distance: number;
  /** Wall time of the pickup that was scored, `YYYY-MM-DDTHH:MM`, where the ride is. */
  readonly pickup_datetime: string;
  /** What the ride did not say and the estimate took instead; a key is there only if it was assumed. */
  readonly assumed: {
    /** Miles. */
    readonly trip_distance?: number;
    /** Wall time, `YYYY-MM-DDTHH:MM`: the host's now. */
    readonly pickup_datetime?: string;
  };
  /** What the rider should know; usually empty. */
  readonly warnings: readonly Warning[];
}

/** Something that a rider told, or had assumed for them. */
export type Fact = "pickup_zone" | "dropoff_zone" | "distance" | "time_of_day" | "day_of_week" | "holiday";

/** What a column of the model contributes. */
export interface ColumnContribution {
  /** Its name, as in {@link Estimator.columns}. */
  readonly name: string;
  /** Its number for this ride; null where it is missing. */
  readonly value: number | null;
  /** How much it moves the estimate, in {@link Explanation.unit}. */
  readonly amount: number;
}

/** What moves an estimate, in a rider's words. */
export interface Contribution {
  /** The facts that its columns are computed from. */
  readonly facts: readonly Fact[];
  /** What a rider calls them together: `distance`, `assumed distance`, `route and time of day`. */
  readonly words: string;
  /** How much it moves the estimate, in {@link Explanation.unit}. */
  readonly amount: number;
  /** The same by columns. */
  readonly columns: readonly ColumnContribution[];
}

/** Why an estimate is what it is: Shapley values, as LightGBM's `pred_contrib` and XGBoost's `pred_contribs` compute them. */
export interface Explanation {
  /**
   * What the numbers below are numbers of. `target`: of the estimate itself. A model that ends in a function explains the number
   * before that: the estimate's logarithm (`log`), the logarithm of its odds (`log_odds`), its root (`root`).
   */
  readonly space: "target" | "log" | "log_odds" | "root";
  /** Their unit, such as `minutes`. */
  readonly unit: string;
  /** The average over the rides of the training. */
  readonly base_value: number;
  /** What moves the estimate from there, the largest first. */
  readonly contributions: readonly Contribution[];
  /** `base_value` and all contributions: in the space `target` the estimate before it was moved into the target's bounds. */
  readonly sum: number;
  /** Whether it was moved into them. */
  readonly clipped: boolean;
}

/** Many rides as columns of one length, values as in {@link Trip}. Typed arrays of doubles are the fastest. */
export interface TripColumns {
  /** Zones of the pickups. */
  readonly PULocationID: ArrayLike<number | string>;
  /** Zones of the drop-offs. */
  readonly DOLocationID: ArrayLike<number | string>;
  /** Miles; null, undefined, or NaN in a `Float64Array`, where not known. Absent: known for none. */
  readonly trip_distance?: ArrayLike<number | null | undefined> | null | undefined;
  /**
   * Times of pickup: a column of them (in a `Float64Array`: milliseconds since 1970 in UTC, as `Date.now()` gives), or one
   * `Date` or text for all rides. Absent: now for all.
   */
  readonly pickup_datetime?: ArrayLike<Date | string | null | undefined> | Float64Array | Date | string | null | undefined;
}

/** One ride of a batch that cannot be scored. */
export interface RowError {
  /** Its row, from 0. */
  readonly row: number;
  /** Stable code, as a `TripError` has it. */
  readonly code: string;
  /** The field at fault, by its name on the wire. */
  readonly field: string;
  /** One sentence: what was expected and what was found. */
  readonly message: string;
}

/** Estimates of many rides. */
export interface BatchEstimate {
  /** One a ride; NaN where the ride cannot be scored. */
  readonly durations: Float64Array;
  /** Lower ends of the intervals, as {@link Estimate.duration_low}; NaN as in `durations`. Null without an interval. */
  readonly lows: Float64Array | null;
  /** Upper ends of the intervals, as {@link Estimate.duration_high}; NaN as in `durations`. Null without an interval. */
  readonly highs: Float64Array | null;
  /** One a ride: the sum of the {@link WarningText.bit}s of its warnings. */
  readonly warnings: Uint32Array;
  /** The rides that cannot be scored, by row. */
  readonly errors: readonly RowError[];
}

/** A `POST /predict` as its carrier has it. */
export interface PredictRequest {
  /** The `Content-Type` header, if any. */
  readonly contentType?: string | null | undefined;
  /** The body; a text stands for its UTF-8 bytes. */
  readonly body: Uint8Array | ArrayBuffer | string;
  /** The carrier's clock: milliseconds since 1970 in UTC, or a `Date`. Absent: the host's own. */
  readonly now?: number | Date | undefined;
  /**
   * Whether the reply is to hold an `explanation`, an {@link Explanation} ; null, and
   * a warning that says why, if this bundle cannot give one.
   */
  readonly explain?: boolean | undefined;
}

/** What to send back. */
export interface PredictReply {
  /** HTTP status: 200, 400, 415 or 422. */
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/** A place. */
export interface Zone {
  /** 1 to 265. */
  readonly id: number;
  /** Such as `JFK Airport`. */
  readonly name: string;
  /** Such as `Queens`. */
  readonly borough: string;
  /** Whether it is an airport. */
  readonly airport: boolean;
  /** Degrees north of its centre; null for the two zones that have no place. */
  readonly latitude: number | null;
  /** Degrees east of its centre; null for the two zones that have no place. */
  readonly longitude: number | null;
}

/** What the number means. */
export interface Target {
  /** Such as `duration`. */
  readonly name: string;
  /** Such as `minutes`. */
  readonly unit: string;
  /** Estimates below this are raised to it. */
  readonly low: number;
  /** Estimates above this are lowered to it. */
  readonly high: number;
}

/** Error of an estimate, in the target's unit. */
export interface Metrics {
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Mean of estimate minus truth. */
  readonly bias: number;
  /** Rides measured. */
  readonly rides: number;
}

/** How an interval did on rides that neither model nor interval learnt from. */
export interface IntervalMetrics {
  /** The share of rides that it is made for. */
  readonly coverage: number;
  /** The share of rides that fell in it. */
  readonly covered: number;
  /** Mean of upper minus lower end, in the target's unit. */
  readonly mean_width: number;
  /** Rides measured. */
  readonly rides: number;
}

/** One file of rides that a model learnt from or was measured on. */
export interface Month {
  /** File name. */
  readonly file: string;
  /** Digest of the file, in hexadecimal. */
  readonly sha256: string;
  /** Rows in the file. */
  readonly rows: number;
  /** Rows that were used. */
  readonly used: number;
  /** Rows that were not, by reason. */
  readonly dropped: readonly { readonly reason: string; readonly rows: number }[];
}

/** Where a model comes from and how good it is. */
export interface Card {
  /** Such as `ride-duration`. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Day of the last training ride, `YYYY-MM-DD`. */
  readonly created: string;
  /** What kind of model it is. */
  readonly algorithm: string;
  /** The command that made it. */
  readonly command: string;
  /** Commit of the code that made it, where known. */
  readonly git_commit: string | null;
  /** MLflow run that it belongs to, where there is one. */
  readonly mlflow_run: string | null;
  /** Months it learnt from. */
  readonly trained_on: readonly Month[];
  /** Months that correction and interval were fitted on; empty: the training months, by folds of whole days. */
  readonly calibrated_on: readonly Month[];
  /** Version and digest of the bundle whose model this is under another calibration; null for a model of its own. */
  readonly recalibrated_from: string | null;
  /** Months it was measured on, once. */
  readonly measured_on: readonly Month[];
  /** Error on the training months, by folds of whole days. */
  readonly folds: Metrics | null;
  /** The same without the rides' distances. */
  readonly folds_without_distance: Metrics | null;
  /** Error on the months it was measured on. */
  readonly test: Metrics | null;
  /** The same without the rides' distances. */
  readonly test_without_distance: Metrics | null;
  /** The interval on the months it was measured on. */
  readonly interval: IntervalMetrics | null;
  /** The same without the rides' distances. */
  readonly interval_without_distance: IntervalMetrics | null;
  /** Error on the months it was measured on, by borough of the pickup. */
  readonly boroughs: readonly { readonly borough: string; readonly metrics: Metrics }[];
  /** What the trainer was told: name and value. */
  readonly parameters: readonly (readonly [string, string])[];
  /** What makes its figures less than they seem, such as a month of measuring that is earlier than one of training. */
  readonly warnings: readonly string[];
  /** Anything else a user should know. */
  readonly notes: readonly string[];
}

/** The signed statement of which weights to serve. */
export interface Manifest {
  /** Version of this layout: 1. */
  readonly schema: 1;
  /** Name of the model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Counts publications of this alias: a newer one is higher. */
  readonly sequence: number;
  /** Digest of the stored object, in hexadecimal. */
  readonly sha256: string;
  /** Length of the stored object. */
  readonly bytes: number;
  /** Where it is, relative to the manifest. */
  readonly url: string;
  /** When it was published, RFC 3339. */
  readonly created_at: string;
  /** MLflow run that the model belongs to, if any. */
  readonly mlflow_run: string | null;
  /** Version in MLflow's registry, if any. */
  readonly mlflow_model_version: string | null;
  /** Error measured before publication, if any. */
  readonly metrics: Metrics | null;
  /** Digest of the object that was served before, if any. */
  readonly previous: string | null;
}

/** How the engine below an estimator is. */
export interface Status {
  /** 1 at first, and one more for every time the WebAssembly instance trapped and was replaced. */
  readonly generation: number;
  /** What the last trap said; null if there was none. */
  readonly lastTrap: string | null;
}

/** A function such as the platform's `fetch`. It is called with an absolute URL. */
export type Fetch = (url: string, init?: { signal?: AbortSignal }) => Promise<Response>;

/** Where the weights come from: one of three. */
export type Source =
  | {
      /** URL of the signed manifest; a relative one is resolved against the page. */
      readonly manifest: string | URL;
      /**
       * Ed25519 public keys, 32 raw bytes each, in base64. The manifest must be signed by one of them; give two while a
       * key is being replaced.
       */
      readonly trustedKeys: readonly string[];
    }
  | {
      /** URL of a stored bundle. */
      readonly url: string | URL;
      /** Digest that the stored bytes must have, in hexadecimal. */
      readonly sha256: string;
    }
  | {
      /** A bundle that is at hand and trusted, gzipped or not. */
      readonly bytes: Uint8Array | ArrayBuffer;
    };

/** `WebAssembly.Module`, in projects whose types know it: Node's alone do not. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** Where the WebAssembly module comes from. The first estimator of a realm decides: the module is instantiated once. */
export type WasmSource = WasmModule | Uint8Array | ArrayBuffer | URL | string | Response;

/** What is the same for every source of weights. */
export interface LoadSettings {
  /** Fetches manifest and weights in place of the platform's `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Stops the loading; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link loadEstimator} takes. */
export type LoadOptions = Source &
  LoadSettings & {
    /** The WebAssembly module, where it is not the one beside this package's files. */
    readonly wasm?: WasmSource | undefined;
  };

/** An opened bundle: scores rides. It stays usable when the module traps: it is opened again from its bytes. */
export interface Estimator {
  /**
   * Builds tables inside the module, by which an estimate takes a fraction of the time and has the same bits. It takes some
   * milliseconds and nearly two megabytes, so call it when the host is idle: after the first estimate, in an idle callback or in
   * `waitUntil`. Called again, it does nothing. Trees of more than 128 leaves get a faster walk instead. True if either serves;
   * false if this bundle's model needs none (a linear model, fewer than four trees), and estimates go on as before.
   * @throws {EngineError} as {@link Estimator.estimate}; estimates go on as before.
   */
  prepare(): boolean;
  /**
   * Estimates one ride. A ride in numbers, its time a `Date`, a text or absent, crosses into the module as numbers alone.
   * @throws {TripError} the ride cannot be scored; `field` says why.
   * @throws {EngineError} the module trapped twice, or the estimator was disposed.
   */
  estimate(trip: Trip): Estimate;
  /**
   * Why the estimate of a ride is what it is. The first explanation takes some milliseconds more than others.
   * @throws {ExplainError} this bundle's estimates cannot be explained: {@link Estimator.explains} is false.
   * @throws {TripError} as {@link Estimator.estimate}.
   * @throws {EngineError} as {@link Estimator.estimate}.
   */
  explain(trip: Trip): Explanation;
  /**
   * Whether estimates can be explained: whether the bundle has a background to compare them with, and leaves that are constants.
   */
  readonly explains: boolean;
  /**
   * Estimates many rides. A ride that cannot be scored spoils no other: it is in `errors`.
   * @throws {TripError} `COLUMNS_LENGTH`: the columns have different lengths.
   * @throws {EngineError} as {@link Estimator.estimate}.
   */
  estimateBatch(columns: TripColumns): BatchEstimate;
  /**
   * The model's own number for one row of features, in the order of {@link Estimator.columns}: what the library that trained
   * the model predicts, to the bit, before correction and bounds. For models of anything, without a ride; NaN, and whatever
   * is no number, is a missing value.
   * @throws {MatrixError} `MATRIX_LENGTH`: not one number a column.
   * @throws {EngineError} as {@link Estimator.estimate}.
   */
  rawRow(values: ArrayLike<number>): number;
  /**
   * The same for many rows, laid out one after another; into `out`, one number a row, where it is given.
   * @throws {MatrixError} `MATRIX_LENGTH`: no whole rows, or `out` has not one place a row.
   * @throws {EngineError} as {@link Estimator.estimate}.
   */
  rawMatrix(values: Float64Array, out?: Float64Array): Float64Array;
  /** Names of the columns that the model takes, in their order. */
  readonly columns: readonly string[];
  /**
   * Answers `POST /predict`, errors of the request included.
   * @throws {EngineError} as {@link Estimator.estimate}.
   */
  predict(request: PredictRequest): PredictReply;
  /** The share of rides that its intervals are made for, such as 0.8; null where the bundle has no interval. */
  readonly coverage: number | null;
  /** Where the model comes from and how good it is. */
  readonly card: Card;
  /** The places it knows. */
  readonly zones: readonly Zone[];
  /** What its number means. */
  readonly target: Target;
  /** The warnings there are, and their bits in a batch. */
  readonly warningTexts: readonly WarningText[];
  /** The manifest it was loaded by; null if it was loaded by URL or bytes. */
  readonly manifest: Manifest | null;
  /** How the engine is. */
  readonly status: Status;
  /** Gives its memory back. Using it afterwards is an `EngineError`; disposing it again does nothing. */
  dispose(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * Fetches, verifies and opens a bundle: signature, length, digest, every section, and the golden rides inside.
 * @throws {WeightsError} what was fetched is not what was asked for or not to be trusted.
 * @throws {BundleError} the bytes are no bundle that this build can score with.
 * @throws {EngineError} the WebAssembly module cannot be had or does not run.
 */
export function loadEstimator(options: LoadOptions): Promise<Estimator>;

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
  | "MANIFEST_MALFORMED"
  | "MANIFEST_SCHEMA"
  | "MANIFEST_KEY"
  | "MANIFEST_SIGNATURE"
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
