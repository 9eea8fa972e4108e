// What a bundle says of itself.

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
