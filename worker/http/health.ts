// GET /health: whether a model serves, which one, and what went wrong last. Nothing in it is secret.

import { json, methodNotAllowed } from "./errors.ts";
import type { Exchange, Route } from "./route.ts";

export const health: Route = {
  methods: ["GET", "HEAD"],
  async answer({ request, context, weights }: Exchange): Promise<Response> {
    if (!health.methods.includes(request.method)) {
      return methodNotAllowed(request.method, health.methods);
    }
    // So that the first question after a start is answered by what is in the bucket and not by "not yet".
    await weights.ready(context);
    const report = weights.report();
    if (report.status !== "no_model") {
      return json(200, report);
    }
    const message = "no model is loaded; last_error says why";
    const headers = { "retry-after": String(weights.retryAfterSeconds()) };
    return json(503, { error: { code: "NO_MODEL", message }, ...report }, headers);
  },
};
