// The ride and its estimate as JSON Schema, exact enough that what fits it is scored and what does not is refused.

import type { JsonObject } from "./json.ts";

/** Rows of one request, in every protocol. */
export const MAX_ROWS = 1000;

/** Days that the Gregorian calendar has, with a hyphen behind the year. */
const DAY = [
  "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])",
  "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
  "02-(?:0[1-9]|1[0-9]|2[0-8]))",
].join("|");
const LEAP_DAY = "20(?:08|[2468][048]|[13579][26])-02-29";
const MINUTE = "[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]";
const SECOND = ":[0-5][0-9](?:\\.[0-9]{1,9})?";
const OFFSET = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";

/** Wall time where the ride is. */
export const WALL = `(?:20(?:0[7-9]|[1-9][0-9])-${DAY}|${LEAP_DAY})${MINUTE}(?:${SECOND})?`;
/** An instant; whatever its offset, it lies in the years that are read. */
export const INSTANT = `(?:(?:2007-(?!01-01)|20(?:0[89]|[1-8][0-9]|9[0-8])-|2099-(?!12-31))${DAY}|${LEAP_DAY})${MINUTE}${SECOND}${OFFSET}`;

const ZONE: JsonObject = {
  description: "A TLC taxi zone, 1 to 265, as a number or as a text of digits.",
  anyOf: [
    { type: "integer", minimum: 1, maximum: 265 },
    { type: "string", pattern: "^0*(?:[1-9][0-9]?|1[0-9]{2}|2[0-5][0-9]|26[0-5])$" },
  ],
};

const RIDE_ID: JsonObject = {
  description: "Kept as it came.",
  anyOf: [
    { type: "string", maxLength: 128 },
    // As many as 20 characters have.
    { type: "integer", exclusiveMinimum: -1e19, exclusiveMaximum: 1e20 },
  ],
};

const RIDE: JsonObject = {
  description:
    "A ride that has not begun. Fields that are not named here are ignored. The TLC's spellings `lpep_pickup_datetime` and " +
    "`tpep_pickup_datetime`, and `pu_location_id`, `pickup_location_id`, `do_location_id`, `dropoff_location_id`, stand for the " +
    "fields they mean; two spellings with two values are refused.",
  type: "object",
  required: ["PULocationID", "DOLocationID"],
  properties: {
    PULocationID: { $ref: "#/components/schemas/Zone" },
    DOLocationID: { $ref: "#/components/schemas/Zone" },
    trip_distance: {
      description: "Miles. Absent or null: estimated, which `assumed` says. 0 or above 50: taken as not measured, with a warning.",
      type: ["number", "null"],
      minimum: 0,
      maximum: 100,
    },
    pickup_datetime: {
      description:
        "RFC 3339 with an offset, or New York's local time as `YYYY-MM-DDTHH:MM[:SS]`. Years 2007 to 2099. Absent or null: now, " +
        "which `assumed` says.",
      anyOf: [{ type: "string", pattern: `^${WALL}$` }, { type: "string", pattern: `^${INSTANT}$` }, { type: "null" }],
    },
    ride_id: { anyOf: [{ $ref: "#/components/schemas/RideId" }, { type: "null" }] },
  },
};

/** What is said of an estimate beside its minutes, in whichever protocol. */
export const BESIDE_THE_MINUTES: JsonObject = {
  duration_low: { description: "Lower end of the interval; absent where the model has none.", type: "number" },
  duration_high: { description: "Upper end of the interval.", type: "number" },
  coverage: { description: "The share of rides that the interval is made for.", type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
  assumed: { $ref: "#/components/schemas/Assumed" },
  warnings: { $ref: "#/components/schemas/Warnings" },
};

const ESTIMATE: JsonObject = {
  type: "object",
  required: ["duration", "model_version", "model", "ride_id"],
  properties: {
    duration: { description: "Minutes.", type: "number" },
    ...BESIDE_THE_MINUTES,
    model_version: { type: "string" },
    model: { type: "string" },
    ride_id: { description: "The caller's, else a fresh one.", $ref: "#/components/schemas/RideId" },
    explanation: {
      description: "There where `explain=true` asked for it; null, with a warning, where the model cannot be explained.",
      anyOf: [{ $ref: "#/components/schemas/Explanation" }, { type: "null" }],
    },
  },
  additionalProperties: false,
};

const ASSUMED: JsonObject = {
  description: "What the ride did not say and the estimate took instead.",
  type: "object",
  minProperties: 1,
  properties: { trip_distance: { type: "number" }, pickup_datetime: { type: "string" } },
  additionalProperties: false,
};

const WARNING: JsonObject = {
  type: "object",
  required: ["code", "message"],
  properties: {
    code: {
      type: "string",
      enum: ["UNSEEN_ZONE_PAIR", "TRIP_DISTANCE_IGNORED", "ZONE_WITHOUT_PLACE", "DURATION_CLIPPED", "NO_BACKGROUND", "LINEAR_LEAVES"],
    },
    message: { type: "string" },
  },
  additionalProperties: false,
};

const EXPLANATION: JsonObject = {
  description: "Shapley values: what moves the estimate from the average of the training's rides.",
  type: "object",
  required: ["space", "unit", "base_value", "contributions", "sum", "clipped"],
  properties: {
    space: { type: "string", enum: ["target", "log", "log_odds", "root"] },
    unit: { type: "string" },
    base_value: { type: "number" },
    contributions: {
      type: "array",
      items: {
        type: "object",
        required: ["facts", "words", "amount", "columns"],
        properties: {
          facts: { type: "array", items: { type: "string" } },
          words: { type: "string" },
          amount: { type: "number" },
          columns: {
            type: "array",
            items: {
              type: "object",
              required: ["name", "value", "amount"],
              properties: { name: { type: "string" }, value: { type: ["number", "null"] }, amount: { type: "number" } },
            },
          },
        },
      },
    },
    sum: { type: "number" },
    clipped: { type: "boolean" },
  },
};

const REFUSAL: JsonObject = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { description: "Stable, for programs.", type: "string" },
        field: { description: "The part of a ride that is at fault.", type: "string" },
        message: { description: "For people: what was expected, what was found, what to do.", type: "string" },
      },
      additionalProperties: false,
    },
  },
};

/** For `components.schemas`. */
export const RIDE_SCHEMAS: JsonObject = {
  Zone: ZONE,
  RideId: RIDE_ID,
  Ride: RIDE,
  Estimate: ESTIMATE,
  Assumed: ASSUMED,
  Warning: WARNING,
  Warnings: { description: "What the rider should know.", type: "array", minItems: 1, items: { $ref: "#/components/schemas/Warning" } },
  Explanation: EXPLANATION,
  Refusal: REFUSAL,
};
