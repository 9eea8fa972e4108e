// GET /models/...: the bucket's manifests and bundles as they are stored, so that browsers load what the Worker loads.
//
// Only the two shapes of key that publishing makes are looked up; whatever else lies in the bucket stays there.

import { methodNotAllowed, notFound } from "./errors.ts";
import type { Exchange, Route } from "./route.ts";

/** A bundle is named after its digest, so what is at its path never changes. */
const BLOB = /^\/models\/[A-Za-z0-9][A-Za-z0-9._-]*\/blobs\/[0-9a-f]{64}\.curb$/;
/** A manifest is replaced by every publication. */
const MANIFEST = /^\/models\/[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9_-]*\.json$/;

/** `no-transform`: a bundle is gzip as stored and digests speak of those bytes, so no cache may recode it. */
const IMMUTABLE = "public, max-age=31536000, immutable, no-transform";
/** May be kept, but is headOnly for each time; the etag makes that cheap. */
const REVALIDATE = "no-cache, no-transform";

export const models: Route = {
  methods: ["GET", "HEAD"],
  async answer({ request, env, pathname }: Exchange): Promise<Response> {
    const kind = kindOf(pathname);
    if (kind === null) {
      return notFound(pathname);
    }
    if (!models.methods.includes(request.method)) {
      return methodNotAllowed(request.method, models.methods);
    }
    const key = pathname.slice(1);
    const headOnly = request.method === "HEAD";
    const read = headOnly ? null : await env.WEIGHTS.get(key);
    const object = headOnly ? await env.WEIGHTS.head(key) : read;
    if (object === null) {
      return notFound(pathname);
    }
    const headers = new Headers({
      etag: object.httpEtag,
      "cache-control": kind.cacheControl,
      "last-modified": object.uploaded.toUTCString(),
      "x-content-type-options": "nosniff",
    });
    if (matches(request.headers.get("if-none-match"), object.httpEtag)) {
      await read?.body.cancel();
      return new Response(null, { status: 304, headers });
    }
    headers.set("content-type", kind.contentType);
    headers.set("content-length", String(object.size));
    return new Response(read?.body ?? null, { headers });
  },
};

function kindOf(pathname: string): { contentType: string; cacheControl: string } | null {
  if (BLOB.test(pathname)) {
    return { contentType: "application/octet-stream", cacheControl: IMMUTABLE };
  }
  if (MANIFEST.test(pathname)) {
    return { contentType: "application/json", cacheControl: REVALIDATE };
  }
  return null;
}

/** RFC 9110, section 13.1.2: a list of entity tags or `*`, compared weakly. */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) {
    return false;
  }
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}
