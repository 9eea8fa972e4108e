// How a request is refused, by status, in the words that each protocol has for it.

import { BODY_DEADLINE_SECONDS, MAX_BODY_BYTES } from "../limits.ts";
import type { Dialect } from "../refusal.ts";
import { BAD_RIDE_REFUSED } from "./example.ts";
import type { Json, JsonObject } from "./json.ts";
import { MAX_ROWS } from "./ride-schemas.ts";

/** A status that refuses. */
export type Refused = 400 | 401 | 404 | 405 | 408 | 413 | 415 | 422 | 429 | 500 | 502 | 503;

/** Our codes, by the status that they come with; docs/errors.md explains each, and a test holds the two together. */
export const CODES: Readonly<Record<Refused, readonly string[]>> = {
  400: ["MALFORMED_JSON", "REQUEST_FORM", "EXPLAIN", "BODY_INCOMPLETE", "HOST"],
  401: [
    "CREDENTIALS_MISSING",
    ...["MALFORMED", "UNKNOWN"].map((problem) => `TOKEN_${problem}`),
    ...["MALFORMED", "EXPIRED", "FUTURE", "WRONG", "REPLAYED"].map((problem) => `SIGNATURE_${problem}`),
  ],
  404: ["NOT_FOUND"],
  405: ["METHOD_NOT_ALLOWED"],
  408: ["BODY_TIMEOUT"],
  413: ["BODY_TOO_LARGE", "TOO_MANY_ROWS"],
  415: ["CONTENT_TYPE", "CONTENT_ENCODING"],
  422: [
    ...["PU_LOCATION_ID", "DO_LOCATION_ID"].flatMap((id) => [`${id}_MISSING`, `${id}_TYPE`, `${id}_RANGE`, `${id}_CONFLICT`]),
    ...["TYPE", "RANGE", "CONFLICT"].map((problem) => `TRIP_DISTANCE_${problem}`),
    ...["TYPE", "FORMAT", "RANGE", "CONFLICT"].map((problem) => `PICKUP_DATETIME_${problem}`),
    "RIDE_ID_TYPE",
  ],
  429: ["RATE_LIMITED"],
  500: ["INTERNAL"],
  502: ["WEIGHTS_SOURCE", "WEIGHTS_UNREACHABLE", "FETCH_FAILED", "FETCH_STATUS", "FETCH_TIMEOUT"],
  503: ["NO_MODEL", "OVERLOADED", "ENGINE_TRAPPED"],
};

const MEANINGS: Readonly<Record<Refused, string>> = {
  400: "The request is not what the protocol says; the message says what was expected and what was found.",
  401: "A token or a signature is needed here and none, or a wrong one, was sent. Only where the operator has set tokens or keys.",
  404: "Nothing of this name is here.",
  405: "The path does not know this method; `Allow` lists those it knows.",
  408: `The body did not come within ${BODY_DEADLINE_SECONDS} seconds.`,
  413: `More than ${MAX_BODY_BYTES} bytes, or more than ${MAX_ROWS} rides.`,
  415: "A content type or a content encoding that is not read here.",
  422: "A ride that cannot be scored; `field` names what is at fault.",
  429: "More requests than this caller may send at present. Only where the operator has set a limit.",
  500: "A fault of the service; its log says more.",
  502: "The storage behind the service did not give the object.",
  503: "No model is loaded, too much is being done already, or the scoring module had to be started afresh.",
};

/** Headers that a status brings beside the request's id. */
const HEADERS: Readonly<Partial<Record<Refused, readonly string[]>>> = {
  401: ["www-authenticate"],
  405: ["allow"],
  429: ["retry-after"],
  502: ["retry-after"],
  503: ["retry-after"],
};

/** By the names of the requests that they are answers to. */
const EXAMPLES: Readonly<Record<string, JsonObject>> = {
  "curbside-400": {
    not_a_ride: {
      error: {
        code: "MALFORMED_JSON",
        message:
          'the body: expected a JSON object such as {"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}, or a list of them: ' +
          "found a string",
      },
    },
  },
  "curbside-422": { zone_out_of_range: { error: BAD_RIDE_REFUSED } },
  "mlflow-400": { a_bad_row: { error_code: "INVALID_PARAMETER_VALUE", message: `row 1: ${BAD_RIDE_REFUSED.message}` } },
  "inference-400": { no_inputs: { error: "inputs: expected PULocationID and DOLocationID, found no PULocationID" } },
};

/** Refusals with these statuses, for the `responses` of an operation. */
export function refusals(dialect: Dialect, statuses: readonly Refused[]): JsonObject {
  return Object.fromEntries(statuses.map((status) => [String(status), { $ref: `#/components/responses/${nameOf(dialect, status)}` }]));
}

/** Every refusal, for `components.responses`. */
export function refusalComponents(dialects: Readonly<Record<Dialect, readonly Refused[]>>): JsonObject {
  const all = Object.entries(dialects) as [Dialect, readonly Refused[]][];
  return Object.fromEntries(
    all.flatMap(([dialect, statuses]) => statuses.map((status): [string, Json] => [nameOf(dialect, status), refusal(dialect, status)])),
  );
}

/** References to headers that are described once. */
export function headers(...names: readonly string[]): JsonObject {
  return Object.fromEntries(["x-request-id", ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function nameOf(dialect: Dialect, status: Refused): string {
  return `${dialect}-${status}`;
}

function refusal(dialect: Dialect, status: Refused): JsonObject {
  return {
    description: MEANINGS[status],
    headers: headers(...(HEADERS[status] ?? [])),
    content: { "application/json": { schema: schemaOf(dialect, status), examples: examplesOf(dialect, status) } },
  };
}

function examplesOf(dialect: Dialect, status: Refused): JsonObject {
  const values = Object.entries(EXAMPLES[nameOf(dialect, status)] ?? {});
  return Object.fromEntries(values.map(([name, value]) => [name, { value }]));
}

function schemaOf(dialect: Dialect, status: Refused): JsonObject {
  if (dialect === "curbside") {
    const code = { type: "string", enum: CODES[status] };
    return { allOf: [{ $ref: "#/components/schemas/Refusal" }, { properties: { error: { properties: { code } } } }] };
  }
  return { $ref: `#/components/schemas/${dialect === "mlflow" ? "MlflowRefusal" : "InferenceRefusal"}` };
}
