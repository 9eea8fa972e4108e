// Many rides as columns. Rows in numbers go to the module as columns of doubles; a row with anything else in it takes the
// way of a single ride, so that both follow the same rules.

import { TripError } from "./errors.js";
import { GIVEN_DISTANCE } from "./trip.js";

/**
 * @import { BatchEstimate, RowError, TripColumns } from "../index.js"
 * @import { AnyTrip } from "./trip.js"
 */

/** Rows that cross at once: the module's memory grows with them and never shrinks. */
const CHUNK = 8192;

/**
 * What scores.
 * @typedef {object} Scoring
 * @property {(text: string) => { pickup: number, given: number } | null} read a time of pickup; null if it is none
 * @property {(pu: Float64Array, to: Float64Array, distance: Float64Array, pickup: Float64Array, given: Uint8Array) =>
 *   any[]} score durations, warnings, errors, lows, highs; the last two are null without an interval
 * @property {boolean} hasInterval whether the bundle has an interval
 * @property {(trip: AnyTrip) => { duration: number, warnings: number, low: number, high: number }} scoreOne throws a
 *   `TripError`
 */

/**
 * @param {TripColumns} columns
 * @param {Scoring} scoring
 * @returns {BatchEstimate}
 */
export function estimateColumns(columns, scoring) {
  const rows = checkLengths(columns);
  const now = Date.now();
  const durations = new Float64Array(rows);
  const warnings = new Uint32Array(rows);
  const lows = scoring.hasInterval ? new Float64Array(rows) : null;
  const highs = scoring.hasInterval ? new Float64Array(rows) : null;
  /** @type {RowError[]} */
  const errors = [];
  for (let start = 0; start < rows; start += CHUNK) {
    const end = Math.min(start + CHUNK, rows);
    const chunk = new Chunk(columns, start, end, now, scoring.read);
    const [scored, bits, failed, lowEnds, highEnds] = scoring.score(chunk.pu, chunk.to, chunk.distance, chunk.pickup, chunk.given);
    durations.set(scored, start);
    warnings.set(bits, start);
    lows?.set(lowEnds, start);
    highs?.set(highEnds, start);
    const odd = new Set(chunk.odd);
    for (const error of failed) {
      const row = start + error.row;
      if (!odd.has(row)) errors.push({ ...error, row });
    }
    for (const row of chunk.odd) {
      try {
        const one = scoring.scoreOne(rowOf(columns, row));
        durations[row] = one.duration;
        warnings[row] = one.warnings;
        if (lows) lows[row] = one.low;
        if (highs) highs[row] = one.high;
      } catch (thrown) {
        if (!(thrown instanceof TripError)) throw thrown;
        // The module found NaN in its place, and so left NaN in the results.
        errors.push({ row, code: thrown.code, field: thrown.field ?? "", message: thrown.message });
      }
    }
  }
  return { durations, lows, highs, warnings, errors: errors.sort((a, b) => a.row - b.row) };
}

/** Some rows as doubles; NaN in `pu` holds the place of an odd one. */
class Chunk {
  /** Rows that are not numbers, counted from the beginning of the columns. @type {number[]} */
  odd = [];

  /**
   * @param {TripColumns} columns
   * @param {number} start
   * @param {number} end
   * @param {number} now
   * @param {Scoring["read"]} read
   */
  constructor(columns, start, end, now, read) {
    const rows = end - start;
    this.pu = new Float64Array(rows);
    this.to = new Float64Array(rows);
    this.distance = new Float64Array(rows);
    this.pickup = new Float64Array(rows);
    this.given = new Uint8Array(rows);
    for (let row = start; row < end; row += 1) {
      if (!this.#set(columns, row, row - start, now, read)) {
        this.pu[row - start] = NaN;
        this.odd.push(row);
      }
    }
  }

  /**
   * @param {TripColumns} columns
   * @param {number} row
   * @param {number} place
   * @param {number} now
   * @param {Scoring["read"]} read
   * @returns {boolean} whether the row could be said in numbers
   */
  #set(columns, row, place, now, read) {
    const pu = columns.PULocationID[row];
    const to = columns.DOLocationID[row];
    if (typeof pu !== "number" || typeof to !== "number") return false;
    this.pu[place] = pu;
    this.to[place] = to;
    const miles = milesOf(columns, row);
    if (typeof miles === "number") {
      this.distance[place] = miles;
      this.given[place] = GIVEN_DISTANCE;
    } else if (miles != null) {
      return false;
    }
    if (columns.pickup_datetime instanceof Float64Array) {
      this.pickup[place] = columns.pickup_datetime[row] ?? NaN;
      return true;
    }
    return this.#setPickup(pickupOf(columns, row), place, now, read);
  }

  /**
   * @param {unknown} when
   * @param {number} place
   * @param {number} now
   * @param {Scoring["read"]} read
   */
  #setPickup(when, place, now, read) {
    if (when == null) {
      this.pickup[place] = now;
    } else if (typeof when === "string") {
      const text = read(when);
      if (text === null) return false;
      this.pickup[place] = text.pickup;
      this.given[place] = (this.given[place] ?? 0) | text.given;
    } else if (when instanceof Date) {
      this.pickup[place] = when.getTime();
    } else {
      return false;
    }
    return true;
  }
}

/**
 * @param {TripColumns} columns
 * @param {number} row
 */
function milesOf({ trip_distance: miles }, row) {
  const value = miles?.[row];
  return miles instanceof Float64Array && Number.isNaN(value) ? undefined : value;
}

/**
 * @param {TripColumns} columns
 * @param {number} row
 */
function pickupOf({ pickup_datetime: when }, row) {
  if (when == null || typeof when === "string" || when instanceof Date) return when;
  if (when instanceof Float64Array) return new Date(when[row] ?? NaN);
  return when[row];
}

/**
 * @param {TripColumns} columns
 * @param {number} row
 * @returns {AnyTrip}
 */
function rowOf(columns, row) {
  return {
    PULocationID: columns.PULocationID[row],
    DOLocationID: columns.DOLocationID[row],
    trip_distance: milesOf(columns, row),
    pickup_datetime: pickupOf(columns, row),
  };
}

/**
 * @param {TripColumns} columns
 * @returns {number} the length they share
 */
function checkLengths({ PULocationID, DOLocationID, trip_distance, pickup_datetime: when }) {
  const isColumn = when != null && typeof when !== "string" && !(when instanceof Date);
  const lengths = {
    PULocationID: PULocationID?.length,
    DOLocationID: DOLocationID?.length,
    ...(trip_distance != null && { trip_distance: trip_distance.length }),
    ...(isColumn && { pickup_datetime: when.length }),
  };
  const rows = lengths.PULocationID;
  if (Number.isInteger(rows) && Object.values(lengths).every((length) => length === rows)) return rows;
  const found = Object.entries(lengths).map(([name, length]) => `${name} ${length ?? "none"}`);
  throw new TripError("COLUMNS_LENGTH", `columns: expected one length, found ${found.join(", ")}`, null);
}
