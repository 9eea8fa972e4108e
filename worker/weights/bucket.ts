// Object storage as the package's `fetch`: the package verifies, this only reads.

import type { Fetch } from "curbside";

/** Stands for the bucket in addresses; `.invalid` (RFC 2606) can never be a host. */
const ORIGIN = "https://bucket.invalid";

/** The address under which `fetchFrom` finds a key. */
export function addressOf(key: string): string {
  return `${ORIGIN}/${key}`;
}

/** A `fetch` that reads one bucket and nothing else; `seen` hears the etag of each object it gives out. */
export function fetchFrom(bucket: R2Bucket, seen: (key: string, etag: string) => void): Fetch {
  return async (address) => {
    const url = new URL(address);
    if (url.origin !== ORIGIN) {
      // The Worker reads its own bucket only; a manifest that points elsewhere is for other hosts.
      return new Response(null, { status: 404, statusText: "not in the bucket" });
    }
    const key = decodeURIComponent(url.pathname.slice(1));
    const object = await bucket.get(key);
    if (object === null) {
      return new Response(null, { status: 404, statusText: "not in the bucket" });
    }
    seen(key, object.etag);
    return new Response(object.body, {
      headers: { etag: object.httpEtag, "content-length": String(object.size) },
    });
  };
}
