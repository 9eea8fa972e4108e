// What tests ask a Worker again and again.

import type { RunningWorker } from "./harness.ts";

/** What /health tells of a failure. */
export interface LastError {
  readonly code: string;
  readonly section?: string;
  readonly message: string;
  readonly at: string;
}

/** What /health tells. */
export interface Health {
  /** HTTP status of the reply. */
  readonly http: number;
  readonly status: "ok" | "stale" | "fallback" | "no_model";
  readonly state: string | null;
  readonly model: string;
  readonly alias: string;
  readonly version: string | null;
  readonly sequence: number | null;
  readonly sha256: string | null;
  readonly keyid: string | null;
  readonly trusted_keyids: readonly string[];
  readonly source: "r2" | "s3" | "https" | null;
  readonly ttl_seconds: number;
  readonly generation: number | null;
  readonly last_trap: string | null;
  readonly loaded_at: string | null;
  readonly loaded_seconds_ago: number | null;
  readonly checked_at: string | null;
  readonly checked_seconds_ago: number | null;
  readonly confirmed_at: string | null;
  readonly last_error: LastError | null;
  readonly configuration: readonly { readonly code: string; readonly message: string }[];
}

/** Asks for /health. */
export async function healthOf(worker: RunningWorker): Promise<Health> {
  const response = await worker.fetch("/health");
  return { ...((await response.json()) as Health), http: response.status };
}

/** A ride that every model here knows. */
export const RIDE = '{"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66, "pickup_datetime": "2021-02-03T08:30"}';

/** Asks for an estimate of it. */
export function predict(worker: RunningWorker): Promise<Response> {
  return worker.fetch("/predict", { method: "POST", body: RIDE, headers: { "content-type": "application/json" } });
}

/** An estimate and the model it is of. */
export interface Answer {
  readonly duration: number;
  readonly model: string;
  readonly model_version: string;
}

/** The estimate; throws unless there is one. */
export async function estimate(worker: RunningWorker): Promise<Answer> {
  const response = await predict(worker);
  const text = await response.text();
  if (response.status !== 200) {
    throw new Error(`expected an estimate, found ${response.status} ${text.slice(0, 300)}`);
  }
  return JSON.parse(text) as Answer;
}
