// The Open Inference Protocol, version 2.

import { DURATION, MODEL as NAME, RIDE, VERSION as NUMBER } from "./example.ts";
import type { JsonObject } from "./json.ts";
import { answer, content, type Examples, GUARDED, OPEN, reading, schema, SCORING } from "./operation.ts";
import { refusals } from "./refusals.ts";
import { MAX_ROWS } from "./ride-schemas.ts";

const EXAMPLES: Examples = {
  rides: {
    id: "42",
    inputs: [
      { name: "PULocationID", shape: [1], datatype: "INT64", data: [RIDE.PULocationID] },
      { name: "DOLocationID", shape: [1], datatype: "INT64", data: [RIDE.DOLocationID] },
      { name: "trip_distance", shape: [1], datatype: "FP64", data: [RIDE.trip_distance] },
      { name: "pickup_datetime", shape: [1], datatype: "BYTES", data: [RIDE.pickup_datetime] },
    ],
    outputs: [{ name: "duration" }],
  },
  no_inputs: { inputs: [] },
};

const ANSWERS: Examples = {
  rides: {
    model_name: NAME,
    model_version: NUMBER,
    id: "42",
    outputs: [{ name: "duration", datatype: "FP64", shape: [1], data: [DURATION] }],
  },
};

const DATATYPES = ["UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP32", "FP64", "BYTES"];

/** Fields by any of their names. */
const INPUTS = [
  ...["PULocationID", "pu_location_id", "pickup_location_id", "DOLocationID", "do_location_id", "dropoff_location_id"],
  ...["trip_distance", "pickup_datetime", "lpep_pickup_datetime", "tpep_pickup_datetime"],
];

const OUTPUTS = ["duration", "duration_low", "duration_high", "warnings"];

/** As many as there are rides, alone or as rows of one element. */
const SHAPE: JsonObject = { type: "array", minItems: 1, maxItems: 2, items: { type: "integer", minimum: 0, maximum: MAX_ROWS } };
/** Parameters of which one is read. */
function parameters(name: string, description: string, is: JsonObject): JsonObject {
  return { type: "object", properties: { [name]: { description, ...is } } };
}

const FLAG: JsonObject = { type: "boolean" };
const COUNT: JsonObject = { type: "integer", minimum: 0 };

/** For `components.schemas`. */
export const INFERENCE_SCHEMAS: JsonObject = {
  TensorIn: {
    description: "A field of the rides, one element a ride.",
    type: "object",
    required: ["name", "shape", "datatype"],
    properties: {
      name: { type: "string", enum: INPUTS },
      shape: SHAPE,
      datatype: { type: "string", enum: DATATYPES },
      parameters: parameters("binary_data_size", "Bytes of this tensor behind the JSON.", COUNT),
      data: { description: "Flat or nested; absent where the tensor is sent in binary.", type: "array" },
    },
  },
  InferenceRequest: {
    description: `At most ${MAX_ROWS} rides. A field's tensor has the shape [n] or [n, 1].`,
    type: "object",
    required: ["inputs"],
    properties: {
      id: { description: "Comes back.", type: "string" },
      parameters: parameters("binary_data_output", "Whether outputs come in binary that do not say so themselves.", FLAG),
      inputs: { type: "array", minItems: 1, items: schema("TensorIn") },
      outputs: {
        description: "Those that are wanted, each once. Absent or empty: all.",
        type: "array",
        items: { type: "object", required: ["name"], properties: { name: { type: "string", enum: OUTPUTS }, parameters: parameters("binary_data", "Whether it comes in binary.", FLAG) } },
      },
    },
  },
  TensorOut: {
    type: "object",
    required: ["name", "shape", "datatype"],
    properties: {
      name: { type: "string", enum: OUTPUTS },
      shape: SHAPE,
      datatype: { type: "string", enum: ["FP64", "BYTES"] },
      parameters: parameters("binary_data_size", "Bytes of this tensor behind the JSON.", COUNT),
      data: { type: "array" },
    },
  },
  InferenceReply: {
    type: "object",
    required: ["model_name", "model_version", "outputs"],
    properties: {
      model_name: { type: "string" },
      model_version: { type: "string" },
      id: { type: "string" },
      outputs: { type: "array", items: schema("TensorOut") },
    },
  },
  InferenceHealth: {
    description: "Both, since the specification asks for one key and its clients for the other.",
    type: "object",
    required: ["live", "ready"],
    properties: { live: { type: "boolean", const: true }, ready: { type: "boolean" } },
  },
  InferenceRefusal: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
  TensorMetadata: {
    type: "object",
    required: ["name", "datatype", "shape"],
    properties: { name: { type: "string" }, datatype: { type: "string" }, shape: { type: "array", items: { type: "integer" } } },
  },
  ServerMetadata: {
    type: "object",
    required: ["name", "version", "extensions"],
    properties: { name: { type: "string" }, version: { type: "string" }, extensions: { type: "array", items: { type: "string" } } },
  },
  ModelMetadata: {
    type: "object",
    required: ["name", "versions", "platform", "inputs", "outputs"],
    properties: {
      name: { type: "string" },
      versions: { type: "array", items: { type: "string" } },
      platform: { type: "string" },
      inputs: { type: "array", items: schema("TensorMetadata") },
      outputs: { type: "array", items: schema("TensorMetadata") },
    },
  },
};

const MODEL: readonly JsonObject[] = [{ $ref: "#/components/parameters/model" }];
const VERSION: readonly JsonObject[] = [...MODEL, { $ref: "#/components/parameters/version" }];

/** Paths of the protocol. */
export const INFERENCE_PATHS: JsonObject = {
  "/v2": reading({
    operationId: "inferenceServer",
    tag: "inference",
    summary: "What serves",
    security: GUARDED,
    dialect: "inference",
    refused: [401, 429, 503],
    responses: { "200": answer("The server.", content("application/json", schema("ServerMetadata"))) },
  }),
  "/v2/health/live": reading({
    operationId: "inferenceLive",
    tag: "inference",
    summary: "Whether the process runs",
    security: OPEN,
    dialect: "inference",
    refused: [],
    responses: { "200": answer("It does, with a model or without.", content("application/json", schema("InferenceHealth"))) },
  }),
  "/v2/health/ready": reading({
    operationId: "inferenceReady",
    tag: "inference",
    summary: "Whether a model serves",
    security: OPEN,
    dialect: "inference",
    refused: [],
    responses: {
      "200": answer("One does.", content("application/json", schema("InferenceHealth"))),
      "503": answer("None does.", content("application/json", { allOf: [schema("InferenceHealth"), schema("InferenceRefusal")] }), "retry-after"),
    },
  }),
  "/v2/models/{model}": model("inferenceModel", MODEL),
  "/v2/models/{model}/versions/{version}": model("inferenceModelVersion", VERSION),
  "/v2/models/{model}/ready": ready("inferenceModelReady", MODEL),
  "/v2/models/{model}/versions/{version}/ready": ready("inferenceModelVersionReady", VERSION),
  "/v2/models/{model}/infer": infer("infer", MODEL),
  "/v2/models/{model}/versions/{version}/infer": infer("inferVersion", VERSION),
};

function model(operationId: string, parameters: readonly JsonObject[]): JsonObject {
  return reading({
    operationId,
    tag: "inference",
    summary: "What the model takes and gives",
    security: GUARDED,
    parameters,
    dialect: "inference",
    refused: [401, 404, 429, 503],
    responses: { "200": answer("Its tensors.", content("application/json", schema("ModelMetadata"))) },
  });
}

function ready(operationId: string, parameters: readonly JsonObject[]): JsonObject {
  const properties = { name: { type: "string" }, ready: { type: "boolean", const: true } };
  return reading({
    operationId,
    tag: "inference",
    summary: "Whether the model serves",
    security: GUARDED,
    parameters,
    dialect: "inference",
    refused: [401, 404, 429, 503],
    responses: { "200": answer("It does.", content("application/json", { type: "object", required: ["ready"], properties })) },
  });
}

function infer(operationId: string, parameters: readonly JsonObject[]): JsonObject {
  return {
    parameters,
    post: {
      operationId,
      tags: ["inference"],
      summary: "Minutes that rides will take",
      description:
        "Tensors are sent and asked for in JSON, or in binary behind the JSON: then `Inference-Header-Content-Length` is the length of " +
        "the JSON, each such input says `binary_data_size`, and each such output is asked for by `binary_data`, or all by " +
        "`binary_data_output`. A content type is not needed.",
      security: GUARDED,
      parameters: [
        {
          name: "Inference-Header-Content-Length",
          in: "header",
          description: "With binary tensors: the length of the JSON before them.",
          schema: { type: "integer", minimum: 0 },
        },
      ],
      requestBody: {
        required: true,
        content: {
          ...content("application/json", schema("InferenceRequest"), EXAMPLES),
          ...content("application/octet-stream", { description: "The JSON, and behind it the tensors that are sent in binary.", type: "string" }),
        },
      },
      responses: {
        "200": answer(
          "The outputs that were asked for, or all.",
          {
            ...content("application/json", schema("InferenceReply"), ANSWERS),
            ...content("application/octet-stream", { description: "The JSON, and behind it the tensors that were asked for in binary.", type: "string" }),
          },
          "inference-header-content-length",
        ),
        ...refusals("inference", [...SCORING, 404]),
      },
    },
  };
}
