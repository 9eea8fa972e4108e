// Objects below an address: a folder behind a web server, a public bucket, another Worker's /models/.

import { WeightsFault } from "./fault.ts";
import { isManifestKey } from "./keys.ts";
import { answerOf, dropBody, keptOf, type Source } from "./source.ts";

/** A source that reads `<prefix>/<key>`; the prefix carries no credentials and does not end in a slash. */
export function httpsSource(prefix: string): Source {
  return {
    kind: "https",
    async get(key, { etag, headOnly = false, afresh = false, signal } = {}) {
      // As it is stored: bundles are gzip already, and their digests are of these bytes.
      const headers = new Headers({ "accept-encoding": "identity" });
      if (etag !== undefined) {
        headers.set("if-none-match", etag);
      }
      // A manifest out of a cache would hide that there is a newer one.
      const cache = afresh || isManifestKey(key) ? { cache: "no-store" as const } : {};
      const method = headOnly ? "HEAD" : "GET";
      const ask = (stop: AbortSignal): Promise<Response> => followed(`${prefix}/${key}`, key, { method, headers, signal: stop, ...cache });
      const response = await answerOf("https", key, signal, ask);
      const { status } = response;
      if (status === 200 || status === 304 || status === 404) {
        return keptOf(response, "https", key);
      }
      dropBody(response);
      const remedy = "check the address in WEIGHTS_SOURCE and that it is public";
      const message = `storage (https): expected HTTP status 200 for ${key}, found ${status}; ${remedy}`;
      throw new WeightsFault("FETCH_STATUS", message);
    },
  };
}

/** How often one answer may send elsewhere. */
const MAX_REDIRECTS = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Follows to https alone, or within the same origin: what is found is given out under /models/, so a host that is not what it was
 * must not lead to what only this side of a network can reach.
 */
async function followed(address: string, key: string, init: RequestInit): Promise<Response> {
  let at = new URL(address);
  for (let followed = 0; ; followed += 1) {
    const response = await fetch(at, { ...init, redirect: "manual" });
    const location = REDIRECTS.includes(response.status) ? response.headers.get("location") : null;
    if (location === null) {
      return response;
    }
    dropBody(response);
    const next = URL.canParse(location, at.href) ? new URL(location, at) : null;
    const leads = next !== null && (next.protocol === "https:" || next.origin === at.origin);
    if (!leads || followed === MAX_REDIRECTS) {
      const found = leads ? `more than ${MAX_REDIRECTS}` : "one to somewhere else";
      const message = `storage (https): expected ${key}, or redirects to https:// or within the same host, found ${found}; check WEIGHTS_SOURCE`;
      throw new WeightsFault("FETCH_STATUS", message);
    }
    at = next;
  }
}
