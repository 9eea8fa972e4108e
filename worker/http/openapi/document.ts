// GET /openapi.json: what the service speaks, for programs; docs/protocols.md is the same for people.

import { MAX_REQUEST_ID_LENGTH } from "../limits.ts";
import type { Dialect } from "../refusal.ts";
import { INFERENCE_PATHS, INFERENCE_SCHEMAS } from "./inference-paths.ts";
import type { JsonObject } from "./json.ts";
import { MLFLOW_PATHS, MLFLOW_SCHEMAS } from "./mlflow-paths.ts";
import { SCORING } from "./operation.ts";
import { FUNCTION_SCHEMAS, PREDICT_PATHS } from "./predict-paths.ts";
import { type Refused, refusalComponents } from "./refusals.ts";
import { RIDE_SCHEMAS } from "./ride-schemas.ts";
import { SERVICE_PATHS, SERVICE_SCHEMAS } from "./service-paths.ts";

const REFUSED: Readonly<Record<Dialect, readonly Refused[]>> = {
  curbside: [...SCORING, 404, 422, 502],
  mlflow: SCORING,
  inference: [...SCORING, 404],
};

const HEADERS: JsonObject = {
  "x-request-id": {
    description: `The caller's own, if it sent one of 1 to ${MAX_REQUEST_ID_LENGTH} letters, digits, dots, hyphens and underscores; else a fresh one.`,
    required: true,
    schema: { type: "string", pattern: `^[A-Za-z0-9._-]{1,${MAX_REQUEST_ID_LENGTH}}$` },
  },
  allow: { description: "The methods that the path knows.", required: true, schema: { type: "string" } },
  "retry-after": { description: "Seconds.", required: true, schema: { type: "string", pattern: "^[0-9]+$" } },
  "www-authenticate": { description: "What is asked for.", required: true, schema: { type: "string" } },
  etag: { description: "Of these bytes.", schema: { type: "string" } },
  "inference-header-content-length": {
    description: "With binary tensors: the length of the JSON before them.",
    schema: { type: "string", pattern: "^[0-9]+$" },
  },
};

const NAME: JsonObject = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" };

const PARAMETERS: JsonObject = {
  explain: {
    name: "explain",
    in: "query",
    description: "Whether the reply is to say why the estimate is what it is.",
    schema: { type: "boolean", default: false },
  },
  model: { name: "model", in: "path", required: true, schema: NAME, example: "ride-duration" },
  version: { name: "version", in: "path", required: true, description: "As `model_version` in a reply.", schema: { type: "string", minLength: 1 } },
  alias: { name: "alias", in: "path", required: true, schema: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" }, example: "champion" },
  sha256: { name: "sha256", in: "path", required: true, schema: { type: "string", pattern: "^[0-9a-f]{64}$" } },
};

const SECURITY_SCHEMES: JsonObject = {
  token: { type: "http", scheme: "bearer", description: "Where the operator has set tokens." },
  webhookId: { type: "apiKey", in: "header", name: "webhook-id", description: "Where the operator has set keys: Standard Webhooks." },
  webhookTimestamp: { type: "apiKey", in: "header", name: "webhook-timestamp", description: "Seconds since 1970; within 5 minutes of now." },
  webhookSignature: {
    type: "apiKey",
    in: "header",
    name: "webhook-signature",
    description: "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.",
  },
};

const DOCUMENT: JsonObject = {
  openapi: "3.1.1",
  info: {
    title: "Curbside",
    version: "1",
    summary: "How long a New York taxi ride will take",
    description:
      "One model behind the protocols of its clients: the reference service's `/predict` and stream function, MLflow's scoring " +
      "protocol and the Open Inference Protocol. Every path answers `OPTIONS` with its methods in `Allow`. A `Host` that names no host is " +
      "refused on every path with 400 and the code `HOST`; what is no HTTP at all, or has headers without end, the runtime refuses in plain text.",
    license: { name: "MIT OR Apache-2.0", identifier: "MIT OR Apache-2.0" },
  },
  servers: [{ url: "/", description: "Where this was loaded from." }],
  tags: [
    { name: "reference", description: "What clients of the reference service call." },
    { name: "mlflow", description: "MLflow's scoring protocol." },
    { name: "inference", description: "The Open Inference Protocol, version 2, as KServe and Triton speak it." },
    { name: "service", description: "Health, metrics, weights, the page." },
  ],
  paths: { ...PREDICT_PATHS, ...MLFLOW_PATHS, ...INFERENCE_PATHS, ...SERVICE_PATHS },
  components: {
    schemas: { ...RIDE_SCHEMAS, ...FUNCTION_SCHEMAS, ...MLFLOW_SCHEMAS, ...INFERENCE_SCHEMAS, ...SERVICE_SCHEMAS },
    responses: refusalComponents(REFUSED),
    parameters: PARAMETERS,
    headers: HEADERS,
    securitySchemes: SECURITY_SCHEMES,
  },
};

let text: string | undefined;

/** The description as JSON; made on first use, since most isolates are never asked for it. */
export function openApi(): string {
  text ??= JSON.stringify(DOCUMENT);
  return text;
}
