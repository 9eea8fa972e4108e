// GET /health: whether a model serves, which one, where it came from, and what went wrong last. Nothing in it is secret.
//
// 200 as long as anything serves: a process that answers from older weights or from the shipped ones must not be restarted for it.
// For machines there are two more: /health/live asks nothing but that the process answers, /health/ready whether a model serves.
// docs/operations.md says what each state means.

import { manifestKey } from "../settings.ts";
import type { Weights } from "../weights/weights.ts";
import { type Answer, json } from "./answer.ts";
import { noModel } from "./errors.ts";
import type { Refusal } from "./refusal.ts";
import { type Exchange, OPEN, READING, type Route } from "./route.ts";

/** `stale`: the last look for newer weights failed. `fallback`: none has succeeded, and the script's own bundle serves. */
type HealthStatus = "ok" | "stale" | "fallback" | "no_model";

export const health: Route = {
  ...OPEN,
  label: "/health",
  methods: READING,
  async answer({ context, weights }: Exchange): Promise<Answer> {
    // So that the first question after a start is answered by what is in storage and not by "not yet".
    await weights.ready(context);
    const report = await reportOf(weights);
    if (report.status !== "no_model") {
      return json(200, report);
    }
    const code = "NO_MODEL";
    const message = "no model is loaded; last_error says why";
    const headers = { "retry-after": String(weights.retryAfterSeconds()) };
    return { ...json(503, { error: { code, message }, ...report }, headers), code };
  },
};

/** Whether the process should go on: it should, since it can say so. */
export const live: Route = {
  ...OPEN,
  label: "/health/live",
  methods: READING,
  async answer(): Promise<Answer> {
    return json(200, { status: "live" });
  },
};

/** Whether rides should be sent here. */
export const ready: Route = {
  ...OPEN,
  label: "/health/ready",
  methods: READING,
  async answer({ context, weights }: Exchange): Promise<Answer | Refusal> {
    await weights.ready(context);
    return weights.estimator === null ? noModel(weights.retryAfterSeconds()) : json(200, { status: "ready" });
  },
};

async function reportOf(weights: Weights): Promise<{ readonly status: HealthStatus; readonly [field: string]: unknown }> {
  const { settings, status, lastError, faults } = weights;
  const checkedAt = status === null ? weights.triedAt : status.checkedAt;
  return {
    status: healthOf(weights),
    state: status?.state ?? null,
    model: settings.model,
    alias: settings.alias,
    // What replies call the model, which for a bundle is its card's word.
    version: weights.estimator?.card.version ?? null,
    sequence: status?.sequence ?? null,
    sha256: status?.sha256 ?? null,
    keyid: status?.keyid ?? null,
    trusted_keyids: await weights.trustedKeyids(),
    source: settings.source?.kind ?? null,
    manifest: manifestKey(settings),
    ttl_seconds: settings.ttlSeconds,
    // How often the scoring module has been started; above 1 it has recovered from a trap.
    generation: status?.generation ?? null,
    last_trap: status?.lastTrap ?? null,
    loaded_at: status?.loadedAt ?? null,
    loaded_seconds_ago: secondsSince(status?.loadedAt ?? null),
    checked_at: checkedAt,
    checked_seconds_ago: secondsSince(checkedAt),
    confirmed_at: status?.confirmedAt ?? null,
    confirmed_seconds_ago: secondsSince(status?.confirmedAt ?? null),
    last_error: lastError,
    configuration: faults,
  };
}

function healthOf(weights: Weights): HealthStatus {
  if (weights.status === null) {
    return "no_model";
  }
  if (weights.isFallback) {
    return "fallback";
  }
  return weights.lastError === null ? "ok" : "stale";
}

/** Whole seconds; 0 for a time that a clock set back has put in the future. */
function secondsSince(time: string | null): number | null {
  return time === null ? null : Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
}
