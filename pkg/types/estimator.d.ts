// The estimator.

import type { Card, Target, Zone } from "./card.js";
import type { BatchEstimate, Estimate, Explanation, PredictReply, PredictRequest, ServeReply, ServeRequest, Trip, TripColumns, WarningText } from "./ride.js";
import type { LoadOptions, Manifest, Status } from "./weights.js";

/**
 * An opened bundle: scores rides. It stays usable when the module traps: it is opened again from its bytes.
 *
 * One that was loaded by a manifest may get newer weights, by its timer or {@link Estimator.refresh}. They take the old ones' place
 * in one act between two calls: every call, and everything read without awaiting in between, is of one version.
 */
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
  /**
   * Answers a request of any of the web protocols: `/predict`, MLflow's scoring protocol, the Open Inference Protocol, ride
   * events. Errors of the request included, and 404 for a path of none of them.
   * @throws {EngineError} as {@link Estimator.estimate}.
   */
  serve(request: ServeRequest): ServeReply;
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
  /** The manifest of the weights that serve; null if they were loaded by URL or bytes, or are the fallback. */
  readonly manifest: Manifest | null;
  /** How engine, weights and the last look for newer ones are. */
  readonly status: Status;
  /**
   * Looks now whether the manifest names other weights, and puts them in the place of those that serve: after signature, length,
   * digest and golden rides, and with tables if those that serve have them. One look is under way at a time: who asks meanwhile
   * gets the same. Never rejects: a look that fails leaves the weights in place, and `status.lastError` says why. Without a
   * manifest, or disposed of, it only tells the status.
   */
  refresh(): Promise<Status>;
  /** Stops following and gives its memory back. Using it afterwards is an `EngineError`; disposing it again does nothing. */
  dispose(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * Fetches, verifies and opens a bundle: signature, length, digest, every section, and the golden rides inside. With `cache` or
 * `fallback` it resolves with what they have where the manifest cannot be had; newer weights then replace that.
 * @throws {WeightsError} what was fetched is not what was asked for or not to be trusted.
 * @throws {BundleError} the bytes are no bundle that this build can score with.
 * @throws {EngineError} the WebAssembly module cannot be had or does not run.
 */
export function loadEstimator(options: LoadOptions): Promise<Estimator>;
