// What is no scoring: health, metrics, weights, configuration, the page and this description.

import type { JsonObject } from "./json.ts";
import { answer, content, GUARDED, OPEN, reading, schema } from "./operation.ts";

const TIME: JsonObject = { type: ["string", "null"], format: "date-time" };
const SECONDS: JsonObject = { type: ["integer", "null"], minimum: 0 };
const TEXT_OR_NULL: JsonObject = { type: ["string", "null"] };
const FAULT: JsonObject = {
  type: "object",
  required: ["code", "message"],
  properties: { code: { type: "string" }, message: { type: "string" } },
};

const HEALTH: JsonObject = {
  description: "docs/operations.md says what each state means.",
  type: "object",
  required: ["status", "state", "model", "alias", "version", "sequence", "sha256", "generation", "last_error", "configuration"],
  properties: {
    status: { type: "string", enum: ["ok", "stale", "fallback", "no_model"] },
    state: TEXT_OR_NULL,
    model: { type: "string" },
    alias: { type: "string" },
    version: TEXT_OR_NULL,
    sequence: { type: ["integer", "null"] },
    sha256: TEXT_OR_NULL,
    keyid: TEXT_OR_NULL,
    trusted_keyids: { type: "array", items: { type: "string" } },
    source: TEXT_OR_NULL,
    manifest: { type: "string" },
    ttl_seconds: { type: "number", exclusiveMinimum: 0 },
    generation: { description: "Above 1, the scoring module has recovered from a trap.", type: ["integer", "null"] },
    last_trap: {},
    loaded_at: TIME,
    loaded_seconds_ago: SECONDS,
    checked_at: TIME,
    checked_seconds_ago: SECONDS,
    confirmed_at: TIME,
    confirmed_seconds_ago: SECONDS,
    last_error: { anyOf: [FAULT, { type: "null" }] },
    configuration: { type: "array", items: FAULT },
  },
};

/** For `components.schemas`. */
export const SERVICE_SCHEMAS: JsonObject = {
  Health: HEALTH,
  UnhealthyReport: { allOf: [schema("Refusal"), schema("Health")] },
  Configuration: {
    type: "object",
    required: ["manifest", "trusted_keys", "ttl_seconds", "model"],
    properties: {
      manifest: { type: "string", pattern: "^/models/" },
      trusted_keys: { type: "array", items: { type: "string" } },
      ttl_seconds: { type: "number", exclusiveMinimum: 0 },
      model: { type: "string" },
    },
  },
  Envelope: {
    description: "docs/publishing.md: a signed manifest.",
    type: "object",
    required: ["payload", "keyid", "signature"],
    properties: { payload: { type: "string" }, keyid: { type: "string" }, signature: { type: "string" } },
  },
};

const NO_MODEL: JsonObject = answer("None does; `error` says so and `last_error` why.", content("application/json", schema("UnhealthyReport")), "retry-after");

const NOT_MODIFIED: JsonObject = answer("The caller's copy is the current one.", null, "etag");

function status(word: string): JsonObject {
  return { type: "object", required: ["status"], properties: { status: { type: "string", const: word } } };
}

/** Paths of these. */
export const SERVICE_PATHS: JsonObject = {
  "/health": reading({
    operationId: "health",
    tag: "service",
    summary: "Which model serves, where it came from and what went wrong last",
    security: OPEN,
    dialect: "curbside",
    refused: [],
    responses: { "200": answer("A model serves.", content("application/json", schema("Health"))), "503": NO_MODEL },
  }),
  "/health/live": reading({
    operationId: "healthLive",
    tag: "service",
    summary: "Whether the process runs; to restart it by",
    security: OPEN,
    dialect: "curbside",
    refused: [],
    responses: { "200": answer("It does, with a model or without.", content("application/json", status("live"))) },
  }),
  "/health/ready": reading({
    operationId: "healthReady",
    tag: "service",
    summary: "Whether a model serves; to send requests by",
    security: OPEN,
    dialect: "curbside",
    refused: [503],
    responses: { "200": answer("One does.", content("application/json", status("ready"))) },
  }),
  "/metrics": reading({
    operationId: "metrics",
    tag: "service",
    summary: "Counters for Prometheus",
    security: GUARDED,
    dialect: "curbside",
    refused: [401, 429],
    responses: { "200": answer("The text format, version 0.0.4.", content("text/plain", { type: "string" })) },
  }),
  "/openapi.json": reading({
    operationId: "description",
    tag: "service",
    summary: "This description",
    security: OPEN,
    dialect: "curbside",
    refused: [],
    responses: { "200": answer("OpenAPI 3.1.", content("application/json", { type: "object", required: ["openapi"] })) },
  }),
  "/config.json": reading({
    operationId: "config",
    tag: "service",
    summary: "What a browser must know to load the same weights and to believe them",
    security: OPEN,
    dialect: "curbside",
    refused: [],
    responses: { "200": answer("Where the manifest is, and whose signature is believed.", content("application/json", schema("Configuration"))) },
  }),
  "/models/{model}/{alias}.json": reading({
    operationId: "manifest",
    tag: "service",
    summary: "The signed manifest of a model's alias",
    security: OPEN,
    parameters: [{ $ref: "#/components/parameters/model" }, { $ref: "#/components/parameters/alias" }],
    dialect: "curbside",
    refused: [404, 502],
    responses: {
      "200": answer("As it was published.", content("application/json", schema("Envelope")), "etag"),
      "304": NOT_MODIFIED,
    },
  }),
  "/models/{model}/blobs/{sha256}.curb": reading({
    operationId: "bundle",
    tag: "service",
    summary: "A bundle of weights, gzip as it is stored",
    security: OPEN,
    parameters: [{ $ref: "#/components/parameters/model" }, { $ref: "#/components/parameters/sha256" }],
    dialect: "curbside",
    refused: [404, 502],
    responses: {
      "200": answer("Never changes.", content("application/octet-stream", { type: "string" }), "etag"),
      "304": NOT_MODIFIED,
    },
  }),
  "/": reading({
    operationId: "page",
    tag: "service",
    summary: "The page, which scores in the browser",
    security: OPEN,
    dialect: "curbside",
    refused: [],
    responses: { "200": answer("HTML.", content("text/html", { type: "string" })), "304": NOT_MODIFIED },
  }),
};
