// GET /models/...: manifests and bundles as they are stored, from wherever this Worker has its own, so that browsers load what it loads.
//
// Only the two shapes of key that publishing makes are looked up; whatever else lies in the storage stays there.

import { codeOfFault } from "../weights/fault.ts";
import { isBlobKey, isManifestKey } from "../weights/keys.ts";
import { dropBody } from "../weights/source.ts";
import type { Answer } from "./answer.ts";
import { notFound } from "./errors.ts";
import { isHeld } from "./etag.ts";
import type { Refusal } from "./refusal.ts";
import { type Exchange, OPEN, READING, type Route } from "./route.ts";

/** `no-transform`: a bundle is gzip as stored and digests speak of those bytes, so no cache may recode it. */
const IMMUTABLE = "public, max-age=31536000, immutable, no-transform";
/** May be kept, but is asked for each time; the etag makes that cheap. */
const REVALIDATE = "no-cache, no-transform";

const ONE_TAG = /^(W\/)?"[^"]*"$/;

export const models: Route = {
  ...OPEN,
  label: "/models",
  methods: READING,
  audience: "public",
  async answer({ request, settings, path }: Exchange): Promise<Answer | Refusal> {
    const key = path.slice(1);
    const kind = kindOf(key);
    if (kind === null) {
      return notFound(path);
    }
    if (settings.source === null) {
      return unreadable("WEIGHTS_SOURCE");
    }
    const held = request.headers.get("if-none-match");
    let stored: Response;
    try {
      // One tag, which is what browsers send, is the storage's to compare: then it sends no bytes.
      const etag = held !== null && ONE_TAG.test(held) ? held : undefined;
      stored = await settings.source.get(key, { headOnly: request.method === "HEAD", etag });
    } catch (thrown) {
      console.error(JSON.stringify({ event: "storage_failed", key, message: String(thrown) }));
      return unreadable(codeOfFault(thrown));
    }
    if (stored.status === 404) {
      return notFound(path);
    }
    const headers = Object.fromEntries(stored.headers);
    headers["cache-control"] = kind.cacheControl;
    if (stored.status === 304 || isHeld(held, headers["etag"] ?? null)) {
      dropBody(stored);
      if (held !== null) {
        headers["etag"] ??= held;
      }
      delete headers["content-length"];
      return { status: 304, contentType: null, body: null, headers };
    }
    return { status: 200, contentType: kind.contentType, body: stored.body, headers };
  },
};

/** Whether something may be at a path: what has another shape of key has no methods either. */
export function isModelPath(path: string): boolean {
  return kindOf(path.slice(1)) !== null;
}

function kindOf(key: string): { contentType: string; cacheControl: string } | null {
  if (isBlobKey(key)) {
    return { contentType: "application/octet-stream", cacheControl: IMMUTABLE };
  }
  return isManifestKey(key) ? { contentType: "application/json", cacheControl: REVALIDATE } : null;
}

/** What storage did is the operator's, in the log and in /health; a reader only learns that it is not his fault. */
function unreadable(code: string): Refusal {
  const message = "the storage behind this service does not give the object at present; try again shortly, and see /health for the reason";
  return { status: 502, code, message, headers: { "retry-after": "5" } };
}
