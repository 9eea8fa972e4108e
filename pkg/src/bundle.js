// An opened bundle: one version of the weights, from opening to disposal. Its scorer lives in the WebAssembly instance, and
// is made again from the bytes kept here when the instance was replaced.

import { Scorer, parsePickup, warningTexts } from "../wasm/curbside.js";
import { estimateColumns } from "./batch.js";
import { EngineError, TripError } from "./errors.js";
import { checkMatrix, checkRow } from "./matrix.js";
import { GIVEN_DISTANCE, hasOtherSpelling, plainCopy, requireObject } from "./trip.js";

/**
 * @import { BatchEstimate, Card, Estimate, Explanation, PredictReply, PredictRequest, ServeReply, ServeRequest, Target, Trip, TripColumns, Warning, WarningText, Zone } from "../index.js"
 * @import { Engine } from "./engine.js"
 * @import { AnyTrip } from "./trip.js"
 */

/** Places in the result buffer. */
const DURATION = 0;
const MILES = 1;
const MILES_ASSUMED = 2;
const WARNING_BITS = 3;
const WALL_MINUTES = 4;
const LOW = 5;
const HIGH = 6;
const RESULTS = 7;

const MINUTES_OF_DAY = 1440;
/** 00 to 59. */
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));

const encoder = new TextEncoder();

/** @param {ArrayBuffer | string | null | undefined} body */
function bytesOf(body) {
  if (body == null) return new Uint8Array();
  return typeof body === "string" ? encoder.encode(body) : new Uint8Array(body);
}

export class OpenBundle {
  #engine;
  /** @type {Uint8Array | null} */
  #bytes;
  /** @type {Scorer | null} */
  #scorer = null;
  /** Generation of the instance that the scorer lives in. */
  #generation = 0;
  /** Whether a scorer that is made anew is to have tables. */
  #isPrepared = false;
  /** Whether it has still to get them. */
  #awaitsTables = false;
  #address = 0;
  #results = new Float64Array(0);
  /** Feature rows inside the module, and behind them their numbers; without length until they are asked for. */
  #matrix = new Float64Array(0);

  // The last time of pickup given as text, and what it was read as: a page asks about one time again and again.
  /** @type {string | null} */
  #text = null;
  #textPickup = NaN;
  #textGiven = 0;
  // The last wall time told and its text, and that of its day.
  #minutes = NaN;
  #wall = "";
  #day = NaN;
  #date = "";

  /** @type {Map<number, readonly Warning[]>} */
  #warnings = new Map([[0, Object.freeze([])]]);
  /** @type {{ card?: Card, zones?: readonly Zone[], target?: Target, columns?: readonly string[], warningTexts?: readonly WarningText[] }} */
  #told = {};

  /**
   * Opens a bundle: checks every section and the golden rides.
   * @param {Engine} engine
   * @param {Uint8Array} bytes inflated; kept
   */
  constructor(engine, bytes) {
    this.#engine = engine;
    this.#bytes = bytes;
    /** @type {number | null} */
    this.coverage = engine.run(() => this.#living().coverage()) ?? null;
    this.explains = engine.run(() => this.#living().explains());
  }

  /** @returns {boolean} */
  prepare() {
    const serves = this.#engine.run(() => this.#living().prepare());
    this.#isPrepared = true;
    return serves;
  }

  /**
   * @param {Trip} trip
   * @returns {Estimate}
   */
  estimate(trip) {
    requireObject(trip);
    const { PULocationID: pu, DOLocationID: to, trip_distance: miles, pickup_datetime: when } = trip;
    if (typeof pu !== "number" || typeof to !== "number" || hasOtherSpelling(trip)) return this.#estimateObject(trip);
    let distance = 0;
    let given = 0;
    if (typeof miles === "number") {
      distance = miles;
      given = GIVEN_DISTANCE;
    } else if (miles != null) {
      return this.#estimateObject(trip);
    }
    let pickup;
    if (when == null) {
      pickup = Date.now();
    } else if (typeof when === "string") {
      if (!this.#reads(when)) return this.#estimateObject(trip);
      pickup = this.#textPickup;
      given |= this.#textGiven;
    } else if (when instanceof Date) {
      pickup = when.getTime();
    } else {
      return this.#estimateObject(trip);
    }
    this.#engine.run(() => this.#living().estimate(pu, to, distance, pickup, given));
    return this.#tell(when == null);
  }

  /**
   * @param {Trip} trip
   * @returns {Explanation}
   */
  explain(trip) {
    requireObject(trip);
    const { ride } = plainCopy(trip);
    const now = Date.now();
    return this.#engine.run(() => this.#living().explainObject(ride, now));
  }

  /**
   * @param {TripColumns} columns
   * @returns {BatchEstimate}
   */
  estimateBatch(columns) {
    return estimateColumns(columns, {
      hasInterval: this.coverage !== null,
      read: (text) => (this.#reads(text) ? { pickup: this.#textPickup, given: this.#textGiven } : null),
      score: (pu, to, distance, pickup, given) =>
        this.#engine.run(() => this.#living().estimateBatch(pu, to, distance, pickup, given)),
      scoreOne: (trip) => {
        this.#scoreObject(plainCopy(trip).ride);
        const results = this.#buffer();
        return { duration: results[DURATION], warnings: results[WARNING_BITS], low: results[LOW], high: results[HIGH] };
      },
    });
  }

  /**
   * @param {PredictRequest} request
   * @returns {PredictReply}
   */
  predict(request) {
    const { status, body } = this.serve({ ...request, method: "POST", path: "/predict" });
    return { status, body: /** @type {string} */ (body) };
  }

  /**
   * @param {ServeRequest} request
   * @returns {ServeReply}
   */
  serve({ method, path, explain = false, contentType, inferenceHeaderLength, body, now = Date.now() }) {
    // Whatever is the caller's runs before the engine does.
    const [verb, where] = [String(method), String(path)];
    const type = contentType == null ? undefined : String(contentType);
    const length = inferenceHeaderLength == null ? undefined : String(inferenceHeaderLength);
    const bytes = body instanceof Uint8Array ? body : bytesOf(body);
    const millis = Number(now);
    const [status, replyType, replyBody, headers, code, rides, refused, unseenPairs] = this.#engine.run(() =>
      this.#living().serve(verb, where, explain === true, type, length, bytes, millis),
    );
    return { status, contentType: replyType, body: replyBody, headers, code, rides, refused, unseenPairs };
  }

  /**
   * @param {ArrayLike<number>} values
   * @returns {number}
   */
  rawRow(values) {
    const width = this.columns.length;
    checkRow(values.length, this.columns);
    return this.#engine.run(() => {
      const scorer = this.#living();
      const matrix = this.#rows(scorer);
      for (let column = 0; column < width; column += 1) matrix[column] = /** @type {number} */ (values[column]);
      return scorer.scoreMatrix(1);
    });
  }

  /**
   * @param {Float64Array} values
   * @param {Float64Array} [out]
   * @returns {Float64Array}
   */
  rawMatrix(values, out) {
    const width = this.columns.length;
    const rows = checkMatrix(values.length, this.columns, out?.length);
    const numbers = out ?? new Float64Array(rows);
    const room = Scorer.matrixRows();
    for (let start = 0; start < rows; start += room) {
      const end = Math.min(start + room, rows);
      this.#engine.run(() => {
        const scorer = this.#living();
        const matrix = this.#rows(scorer);
        matrix.set(values.subarray(start * width, end * width));
        scorer.scoreMatrix(end - start);
        numbers.set(matrix.subarray(room * width, room * width + end - start), start);
      });
    }
    return numbers;
  }

  /** @returns {readonly string[]} */
  get columns() {
    return (this.#told.columns ??= Object.freeze(this.#engine.run(() => this.#living().columns())));
  }

  /** @returns {Card} */
  get card() {
    return (this.#told.card ??= this.#engine.run(() => this.#living().card()));
  }

  /** @returns {readonly Zone[]} */
  get zones() {
    return (this.#told.zones ??= this.#engine.run(() => this.#living().zones()));
  }

  /** @returns {Target} */
  get target() {
    return (this.#told.target ??= this.#engine.run(() => this.#living().target()));
  }

  /** @returns {readonly WarningText[]} */
  get warningTexts() {
    return (this.#told.warningTexts ??= this.#engine.run(warningTexts));
  }

  /** Version of the model; null if it was not asked for while the bundle was open. @returns {string | null} */
  get version() {
    return (this.#bytes === null ? this.#told.card : this.card)?.version ?? null;
  }

  /** Whether it was told to have tables. */
  get isPrepared() {
    return this.#isPrepared;
  }

  dispose() {
    this.#bytes = null;
    this.#engine.run(() => {
      const scorer = this.#scorer;
      this.#scorer = null;
      // What lived in an earlier instance went with it.
      if (this.#generation === this.#engine.generation) scorer?.free();
    });
  }

  /** The scorer in the living instance. @returns {Scorer} */
  #living() {
    if (this.#bytes === null) {
      throw new EngineError("ESTIMATOR_DISPOSED", "the estimator: expected one in use, found one disposed; load another");
    }
    if (this.#scorer === null || this.#generation !== this.#engine.generation) {
      this.#scorer = new Scorer(this.#bytes);
      this.#generation = this.#engine.generation;
      this.#address = this.#scorer.results();
      this.#results = new Float64Array(0);
      this.#matrix = new Float64Array(0);
      // First the answer that the trap has delayed.
      this.#awaitsTables = this.#isPrepared;
    } else if (this.#awaitsTables) {
      // Should this trap, the next scorer does without.
      this.#isPrepared = false;
      this.#scorer.prepare();
      this.#isPrepared = true;
      this.#awaitsTables = false;
    }
    return this.#scorer;
  }

  /**
   * What the last estimate left. Memory that has grown leaves older views without length.
   * @returns {Record<0 | 1 | 2 | 3 | 4 | 5 | 6, number>}
   */
  #buffer() {
    if (this.#results.length === 0) {
      this.#results = new Float64Array(this.#engine.memory.buffer, this.#address, RESULTS);
    }
    return /** @type {any} */ (this.#results);
  }

  /**
   * The matrix in the module. Memory that has grown leaves older views without length.
   * @param {Scorer} scorer
   */
  #rows(scorer) {
    if (this.#matrix.length === 0) {
      const address = scorer.matrix();
      this.#matrix = new Float64Array(this.#engine.memory.buffer, address, Scorer.matrixRows() * (this.columns.length + 1));
    }
    return this.#matrix;
  }

  /**
   * @param {boolean} assumesNow
   * @returns {Estimate}
   */
  #tell(assumesNow) {
    const results = this.#buffer();
    const miles = results[MILES];
    const wall = this.#wallText(results[WALL_MINUTES]);
    /** @type {{ trip_distance?: number, pickup_datetime?: string }} */
    const assumed = {};
    if (results[MILES_ASSUMED] === 1) assumed.trip_distance = miles;
    if (assumesNow) assumed.pickup_datetime = wall;
    const warnings = this.#warningsOf(results[WARNING_BITS]);
    const { coverage } = this;
    return {
      duration: results[DURATION],
      duration_low: coverage === null ? null : results[LOW],
      duration_high: coverage === null ? null : results[HIGH],
      coverage,
      trip_distance: miles,
      pickup_datetime: wall,
      assumed,
      warnings,
    };
  }

  /** @param {AnyTrip} trip */
  #estimateObject(trip) {
    const { ride, assumesNow } = plainCopy(trip);
    this.#scoreObject(ride);
    return this.#tell(assumesNow);
  }

  /** @param {AnyTrip} ride a plain copy */
  #scoreObject(ride) {
    const now = Date.now();
    this.#engine.run(() => this.#living().estimateObject(ride, now));
  }

  /**
   * Reads a time of pickup into `#textPickup` and `#textGiven`. One that cannot be read is for the way of objects to
   * refuse, which names the first field at fault.
   * @param {string} text
   */
  #reads(text) {
    if (text === this.#text) return true;
    try {
      const [pickup = NaN, given = 0] = this.#engine.run(() => parsePickup(text));
      this.#text = text;
      this.#textPickup = pickup;
      this.#textGiven = given;
      return true;
    } catch (thrown) {
      if (thrown instanceof TripError) return false;
      throw thrown;
    }
  }

  /** @param {number} minutes since 1970 on the wall */
  #wallText(minutes) {
    if (minutes !== this.#minutes) {
      const day = Math.floor(minutes / MINUTES_OF_DAY);
      if (day !== this.#day) {
        this.#date = new Date(day * MINUTES_OF_DAY * 60_000).toISOString().slice(0, 11);
        this.#day = day;
      }
      const minute = minutes - day * MINUTES_OF_DAY;
      this.#wall = `${this.#date}${TWO_DIGITS[Math.floor(minute / 60)]}:${TWO_DIGITS[minute % 60]}`;
      this.#minutes = minutes;
    }
    return this.#wall;
  }

  /** @param {number} bits */
  #warningsOf(bits) {
    let warnings = this.#warnings.get(bits);
    if (warnings === undefined) {
      const set = this.warningTexts.filter(({ bit }) => (bits & bit) !== 0);
      warnings = Object.freeze(set.map(({ code, message }) => Object.freeze({ code, message })));
      this.#warnings.set(bits, warnings);
    }
    return warnings;
  }
}
