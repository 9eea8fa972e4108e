// Answers as responses. What every reply of a kind says stands in one Headers, made once, to which each request adds its own name:
// copying those costs a fraction of reading them out of an object.

import type { Answer } from "./answer.ts";
import { EXPOSED_HEADERS } from "./cors.ts";
import type { Security } from "./security.ts";

/** Of what is public; of what is posted, which says little beside its answer; of all else. */
export type Kind = "public" | "posted" | "other";

/** What others may load and believe by its signature: manifests, bundles and what describes them. */
const PUBLIC = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": EXPOSED_HEADERS,
  "cross-origin-resource-policy": "cross-origin",
} as const;

/** Makes responses. */
export class Replies {
  readonly #security: Security;
  /** By content type, for each kind and each of the few sets of headers that security has. */
  readonly #kept: Readonly<Record<Kind, Map<object, Map<string, Headers>>>> = { public: new Map(), posted: new Map(), other: new Map() };

  constructor(security: Security) {
    this.#security = security;
  }

  /** The response to the request with this id and address; `origin` is the page that asks, if one does. */
  of(answer: Answer, id: string, url: string, kind: Kind, origin: string | null): Response {
    const { status, contentType, body, headers: own, headerList } = answer;
    const shared = this.#headers(contentType, url, kind);
    const crossOrigin = origin === null ? null : (this.#security.crossOrigin?.(origin, kind === "public" ? "public" : "scoring") ?? null);
    if (own === undefined && headerList === undefined && crossOrigin === null) {
      // The next request overwrites it: what a response was made of it keeps for itself.
      shared.set("x-request-id", id);
      return new Response(body, { status, headers: shared });
    }
    const headers = new Headers(shared);
    headers.set("x-request-id", id);
    for (const extra of [crossOrigin, own]) {
      for (const name in extra) {
        headers.set(name, extra[name] ?? "");
      }
    }
    for (let place = 0; headerList !== undefined && place + 1 < headerList.length; place += 2) {
      headers.set(headerList[place] ?? "", headerList[place + 1] ?? "");
    }
    return new Response(body, { status, headers });
  }

  #headers(contentType: string | null, url: string, kind: Kind): Headers {
    const secured = kind === "posted" ? this.#security.answerHeaders(url) : this.#security.headers(url);
    let kept = this.#kept[kind].get(secured);
    if (kept === undefined) {
      kept = new Map();
      this.#kept[kind].set(secured, kept);
    }
    let headers = kept.get(contentType ?? "");
    if (headers === undefined) {
      const special = kind === "public" ? PUBLIC : this.#security.vary;
      // An answer is for this ride at this moment; the routes that may be cached say so.
      headers = new Headers({ "cache-control": "no-store", ...secured, ...special });
      if (contentType !== null) {
        headers.set("content-type", contentType);
      }
      kept.set(contentType ?? "", headers);
    }
    return headers;
  }
}
