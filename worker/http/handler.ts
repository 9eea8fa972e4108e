// One request from its head to its answer: where it goes, whether it may, what comes of it; and what is counted and logged of that.
//
// Most of a request's time is the runtime's own. What is here is written so that it stays so: an address is compared and not parsed,
// headers are read where something depends on them, and a reply is made once.

import type { Env } from "../env.ts";
import { dropBody } from "../weights/source.ts";
import type { Answer } from "./answer.ts";
import { JSON_TYPE } from "./answer.ts";
import { allow, methodNotAllowed, noHost, notFound, unexpected } from "./errors.ts";
import { type Place, placeOf } from "./place.ts";
import { bodyOf, type Dialect, type Refusal } from "./refusal.ts";
import type { Kind } from "./replies.ts";
import { requestId } from "./request-id.ts";
import { logRequest } from "./request-log.ts";
import { type Exchange, READING, type Route } from "./route.ts";
import type { Security } from "./security.ts";
import { type Host, type Service, serviceOf } from "./service.ts";

/** What a path without a route is counted as. */
const NOWHERE = "none";

/** What the page's files are counted as. */
const PAGE = "page";

/** The Worker on a host. */
export function handler(host: Host = {}): { fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> } {
  return {
    async fetch(request, env, context) {
      const service = serviceOf(env, host);
      const { replies, metrics, settings, security } = service;
      const started = metrics.begin(Date.now());
      const { headers, url, method } = request;
      const id = requestId(headers.get("x-request-id"));
      const place = placeOf(url, headers.get("host"));
      const route = place === null ? null : service.routes(place.path);
      const dialect = route?.dialect ?? "curbside";
      const kind = kindOf(route, method);
      let label = route?.label ?? NOWHERE;
      let response: Response | null = null;
      let code: string | undefined;
      try {
        const file = route === null && place !== null ? ((await host.page?.(request, place.path, env)) ?? null) : null;
        label = file === null ? label : PAGE;
        if (file !== null && isReading(method)) {
          response = file;
          response.headers.set("x-request-id", id);
          sayHttps(response, security.headers(url));
        } else {
          const origin = security.crossOrigin === null ? null : headers.get("origin");
          const outcome = file === null ? await answerOf(request, env, context, service, place, route) : notRead(file, method);
          const answer = "message" in outcome ? refused(outcome, dialect) : outcome;
          code = answer.code;
          response = replies.of(answer, id, url, kind, origin);
        }
      } catch (fault) {
        const refusal = refused(unexpected(fault, id), dialect);
        code = refusal.code;
        response = replies.of(refusal, id, url, kind, null);
      }
      const now = Date.now();
      const { status } = response;
      metrics.end(started, now, label, status, code);
      if (settings.loggedRequests !== "none") {
        logRequest(settings.loggedRequests, { id, method, route: label, status, code, milliseconds: now - started.at });
      }
      return response;
    },
  };
}

function answerOf(
  request: Request,
  env: Env,
  context: ExecutionContext,
  { settings, security, weights }: Service,
  place: Place | null,
  route: Route | null,
): Answer | Refusal | Promise<Answer | Refusal> {
  if (place === null) {
    return noHost();
  }
  if (route === null) {
    return notFound(place.path);
  }
  const { method } = request;
  if (method === "OPTIONS") {
    return options(route.methods, security.preflight(request, route.audience, route.methods));
  }
  if (!route.methods.includes(method)) {
    return methodNotAllowed(method, route.methods);
  }
  const { path, query } = place;
  const exchange = { request, method, path, query, env, settings, context, weights, verify: null };
  return route.isGuarded && security.admit !== null ? guarded(security.admit, route, exchange) : route.answer(exchange);
}

async function guarded(admit: NonNullable<Security["admit"]>, route: Route, exchange: Exchange): Promise<Answer | Refusal> {
  const admission = await admit(exchange.request);
  return "status" in admission ? admission : route.answer({ ...exchange, verify: admission.verify });
}

function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** The page has headers of its own; whether it came over https only the request tells. */
function sayHttps(response: Response, headers: Readonly<Record<string, string>>): void {
  const name = "strict-transport-security";
  const value = headers[name];
  if (value !== undefined) {
    response.headers.set(name, value);
  }
}

/** A file of the page for what is neither GET nor HEAD. */
function notRead(file: Response, method: string): Answer | Refusal {
  dropBody(file);
  return method === "OPTIONS" ? options(READING, null) : methodNotAllowed(method, READING);
}

function options(methods: readonly string[], asked: Readonly<Record<string, string>> | null): Answer {
  return { status: 204, contentType: null, body: null, headers: { allow: allow(methods), ...asked } };
}

function kindOf(route: Route | null, method: string): Kind {
  if (route?.audience === "public") {
    return "public";
  }
  return route !== null && method === "POST" ? "posted" : "other";
}

/** A refusal as the dialect says it. */
function refused(refusal: Refusal, dialect: Dialect): Answer {
  const { status, code, headers } = refusal;
  const body = bodyOf(refusal, dialect);
  return { status, contentType: JSON_TYPE, body, code, ...(headers === undefined ? {} : { headers }) };
}
