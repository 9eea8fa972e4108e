// One line of JSON a request, for operators who want it. Nothing in it is the caller's but the request's id and how much was sent:
// no address, no path but the route's name, no query, no header, no body.

import type { LoggedRequests } from "../settings.ts";

/** What is told of a request. */
export interface LoggedRequest {
  readonly id: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly code: string | undefined;
  /** Milliseconds, by the platform's clock. */
  readonly milliseconds: number;
}

/** Logs a request, if requests such as this one are logged. */
export function logRequest(which: LoggedRequests, { id, method, route, status, code, milliseconds }: LoggedRequest): void {
  if (which === "none" || (which === "errors" && status < 400)) {
    return;
  }
  console.log(JSON.stringify({ event: "request", id, method, route, status, code: code ?? null, milliseconds }));
}
