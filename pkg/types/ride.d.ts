// Rides in, estimates out.

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

/** A request of any of the web protocols as its carrier has it. */
export interface ServeRequest {
  /** The method, in capitals. */
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** As {@link PredictRequest.explain}, for `/predict`. */
  readonly explain?: boolean | undefined;
  /** The `Content-Type` header, if any. */
  readonly contentType?: string | null | undefined;
  /** The `Inference-Header-Content-Length` header, if any: the Open Inference Protocol's binary tensors begin behind so many bytes. */
  readonly inferenceHeaderLength?: string | null | undefined;
  /** The body; a text stands for its UTF-8 bytes, nothing for no bytes. */
  readonly body?: Uint8Array | ArrayBuffer | string | null | undefined;
  /** The carrier's clock, as {@link PredictRequest.now}. */
  readonly now?: number | Date | undefined;
}

/** What to send back. */
export interface ServeReply {
  /** HTTP status. */
  readonly status: number;
  /** The `Content-Type` header. */
  readonly contentType: string;
  /** A text, or bytes where the content type is `application/octet-stream`. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** More headers: names in lower case and values in turn. Undefined if there are none. */
  readonly headers: readonly string[] | undefined;
  /** The stable code of what was refused; undefined if nothing was. */
  readonly code: string | undefined;
  /** Rides that were scored. */
  readonly rides: number;
  /** Rides that could not be. */
  readonly refused: number;
  /** Scored rides between zones that no ride of the training joined: their estimates carry `UNSEEN_ZONE_PAIR`. */
  readonly unseenPairs: number;
}
