// Replies that are no estimate: our one form of error, and what HTTP wants said beside it.

/** An error as every route tells it. */
export interface ErrorDetail {
  /** Stable, for programs. */
  readonly code: string;
  /** The part of a ride that is at fault. */
  readonly field?: string;
  /** For people: what was expected, what was found, what to do. */
  readonly message: string;
}

const JSON_TYPE = "application/json";

/** A reply whose body is already JSON. */
export function jsonText(status: number, body: string, headers: HeadersInit = {}): Response {
  const all = new Headers(headers);
  all.set("content-type", JSON_TYPE);
  // An answer is for this ride at this moment; the routes that may be cached say so.
  if (!all.has("cache-control")) {
    all.set("cache-control", "no-store");
  }
  return new Response(body, { status, headers: all });
}

/** A reply of an object. */
export function json(status: number, body: object, headers: HeadersInit = {}): Response {
  return jsonText(status, JSON.stringify(body), headers);
}

/** A reply in our form of error. */
export function refuse(status: number, error: ErrorDetail, headers: HeadersInit = {}): Response {
  return json(status, { error }, headers);
}

/** 404 for a path that no route and no file of the page has. */
export function notFound(pathname: string): Response {
  const shown = pathname.length > 100 ? `${pathname.slice(0, 100)}...` : pathname;
  const message = `nothing is at ${shown}; there are POST /predict, GET /health, GET /config.json and GET /models/...`;
  return refuse(404, { code: "NOT_FOUND", message });
}

/** 405, with what the path does know. */
export function methodNotAllowed(method: string, methods: readonly string[]): Response {
  const message = `expected ${methods.join(" or ")}, found ${method}`;
  return refuse(405, { code: "METHOD_NOT_ALLOWED", message }, { allow: allow(methods) });
}

/** The answer to OPTIONS, whether a browser's preflight or a person's question. */
export function preflight(methods: readonly string[]): Response {
  return new Response(null, {
    status: 204,
    headers: {
      allow: allow(methods),
      "access-control-allow-methods": allow(methods),
      "access-control-allow-headers": "content-type",
      "access-control-max-age": "86400",
      "access-control-allow-origin": "*",
    },
  });
}

/** Lets pages of other sites read the reply: nothing here depends on who asks, and no cookie is looked at. */
export function crossOrigin(response: Response): Response {
  response.headers.set("access-control-allow-origin", "*");
  response.headers.set("access-control-expose-headers", "etag, retry-after");
  return response;
}

/** 503 while no weights are held. */
export function noModel(retryAfterSeconds: number): Response {
  const message = "no model is loaded, and this service does not guess; try again shortly, and see /health for the reason";
  return refuse(503, { code: "NO_MODEL", message }, { "retry-after": String(retryAfterSeconds) });
}

/** What to send when code throws: 503 for an engine that did not recover, 500 for a fault of ours. */
export function unexpected(fault: unknown): Response {
  const code = codeOf(fault);
  console.error(JSON.stringify({ event: "fault", code, message: String(fault) }));
  if (code === "ENGINE_TRAPPED") {
    const message = "the scoring module stopped twice on this request and was started afresh; try again";
    return refuse(503, { code, message }, { "retry-after": "1" });
  }
  return refuse(500, { code: "INTERNAL", message: "this is a fault of the service; its log says more" });
}

/** The stable code that an error of ours carries. */
export function codeOf(fault: unknown): string | undefined {
  return fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : undefined;
}

function allow(methods: readonly string[]): string {
  return [...methods, "OPTIONS"].join(", ");
}
