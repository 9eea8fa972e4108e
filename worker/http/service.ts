// What an isolate holds across requests.

import type { Env } from "../env.ts";
import { readSettings, type Settings } from "../settings.ts";
import { Weights } from "../weights/weights.ts";
import { Bodies } from "./bodies.ts";
import { Metrics, type Snapshot } from "./metrics.ts";
import { metricsRoute } from "./metrics-route.ts";
import { Replies } from "./replies.ts";
import { type Routes, routes } from "./routes.ts";
import { readSecurity, type Security } from "./security.ts";

/** What is different where the Worker runs by itself and not on Cloudflare. */
export interface Host {
  /** A file of the page, for GET and HEAD; null if there is none. Absent: the platform has answered for files already. */
  readonly page?: (request: Request, path: string, env: Env) => Response | null | Promise<Response | null>;
  /** The counts of the other processes, those that answer. */
  readonly peers?: (env: Env) => Promise<readonly Snapshot[]>;
}

/** All of it. */
export interface Service {
  readonly settings: Settings;
  readonly security: Security;
  readonly weights: Weights;
  readonly metrics: Metrics;
  readonly replies: Replies;
  readonly routes: Routes;
}

let service: Service | undefined;

/** The isolate's service, made at its first request. */
export function serviceOf(env: Env, host: Host): Service {
  service ??= start(env, host);
  return service;
}

/** What this isolate has counted. */
export function snapshot(env: Env, host: Host): Snapshot {
  const { metrics, weights } = serviceOf(env, host);
  return metrics.snapshot(weights, Date.now());
}

function start(env: Env, { peers = async () => [] }: Host): Service {
  const { security, faults } = readSecurity(env);
  const read = readSettings(env);
  const settings = { ...read, faults: [...read.faults, ...faults] };
  const metrics = new Metrics();
  return {
    settings,
    security,
    weights: new Weights(settings),
    metrics,
    replies: new Replies(security),
    routes: routes({ bodies: new Bodies(), metrics }, metricsRoute(metrics, peers)),
  };
}
