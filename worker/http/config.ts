// GET /config.json: what the page must know to load the same weights as this Worker and to believe them.

import { manifestKey, trustedKeys } from "../env.ts";
import { json, methodNotAllowed } from "./errors.ts";
import type { Exchange, Route } from "./route.ts";

export const config: Route = {
  methods: ["GET", "HEAD"],
  async answer({ request, env }: Exchange): Promise<Response> {
    if (!config.methods.includes(request.method)) {
      return methodNotAllowed(request.method, config.methods);
    }
    const body = { manifest: `/${manifestKey(env)}`, trusted_keys: trustedKeys(env) };
    return json(200, body, { "cache-control": "no-cache" });
  },
};
