// Refusals that belong to HTTP and not to a ride.

import type { Refusal } from "./refusal.ts";

/** 404 for a path that no route and no file of the page has. */
export function notFound(path: string): Refusal {
  const shown = path.length > 100 ? `${path.slice(0, 100)}...` : path;
  const message = `nothing is at ${shown}; POST /predict estimates a ride, and GET /openapi.json lists every path there is`;
  return { status: 404, code: "NOT_FOUND", message };
}

/** 405, with what the path does know. */
export function methodNotAllowed(method: string, methods: readonly string[]): Refusal {
  const message = `the method: expected ${methods.join(" or ")}, found ${method}`;
  return { status: 405, code: "METHOD_NOT_ALLOWED", message, headers: { allow: allow(methods) } };
}

/** What `Allow` says: OPTIONS is every path's. */
export function allow(methods: readonly string[]): string {
  return [...methods, "OPTIONS"].join(", ");
}

/** 400 for a Host that is none: it would choose the path. */
export function noHost(): Refusal {
  const message = "Host: expected one name or address with a port or without, as host.example:9696, found something else";
  return { status: 400, code: "HOST", message };
}

/** 503 while no weights are held. */
export function noModel(retryAfterSeconds: number): Refusal {
  const message = "no model is loaded, and this service does not guess; try again shortly, and see /health for the reason";
  return { status: 503, code: "NO_MODEL", message, headers: { "retry-after": String(retryAfterSeconds) } };
}

/** What to say when code throws: 503 for an engine that did not recover, 500 for a fault of ours. `id` is the request's, to find it by. */
export function unexpected(fault: unknown, id: string): Refusal {
  const code = codeOf(fault);
  console.error(JSON.stringify({ event: "fault", id, code, message: String(fault) }));
  if (code === "ENGINE_TRAPPED") {
    const message = "the scoring module stopped twice on this request and was started afresh; try again";
    return { status: 503, code, message, headers: { "retry-after": "1" } };
  }
  return { status: 500, code: "INTERNAL", message: "this is a fault of the service; its log says more" };
}

/** The stable code that an error of ours carries. */
export function codeOf(fault: unknown): string | undefined {
  return fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : undefined;
}
