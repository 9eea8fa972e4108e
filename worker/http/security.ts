// What guards the Worker, put together once an isolate: credentials, limits of requests, other sites, and the headers on every reply.
// Where nothing is set there is nothing to ask, and a request pays for none of it.

import type { Env } from "../env.ts";
import type { ConfigurationFault } from "../settings.ts";
import { Guard, readTokens } from "./auth.ts";
import { type Audience, preflightHeaders, readOrigins } from "./cors.ts";
import { addressOf, type Rate, readRate } from "./rate.ts";
import type { Refusal } from "./refusal.ts";
import { readSignatures } from "./signature.ts";

/** Whether a request may go on; told apart by `status`. */
export type Admission = Refusal | { readonly verify: null | ((body: Uint8Array) => Promise<Refusal | null>) };

/** What stands between the web and the routes. */
export interface Security {
  /** On every reply to this address. One of two constants. */
  headers(url: string): Readonly<Record<string, string>>;
  /**
   * Judges a request to a guarded route before its body is read; null where there is nothing to judge. `verify` wants the body's bytes, of
   * a request without a body none, before the request is answered; null if it need not be called.
   */
  readonly admit: null | ((request: Request) => Promise<Admission>);
  /** What a reply to a page of this origin says beside; null where no other origin may read what scoring answers. */
  readonly crossOrigin: null | ((origin: string, audience: Audience) => Readonly<Record<string, string>> | null);
  /** What every reply to scoring says for the caches between, even if no origin asks; null if nothing. */
  readonly vary: Readonly<Record<string, string>> | null;
  /** What the answer to OPTIONS says beside `Allow`; null if nothing. */
  preflight(request: Request, audience: Audience, methods: readonly string[]): Readonly<Record<string, string>> | null;
}

/** Replies are data: a browser that is made to open one as a page, a script or an image gets nothing. */
const HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;
/** A year of https alone. Only said over https, and so not said by the name that everybody's own servers share. */
const HTTPS_HEADERS = { ...HEADERS, "strict-transport-security": "max-age=31536000" } as const;

/** Reads the variables and the binding; never throws. */
export function readSecurity(env: Env): { readonly security: Security; readonly faults: readonly ConfigurationFault[] } {
  const faults: ConfigurationFault[] = [];
  const tokens = readTokens(env.API_TOKENS, faults);
  const signatures = readSignatures(env.HMAC_KEYS, faults);
  const origins = readOrigins(env.ALLOWED_ORIGINS, faults);
  const rate = readRate(env.RATE_LIMIT, faults);
  const guard = tokens === null && signatures === null ? null : new Guard(tokens, signatures);
  const security: Security = {
    headers: (url) => (url.startsWith("https://") && !url.startsWith("https://localhost") ? HTTPS_HEADERS : HEADERS),
    admit: guard === null && rate === null ? null : ({ headers }) => admit(headers, guard, rate),
    crossOrigin: origins === null ? null : (origin, audience) => origins.headers(origin, audience),
    vary: origins?.vary ?? null,
    preflight: ({ headers }, audience, methods) => preflightHeaders(origins, headers.get("origin"), audience, methods),
  };
  return { security, faults };
}

async function admit(headers: Headers, guard: Guard | null, rate: Rate | null): Promise<Admission> {
  const entry = guard === null ? { caller: addressOf(headers) } : guard.enter(headers);
  if ("status" in entry) {
    return refused(entry, headers, rate);
  }
  if ("caller" in entry) {
    return (await rate?.count(entry.caller)) ?? { verify: null };
  }
  return {
    async verify(body) {
      const settled = await entry.settle(body);
      if ("status" in settled) {
        return refused(settled, headers, rate);
      }
      return (await rate?.count(settled.caller)) ?? null;
    },
  };
}

/** Those who are refused count by address: nobody tries credentials faster than others may ask. */
async function refused(refusal: Refusal, headers: Headers, rate: Rate | null): Promise<Refusal> {
  return (await rate?.count(addressOf(headers))) ?? refusal;
}
