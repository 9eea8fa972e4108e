// The reference service's route, and the stream function's.

import { BAD_RIDE, BAD_RIDE_REFUSED, DURATION, INTERVAL, MODEL, RIDE, VERSION } from "./example.ts";
import type { JsonObject } from "./json.ts";
import { answer, content, type Examples, GUARDED, schema, SCORING } from "./operation.ts";
import { refusals } from "./refusals.ts";
import { BESIDE_THE_MINUTES, MAX_ROWS } from "./ride-schemas.ts";

const PREDICT_EXAMPLES: Examples = {
  ride: { ...RIDE, ride_id: 256 },
  rides: [{ ...RIDE, ride_id: "a" }, BAD_RIDE],
  zone_out_of_range: BAD_RIDE,
  not_a_ride: "130 to 205",
};

const ESTIMATE = { duration: DURATION, ...INTERVAL, model_version: VERSION, model: MODEL } as const;

const PREDICT_ANSWERS: Examples = {
  ride: { ...ESTIMATE, ride_id: 256 },
  rides: [{ ...ESTIMATE, ride_id: "a" }, { error: BAD_RIDE_REFUSED }],
};

/** Rides of a list that may ask for an explanation, which costs far more than an estimate. */
export const MAX_EXPLAINED = 16;

const FUNCTION_EXAMPLES: Examples = {
  records: {
    Records: [
      {
        kinesis: {
          kinesisSchemaVersion: "1.0",
          partitionKey: "1",
          sequenceNumber: "49630081666084879290581185630324770398608704880802529282",
          data: "eyJyaWRlIjogeyJQVUxvY2F0aW9uSUQiOiAxMzAsICJET0xvY2F0aW9uSUQiOiAyMDUsICJ0cmlwX2Rpc3RhbmNlIjogMy42NiwgInBpY2t1cF9kYXRldGltZSI6ICIyMDI0LTAzLTA1VDA4OjMwIn0sICJyaWRlX2lkIjogMjU2fQ==",
        },
        eventSource: "aws:kinesis",
        eventID: "shardId-000000000000:49630081666084879290581185630324770398608704880802529282",
      },
      { kinesis: { partitionKey: "1", sequenceNumber: "49630081666084879290581185630324770398608704880802529283", data: "eyJyaWRlIjogeyJQVUxvY2F0aW9uSUQiOiAxMzAsICJET0xvY2F0aW9uSUQiOiA5OTl9LCAicmlkZV9pZCI6IDI1N30=" } },
    ],
  },
};

const FUNCTION_ANSWERS: Examples = {
  records: {
    predictions: [{ model: "ride_duration_prediction_model", version: VERSION, prediction: { ride_duration: DURATION, ride_id: 256, ...INTERVAL } }],
    batchItemFailures: [{ itemIdentifier: "49630081666084879290581185630324770398608704880802529283" }],
    errors: [{ record: 1, error: BAD_RIDE_REFUSED }],
  },
};

const EVENT_PREDICTION: JsonObject = {
  type: "object",
  required: ["model", "version", "prediction"],
  properties: {
    model: { type: "string" },
    version: { type: "string" },
    prediction: {
      type: "object",
      required: ["ride_duration", "ride_id"],
      properties: {
        ride_duration: { description: "Minutes.", type: "number" },
        ride_id: schema("RideId"),
        ...BESIDE_THE_MINUTES,
      },
      additionalProperties: false,
    },
  },
};

/** For `components.schemas`. */
export const FUNCTION_SCHEMAS: JsonObject = {
  EventPrediction: EVENT_PREDICTION,
  RideRecords: {
    description: "A batch of a stream's records. The data of each is `{\"ride\": {...}, \"ride_id\": ...}` in base64; a record without an id is a failure.",
    type: "object",
    required: ["Records"],
    properties: { Records: { type: "array", maxItems: MAX_ROWS, items: {} } },
  },
  RidePredictions: {
    type: "object",
    required: ["predictions", "batchItemFailures", "errors"],
    properties: {
      predictions: { type: "array", items: schema("EventPrediction") },
      batchItemFailures: {
        description: "The records that cannot be scored: only they are to be tried again or put aside.",
        type: "array",
        items: { type: "object", required: ["itemIdentifier"], properties: { itemIdentifier: { type: "string" } } },
      },
      errors: {
        description: "Why, by the record's place in the batch, from 0.",
        type: "array",
        items: {
          allOf: [schema("Refusal"), { type: "object", required: ["record"], properties: { record: { type: "integer", minimum: 0, maximum: MAX_ROWS - 1 } } }],
        },
      },
    },
  },
};

/** Paths of these two. */
export const PREDICT_PATHS: JsonObject = {
  "/predict": {
    post: {
      operationId: "predict",
      tags: ["reference"],
      summary: "Minutes that a ride will take; or rides, each answered by itself",
      description:
        "The reference service's route. No content type at all, and curl's own `application/x-www-form-urlencoded`, are taken for " +
        "JSON. A list is answered with a list of its length and order, in which a ride that cannot be scored has an error in its place. With `explain` it may have " +
        `${MAX_EXPLAINED} rides.`,
      security: GUARDED,
      parameters: [{ $ref: "#/components/parameters/explain" }],
      requestBody: {
        required: true,
        content: content(
          "application/json",
          { anyOf: [schema("Ride"), { type: "array", maxItems: MAX_ROWS, items: {} }] },
          PREDICT_EXAMPLES,
        ),
      },
      responses: {
        "200": answer(
          "The estimate, or one for each ride of a list.",
          content(
            "application/json",
            { anyOf: [schema("Estimate"), { type: "array", maxItems: MAX_ROWS, items: { anyOf: [schema("Estimate"), schema("Refusal")] } }] },
            PREDICT_ANSWERS,
          ),
        ),
        ...refusals("curbside", [...SCORING, 422]),
      },
    },
  },
  "/2015-03-31/functions/function/invocations": {
    post: {
      operationId: "invokeFunction",
      tags: ["reference"],
      summary: "Minutes that the rides of a stream's records will take",
      description: "The reference's stream function, whose clients have port 8080 hard-coded. One bad record does not fail its batch.",
      security: GUARDED,
      requestBody: { required: true, content: content("application/json", schema("RideRecords"), FUNCTION_EXAMPLES) },
      responses: {
        "200": answer("What could be predicted, and which records could not be read.", content("application/json", schema("RidePredictions"), FUNCTION_ANSWERS)),
        ...refusals("curbside", SCORING),
      },
    },
  },
};
