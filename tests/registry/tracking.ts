// MLflow as its own pages and a data scientist use it: over HTTP, past our client.

import { setting } from "./servers.ts";

const API = "/api/2.0/mlflow";

/** The proxied tracking server. */
export function trackingUri(): string {
  return setting("CURBSIDE_TEST_MLFLOW");
}

/** Asks MLflow; what it answers, parsed. */
export async function mlflow(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<Record<string, unknown>> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${trackingUri()}${API}${path}`, { method, ...init });
  const text = await response.text();
  if (response.status !== 200) {
    throw new Error(`MLflow: ${method} ${path}: expected 200, found ${response.status} ${text}`);
  }
  return JSON.parse(text) as Record<string, unknown>;
}

/** Moves an alias, as in MLflow's own pages. */
export async function moveAlias(name: string, alias: string, version: string): Promise<void> {
  await mlflow("POST", "/registered-models/alias", { name, alias, version });
}

/** The version that an alias stands on. */
export async function versionAt(name: string, alias: string): Promise<string> {
  const { model_version: version } = await mlflow("GET", `/registered-models/alias?${new URLSearchParams({ name, alias })}`);
  return (version as { version: string }).version;
}

/** A run, as far as a person looks at it. */
export interface Run {
  readonly info: { readonly run_id: string; readonly status: string };
  /** Lists that would be empty are left out. */
  readonly data: { readonly metrics?: readonly { readonly key: string; readonly value: number }[]; readonly params: readonly { readonly key: string }[] };
  readonly inputs?: { readonly dataset_inputs?: readonly { readonly dataset: { readonly name: string; readonly digest: string } }[] };
}

/** The runs of an experiment, newest first. */
export async function runsOf(experiment: string): Promise<readonly Run[]> {
  const { experiment: found } = await mlflow("GET", `/experiments/get-by-name?${new URLSearchParams({ experiment_name: experiment })}`);
  const { runs } = await mlflow("POST", "/runs/search", { experiment_ids: [(found as { experiment_id: string }).experiment_id], max_results: 100 });
  return (runs ?? []) as readonly Run[];
}
