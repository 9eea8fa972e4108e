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
  /** On every reply to this address but those of `answerHeaders`. A constant. */
  headers(url: string): Readonly<Record<string, string>>;
  /** On replies to what is posted. A constant, and a short one: in workerd a header costs half of what an estimate does. */
  answerHeaders(url: string): Readonly<Record<string, string>>;
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

/** No browser may take it for anything but what its type says, which is data. What is posted for can be used as nothing else then. */
const ANSWER_HEADERS = { "x-content-type-options": "nosniff" } as const;
/** What can be had by an address alone can be opened as a page, or named as an image or a script: it gets to be none of these. */
const HEADERS = {
  ...ANSWER_HEADERS,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;
/** A year of https alone. Of this host: what is beside and beneath it is not ours. */
const HTTPS_ALONE = { "strict-transport-security": "max-age=31536000" } as const;
const HTTPS_ANSWER_HEADERS = { ...ANSWER_HEADERS, ...HTTPS_ALONE } as const;
const HTTPS_HEADERS = { ...HEADERS, ...HTTPS_ALONE } as const;

/** Reads the variables and the binding; never throws. */
export function readSecurity(env: Env): { readonly security: Security; readonly faults: readonly ConfigurationFault[] } {
  const faults: ConfigurationFault[] = [];
  const tokens = readTokens(env.API_TOKENS, faults);
  const signatures = readSignatures(env.HMAC_KEYS, faults);
  const origins = readOrigins(env.ALLOWED_ORIGINS, faults);
  const rate = readRate(env.RATE_LIMIT, faults);
  const guard = tokens === null && signatures === null ? null : new Guard(tokens, signatures);
  const security: Security = {
    headers: (url) => (saysHttpsAlone(url) ? HTTPS_HEADERS : HEADERS),
    answerHeaders: (url) => (saysHttpsAlone(url) ? HTTPS_ANSWER_HEADERS : ANSWER_HEADERS),
    admit: guard === null && rate === null ? null : ({ headers }) => admit(headers, guard, rate),
    crossOrigin: origins === null ? null : (origin, audience) => origins.headers(origin, audience),
    vary: origins?.vary ?? null,
    preflight: ({ headers }, audience, methods) => preflightHeaders(origins, headers.get("origin"), audience, methods),
  };
  return { security, faults };
}

/** Over plain http it must not be said (RFC 6797, section 7.2), and of localhost not either: that is every server of a developer's machine. */
function saysHttpsAlone(url: string): boolean {
  return url.startsWith("https://") && !url.startsWith("https://localhost");
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
