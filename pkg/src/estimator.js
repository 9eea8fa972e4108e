// What the caller holds: one estimator for good, whose weights are replaced below it. Every call reads the one reference to
// what serves and runs to its end on that, so none sees half of two versions.

/**
 * @import { BatchEstimate, Card, Estimate, Explanation, Manifest, PredictReply, PredictRequest, ServeReply, ServeRequest, Status, Target, Trip, TripColumns, WarningText, Zone } from "../index.js"
 * @import { Engine } from "./engine.js"
 * @import { Follower } from "./follow.js"
 * @import { Serving } from "./serving.js"
 */

import { statusOf } from "./status.js";

export class Estimator {
  #engine;
  #serving;
  #follower;

  /**
   * @param {Engine} engine
   * @param {Serving} serving
   * @param {Follower | null} follower null where there is no manifest
   */
  constructor(engine, serving, follower) {
    this.#engine = engine;
    this.#serving = serving;
    this.#follower = follower;
  }

  /** @returns {boolean} */
  prepare() {
    return this.#serving.bundle.prepare();
  }

  /**
   * @param {Trip} trip
   * @returns {Estimate}
   */
  estimate(trip) {
    return this.#serving.bundle.estimate(trip);
  }

  /**
   * @param {Trip} trip
   * @returns {Explanation}
   */
  explain(trip) {
    return this.#serving.bundle.explain(trip);
  }

  /** @returns {boolean} */
  get explains() {
    return this.#serving.bundle.explains;
  }

  /**
   * @param {TripColumns} columns
   * @returns {BatchEstimate}
   */
  estimateBatch(columns) {
    return this.#serving.bundle.estimateBatch(columns);
  }

  /**
   * @param {ArrayLike<number>} values
   * @returns {number}
   */
  rawRow(values) {
    return this.#serving.bundle.rawRow(values);
  }

  /**
   * @param {Float64Array} values
   * @param {Float64Array} [out]
   * @returns {Float64Array}
   */
  rawMatrix(values, out) {
    return this.#serving.bundle.rawMatrix(values, out);
  }

  /** @returns {readonly string[]} */
  get columns() {
    return this.#serving.bundle.columns;
  }

  /**
   * @param {PredictRequest} request
   * @returns {PredictReply}
   */
  predict(request) {
    return this.#serving.bundle.predict(request);
  }

  /**
   * @param {ServeRequest} request
   * @returns {ServeReply}
   */
  serve(request) {
    return this.#serving.bundle.serve(request);
  }

  /** @returns {number | null} */
  get coverage() {
    return this.#serving.bundle.coverage;
  }

  /** @returns {Card} */
  get card() {
    return this.#serving.bundle.card;
  }

  /** @returns {readonly Zone[]} */
  get zones() {
    return this.#serving.bundle.zones;
  }

  /** @returns {Target} */
  get target() {
    return this.#serving.bundle.target;
  }

  /** @returns {readonly WarningText[]} */
  get warningTexts() {
    return this.#serving.bundle.warningTexts;
  }

  /** @returns {Manifest | null} */
  get manifest() {
    return this.#serving.held.manifest;
  }

  /** @returns {Status} */
  get status() {
    return statusOf(this.#engine, this.#serving.held, this.#follower);
  }

  /** @returns {Promise<Status>} */
  async refresh() {
    await this.#follower?.refresh();
    return this.status;
  }

  dispose() {
    this.#follower?.close();
    this.#serving.bundle.dispose();
  }

  // Where the platform does not know `using` yet, this is a method that nobody calls.
  [Symbol.dispose]() {
    this.dispose();
  }
}
