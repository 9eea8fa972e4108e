// Which path is whose. Paths are compared as they stand in the request: a proxy before this service may have judged them so.

import { config } from "./config.ts";
import { health, live, ready } from "./health.ts";
import { isModelPath, models } from "./models.ts";
import { description } from "./openapi.ts";
import type { Route } from "./route.ts";
import { inferenceHealth, scoring, type Scoring, telling } from "./scoring.ts";

/** The stream function's address, which its clients have built in. */
const FUNCTION = "/2015-03-31/functions/function/invocations";

/** Finds the route of a path; null if nothing is there. */
export type Routes = (path: string) => Route | null;

/** Puts the routes together. */
export function routes(shared: Scoring, metrics: Route): Routes {
  const own = [
    scoring("/predict", "curbside", shared),
    scoring("/invocations", "mlflow", shared),
    scoring(FUNCTION, "curbside", shared),
    telling("/ping", "mlflow", false, shared),
    telling("/version", "mlflow", false, shared),
    telling("/v2", "inference", true, shared),
    inferenceHealth("live", shared),
    inferenceHealth("ready", shared),
    health,
    live,
    ready,
    metrics,
    description,
    config,
  ];
  const named: ReadonlyMap<string, Route> = new Map(own.map((route) => [route.label, route]));
  const inference = scoring("/v2/infer", "inference", shared);
  const metadata = telling("/v2/models", "inference", true, shared);
  return (path) => {
    const route = named.get(path);
    if (route !== undefined) {
      return route;
    }
    if (path.startsWith("/v2/")) {
      return path.endsWith("/infer") ? inference : metadata;
    }
    return path.startsWith("/models/") && isModelPath(path) ? models : null;
  };
}
