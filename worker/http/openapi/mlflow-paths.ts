// MLflow's scoring protocol.

import { BAD_RIDE, DURATION, INTERVAL, MODEL, RIDE, VERSION } from "./example.ts";
import type { JsonObject } from "./json.ts";
import { answer, content, type Examples, GUARDED, OPEN, reading, schema, SCORING } from "./operation.ts";
import { refusals } from "./refusals.ts";
import { BESIDE_THE_MINUTES, MAX_ROWS } from "./ride-schemas.ts";

const COLUMNS = Object.fromEntries(Object.entries(RIDE).map(([field, value]) => [field, [value]]));

const EXAMPLES: Examples = {
  dataframe_split: { dataframe_split: { columns: Object.keys(RIDE), data: [Object.values(RIDE)] } },
  dataframe_records: { dataframe_records: [RIDE] },
  instances: { instances: [RIDE] },
  inputs: { inputs: COLUMNS },
  a_bad_row: { dataframe_records: [RIDE, BAD_RIDE] },
};

const WORDS = [
  ...["BAD_REQUEST", "INVALID_PARAMETER_VALUE", "UNAUTHENTICATED", "ENDPOINT_NOT_FOUND"],
  ...["REQUEST_LIMIT_EXCEEDED", "INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE"],
];

const CSV = `${Object.keys(RIDE).join()}\n${Object.values(RIDE).join()}\n`;

const ANSWER = { predictions: [DURATION], details: [INTERVAL], model: MODEL, model_version: VERSION };

const ANSWERS: Examples = Object.fromEntries(
  ["dataframe_split", "dataframe_records", "instances", "inputs", "csv"].map((form) => [form, ANSWER]),
);

const KEYS = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

const ROWS: JsonObject = { type: "array", maxItems: MAX_ROWS };

const SHAPES: Readonly<Record<(typeof KEYS)[number], JsonObject>> = {
  dataframe_split: {
    type: "object",
    required: ["data"],
    properties: {
      columns: { description: "Absent: the fields in their order, two to four of them.", type: "array", minItems: 1, items: { type: "string" } },
      index: { description: "A value for each row.", type: "array" },
      data: { ...ROWS, items: { type: "array" } },
    },
  },
  dataframe_records: { ...ROWS, items: { type: "object" } },
  instances: { description: "Rides as objects, or as lists of two to four fields in their order.", ...ROWS, items: { type: ["object", "array"] } },
  inputs: { description: "A column for each field; or as `instances`.", type: ["object", "array"] },
};

/** For `components.schemas`. */
export const MLFLOW_SCHEMAS: JsonObject = {
  MlflowRequest: {
    description: "Exactly one of the four forms. Columns that are no field of a ride are ignored.",
    type: "object",
    oneOf: KEYS.map((key) => ({ required: [key] })),
    properties: { ...SHAPES, params: { type: ["object", "null"] } },
  },
  MlflowReply: {
    type: "object",
    required: ["predictions", "details", "model", "model_version"],
    properties: {
      predictions: { description: "Minutes, one a row.", ...ROWS, items: { type: "number" } },
      details: {
        description: "What else there is to say of each row, which MLflow's client does not look at.",
        ...ROWS,
        items: {
          type: "object",
          properties: BESIDE_THE_MINUTES,
          additionalProperties: false,
        },
      },
      model: { type: "string" },
      model_version: { type: "string" },
    },
  },
  MlflowRefusal: {
    type: "object",
    required: ["error_code", "message"],
    properties: { error_code: { description: "One of MLflow's words.", type: "string", enum: WORDS }, message: { type: "string" } },
  },
};

/** Paths of the protocol. */
export const MLFLOW_PATHS: JsonObject = {
  "/ping": reading({
    operationId: "mlflowPing",
    tag: "mlflow",
    summary: "Whether the service can score",
    security: OPEN,
    dialect: "mlflow",
    refused: [503],
    responses: { "200": answer("It can.", content("text/plain", { type: "string", const: "\n" })) },
  }),
  "/version": reading({
    operationId: "mlflowVersion",
    tag: "mlflow",
    summary: "The version of the service",
    security: OPEN,
    dialect: "mlflow",
    refused: [503],
    responses: { "200": answer("The version.", content("text/plain", { type: "string", minLength: 1 })) },
  }),
  "/invocations": {
    post: {
      operationId: "mlflowInvocations",
      tags: ["mlflow"],
      summary: "Minutes that rides will take",
      description: "One row that cannot be scored fails the request, as it does there; the message names its row and field.",
      security: GUARDED,
      requestBody: {
        required: true,
        content: {
          ...content("application/json", schema("MlflowRequest"), EXAMPLES),
          ...content("text/csv", { type: "string" }, { csv: CSV }),
        },
      },
      responses: {
        "200": answer("One prediction a row.", content("application/json", schema("MlflowReply"), ANSWERS)),
        ...refusals("mlflow", SCORING),
      },
    },
  },
};
