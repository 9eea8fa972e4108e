// GET /config.json: what the page must know to load the same weights as this Worker and to believe them.

import { manifestKey } from "../settings.ts";
import { json, methodNotAllowed } from "./errors.ts";
import type { Exchange, Route } from "./route.ts";

export const config: Route = {
  methods: ["GET", "HEAD"],
  async answer({ request, settings }: Exchange): Promise<Response> {
    if (!config.methods.includes(request.method)) {
      return methodNotAllowed(request.method, config.methods);
    }
    const body = {
      manifest: `/${manifestKey(settings)}`,
      trusted_keys: settings.trustedKeys,
      ttl_seconds: settings.ttlSeconds,
      model: settings.model,
    };
    return json(200, body, { "cache-control": "no-cache" });
  },
};
