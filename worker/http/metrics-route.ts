// GET /metrics: what was counted, for Prometheus; of all processes where there are several.

import type { Env } from "../env.ts";
import type { Answer } from "./answer.ts";
import { merge, type Metrics, type Snapshot } from "./metrics.ts";
import { METRICS_TYPE, text } from "./metrics-text.ts";
import type { Refusal } from "./refusal.ts";
import { type Exchange, OPEN, READING, type Route } from "./route.ts";

/** The route; `peers` asks the other processes. */
export function metricsRoute(metrics: Metrics, peers: (env: Env) => Promise<readonly Snapshot[]>): Route {
  return {
    ...OPEN,
    label: "/metrics",
    methods: READING,
    isGuarded: true,
    async answer({ env, weights, verify }: Exchange): Promise<Answer | Refusal> {
      const refusal = (await verify?.(new Uint8Array())) ?? null;
      if (refusal !== null) {
        return refusal;
      }
      const others = await peers(env);
      const own = metrics.snapshot(weights, Date.now());
      return { status: 200, contentType: METRICS_TYPE, body: text(merge([own, ...others])) };
    },
  };
}
