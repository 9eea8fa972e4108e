// GET /config.json: what the page must know to load the same weights as this Worker and to believe them.

import { manifestKey } from "../settings.ts";
import { type Answer, json } from "./answer.ts";
import { type Exchange, OPEN, READING, type Route } from "./route.ts";

export const config: Route = {
  ...OPEN,
  label: "/config.json",
  methods: READING,
  audience: "public",
  async answer({ settings }: Exchange): Promise<Answer> {
    const body = {
      manifest: `/${manifestKey(settings)}`,
      trusted_keys: settings.trustedKeys,
      ttl_seconds: settings.ttlSeconds,
      model: settings.model,
    };
    return json(200, body, { "cache-control": "no-cache" });
  },
};
