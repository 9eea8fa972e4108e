// Which pages of other sites may read replies (the Fetch standard's CORS protocol). Cookies play no part in this service and are never
// allowed, so a list only decides whose scripts see an answer, not who may ask: that is auth.ts.

import type { ConfigurationFault } from "../settings.ts";

/** `public`: manifests, bundles and what describes them, which any page may load and verifies itself. `scoring`: all else. */
export type Audience = "public" | "scoring";

type Headers = Readonly<Record<string, string>>;

/** What a script may read beyond the few headers that it always may. */
export const EXPOSED_HEADERS = "etag, retry-after, x-request-id, inference-header-content-length, www-authenticate";
/** What a script may send beyond the few headers that it always may. */
export const ALLOWED_HEADERS =
  "content-type, authorization, webhook-id, webhook-timestamp, webhook-signature, inference-header-content-length, x-request-id";
/** A day, of which Chromium takes two hours. */
const MAX_AGE_SECONDS = "86400";

const ANY: Headers = { "access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED_HEADERS };
/** A reply with a list behind it differs by who asks, whether or not this one was on it: no cache may give one's to another. */
const VARY: Headers = { vary: "Origin" };

/** The origins that may read what scoring answers. */
export class Origins {
  /** `null` stands for all. */
  readonly #replies: ReadonlyMap<string, Headers> | null;

  constructor(origins: readonly string[] | "*") {
    this.#replies =
      origins === "*"
        ? null
        : new Map(
            origins.map((origin) => [
              origin,
              { "access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED_HEADERS, ...VARY },
            ]),
          );
  }

  /** What every reply to scoring says, asked from another site or not; null if nothing. */
  get vary(): Headers | null {
    return this.#replies === null ? null : VARY;
  }

  /** What a reply says to this origin. */
  headers(origin: string, audience: Audience): Headers | null {
    return audience === "public" || this.#replies === null ? ANY : (this.#replies.get(origin) ?? VARY);
  }
}

/**
 * Reads ALLOWED_ORIGINS: `*`, or origins separated by spaces. `null` if the variable is empty: then pages of other sites read nothing but
 * what is public. A word that is no origin is left out and told.
 */
export function readOrigins(text: string | null | undefined, faults: ConfigurationFault[]): Origins | null {
  const words = (text ?? "").split(/\s+/).filter((word) => word !== "");
  if (words.length === 1 && words[0] === "*") {
    return new Origins("*");
  }
  const origins = words.filter(isOrigin);
  for (const [index, word] of words.entries()) {
    if (!isOrigin(word)) {
      // Told by its place, as what is wrong with secrets: one may have been set in the wrong variable.
      const expected = "* alone, or origins such as https://booking.example, in lower case, without a path, separated by spaces";
      const message = `ALLOWED_ORIGINS: expected ${expected}, found something else as number ${index + 1}; it is left out`;
      faults.push({ code: "ALLOWED_ORIGINS", message });
    }
  }
  return origins.length === 0 ? null : new Origins(origins);
}

/** Whether it is an origin as browsers send it: then comparing texts is comparing origins. A star in it would be a name's, not a pattern. */
function isOrigin(word: string): boolean {
  const url = URL.canParse(word) ? new URL(word) : null;
  return url !== null && ["https:", "http:"].includes(url.protocol) && url.origin === word && !word.includes("*");
}

/** What the answer to OPTIONS says beside `Allow`; without `access-control-allow-origin` the page that asks may not send. */
export function preflightHeaders(origins: Origins | null, origin: string | null, audience: Audience, methods: readonly string[]): Headers | null {
  const reply = replyTo(origins, origin, audience);
  if (reply?.["access-control-allow-origin"] === undefined) {
    return reply;
  }
  return {
    ...reply,
    "access-control-allow-methods": [...methods, "OPTIONS"].join(", "),
    "access-control-allow-headers": ALLOWED_HEADERS,
    "access-control-max-age": MAX_AGE_SECONDS,
  };
}

function replyTo(origins: Origins | null, origin: string | null, audience: Audience): Headers | null {
  if (audience === "public") {
    return ANY;
  }
  return origin === null ? (origins?.vary ?? null) : (origins?.headers(origin, audience) ?? null);
}
