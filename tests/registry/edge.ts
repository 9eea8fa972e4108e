// The real Worker on a store that speaks S3.

import assert from "node:assert/strict";

import { type RunningWorker, startWorker } from "../worker/harness.ts";
import type { Answer } from "../worker/health.ts";
import type { Place } from "./servers.ts";

/** What a test may choose. */
export interface EdgeOptions {
  /** Public keys in base64. */
  readonly trusted: readonly string[];
  /** Where it reads; the place's own endpoint unless a proxy stands before it. */
  readonly endpoint?: string;
  readonly fallback?: "shipped" | "none";
  /** The default of wrangler.toml unless told. */
  readonly ttlSeconds?: number;
}

/** What wrangler.toml says. */
export const DEFAULT_TTL_SECONDS = 5;

/** Starts the Worker with its weights in the place. */
export function startEdge(place: Place, options: EdgeOptions): Promise<RunningWorker> {
  return startWorker({
    trusted: [],
    ttlSeconds: options.ttlSeconds ?? DEFAULT_TTL_SECONDS,
    fallback: options.fallback ?? "none",
    vars: {
      WEIGHTS_SOURCE: `s3://${place.bucket}/${place.prefix}`,
      S3_ENDPOINT: options.endpoint ?? place.endpoint,
      S3_REGION: place.region,
    },
    secrets: {
      TRUSTED_KEYS: options.trusted.join(" "),
      S3_ACCESS_KEY_ID: place.accessKeyId,
      S3_SECRET_ACCESS_KEY: place.secretAccessKey,
    },
  });
}

/** A ride as `POST /predict` takes it. */
export interface Ride {
  readonly PULocationID: number;
  readonly DOLocationID: number;
  readonly trip_distance: number;
  readonly pickup_datetime: string;
}

/** Asks for an estimate, which must come. */
export async function estimateRide(worker: RunningWorker, ride: Ride): Promise<Answer> {
  const response = await worker.fetch("/predict", { method: "POST", body: JSON.stringify(ride), headers: { "content-type": "application/json" } });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Answer;
}
