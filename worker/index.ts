// The Worker: it carries bytes between the web, object storage and the scoring module, and decides nothing about a ride.
// This file says which path goes where; a path that is not here is a file of the page, or unknown.

import type { Env } from "./env.ts";
import { config } from "./http/config.ts";
import { crossOrigin, notFound, preflight, unexpected } from "./http/errors.ts";
import { health } from "./http/health.ts";
import { models } from "./http/models.ts";
import { predict } from "./http/predict.ts";
import type { Route } from "./http/route.ts";
import { readSettings } from "./settings.ts";
import { Weights } from "./weights/weights.ts";

const ROUTES: ReadonlyMap<string, Route> = new Map([
  ["/predict", predict],
  ["/health", health],
  ["/config.json", config],
]);

/** Held across requests, for as long as the isolate lives. */
let weights: Weights | undefined;

async function answer(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = pathname.startsWith("/models/") ? models : ROUTES.get(pathname);
  if (route === undefined) {
    return notFound(pathname);
  }
  if (request.method === "OPTIONS") {
    return preflight(route.methods);
  }
  weights ??= new Weights(readSettings(env));
  return route.answer({ request, settings: weights.settings, context, weights, pathname });
}

// The runtime asks for a default export; nothing else in this project has one.
export default {
  async fetch(request, env, context) {
    try {
      return crossOrigin(await answer(request, env, context));
    } catch (fault) {
      return crossOrigin(unexpected(fault));
    }
  },
} satisfies ExportedHandler<Env>;
