// The parts that operations are described by.

import type { Dialect } from "../refusal.ts";
import type { Json, JsonObject } from "./json.ts";
import { headers, type Refused, refusals } from "./refusals.ts";

/** What a scoring route may refuse besides what its own protocol does. */
export const SCORING: readonly Refused[] = [400, 401, 405, 408, 413, 415, 429, 500, 503];

/** Who may ask: anybody, where the operator has set neither tokens nor keys; else one who has one of them. */
export const GUARDED: readonly JsonObject[] = [{}, { token: [] }, { webhookId: [], webhookTimestamp: [], webhookSignature: [] }];

/** Anybody, whatever is set. */
export const OPEN: readonly JsonObject[] = [];

/** Examples by name, each of which a test sends and compares with the answer of the same name. */
export type Examples = Readonly<Record<string, Json>>;

/** `content` of one media type. */
export function content(mediaType: string, schema: JsonObject, examples: Examples = {}): JsonObject {
  const named = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
  return { [mediaType]: Object.keys(named).length === 0 ? { schema } : { schema, examples: named } };
}

/** A schema of `components.schemas`. */
export function schema(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

/** An answer that refuses nothing. */
export function answer(description: string, body: JsonObject | null, ...moreHeaders: readonly string[]): JsonObject {
  const all = { description, headers: headers(...moreHeaders) };
  return body === null ? all : { ...all, content: body };
}

/** What a `GET` is described by; `HEAD` is the same without its body. */
export interface Reading {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly JsonObject[];
  readonly parameters?: readonly JsonObject[];
  readonly responses: JsonObject;
  readonly dialect: Dialect;
  readonly refused: readonly Refused[];
}

/** A path that is read. */
export function reading(what: Reading): JsonObject {
  const { tag, dialect, refused, responses, parameters, ...rest } = what;
  const operation = (operationId: string, all: JsonObject): JsonObject => ({
    ...rest,
    operationId,
    tags: [tag],
    responses: { ...all, ...refusals(dialect, [...refused, 405, 500]) },
  });
  const path: JsonObject = {
    get: operation(what.operationId, responses),
    head: operation(`${what.operationId}Head`, withoutBodies(responses)),
  };
  return parameters === undefined ? path : { ...path, parameters };
}

function withoutBodies(responses: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, described]) => {
      const { content: _, ...rest } = described as JsonObject;
      return [status, rest];
    }),
  );
}
