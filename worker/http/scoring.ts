// The routes that the module answers: the reference service's, MLflow's, the Open Inference Protocol's, the stream function's.
//
// Here the body is read and counted, and the model is waited for where there is none yet; what is in the body is the module's affair.

import { type Answer, JSON_TYPE } from "./answer.ts";
import { Bodies } from "./bodies.ts";
import { noModel } from "./errors.ts";
import type { Metrics } from "./metrics.ts";
import { bodyOf, type Dialect, type Refusal } from "./refusal.ts";
import { type Exchange, READING, type Route } from "./route.ts";

/** What these routes share across requests. */
export interface Scoring {
  readonly bodies: Bodies;
  readonly metrics: Metrics;
}

const NOTHING = new Uint8Array();

/** A route that takes rides. */
export function scoring(label: string, dialect: Dialect, { bodies, metrics }: Scoring): Route {
  const takesExplain = label === "/predict";
  return {
    label,
    methods: ["POST"],
    dialect,
    audience: "scoring",
    isGuarded: true,
    async answer(exchange: Exchange): Promise<Answer | Refusal> {
      const { request, query, verify } = exchange;
      const { headers } = request;
      const coding = headers.get("content-encoding");
      if (coding !== null && coding.toLowerCase() !== "identity") {
        return compressed(coding);
      }
      const explain = takesExplain && query !== "" ? explainOf(query) : false;
      if (typeof explain !== "boolean") {
        return explain;
      }
      const reading = await bodies.read(request, headers.get("content-length"), exchange.context);
      if ("status" in reading) {
        return reading;
      }
      try {
        const refusal = verify === null ? null : await verify(reading.bytes);
        return refusal ?? (await serve(exchange, metrics, reading.bytes, explain));
      } finally {
        bodies.release(reading.body);
      }
    },
  };
}

/** A route of the module's that only tells. */
export function telling(label: string, dialect: Dialect, isGuarded: boolean, { metrics }: Scoring): Route {
  return {
    label,
    methods: READING,
    dialect,
    audience: "scoring",
    isGuarded,
    async answer(exchange: Exchange): Promise<Answer | Refusal> {
      const refusal = (await exchange.verify?.(NOTHING)) ?? null;
      return refusal ?? serve(exchange, metrics, NOTHING, false);
    },
  };
}

/** `/v2/health/live` and `/v2/health/ready`, which have an answer without a model, too. */
export function inferenceHealth(part: "live" | "ready", shared: Scoring): Route {
  const route = telling(`/v2/health/${part}`, "inference", false, shared);
  return {
    ...route,
    async answer(exchange: Exchange): Promise<Answer | Refusal> {
      const answer = await route.answer(exchange);
      if (!("message" in answer)) {
        return answer;
      }
      if (part === "live") {
        return { status: 200, contentType: JSON_TYPE, body: JSON.stringify({ live: true, ready: false }) };
      }
      const { status, code, headers = {} } = answer;
      const body = { ...(JSON.parse(bodyOf(answer, "inference")) as object), live: true, ready: false };
      return { status, contentType: JSON_TYPE, body: JSON.stringify(body), headers, code };
    },
  };
}

async function serve(
  { request, method, path, context, weights }: Exchange,
  metrics: Metrics,
  body: Uint8Array<ArrayBuffer>,
  explain: boolean,
): Promise<Answer | Refusal> {
  // Asked first, so that most requests wait for nothing.
  if (weights.isDue) {
    await weights.ready(context);
  }
  // No await from here on: a newer model may take this one's place whenever another request runs.
  const { estimator } = weights;
  if (estimator === null) {
    return noModel(weights.retryAfterSeconds());
  }
  const { headers } = request;
  const reply = estimator.serve({
    method,
    path,
    explain,
    contentType: headers.get("content-type"),
    inferenceHeaderLength: path.startsWith("/v2/") ? headers.get("inference-header-content-length") : null,
    body,
    now: Date.now(),
  });
  weights.prepareBehind(context);
  metrics.tally(reply.rides, reply.refused, reply.unseenPairs);
  return { status: reply.status, contentType: reply.contentType, body: reply.body, headerList: reply.headers, code: reply.code };
}

/** In the address and not in the body: the body is a ride, in whatever fields a client of the reference service sends. */
function explainOf(query: string): boolean | Refusal {
  const found = new URLSearchParams(query).getAll("explain");
  if (found.length === 0) {
    return false;
  }
  if (found.length === 1 && (found[0] === "true" || found[0] === "false")) {
    return found[0] === "true";
  }
  const shown = JSON.stringify(found.join(" and ").slice(0, 40));
  return { status: 400, code: "EXPLAIN", message: `explain: expected true or false, once, found ${shown}` };
}

function compressed(coding: string): Refusal {
  const message = `Content-Encoding: expected a body that is not compressed, found ${coding.slice(0, 40)}`;
  return { status: 415, code: "CONTENT_ENCODING", message, headers: { "accept-encoding": "identity" } };
}
