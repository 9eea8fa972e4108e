// Objects in a folder of the machine, as workerd's disk service gives it: files by path, and nothing said about them but their length.

import { hexDigest } from "./digest.ts";
import { WeightsFault } from "./fault.ts";
import { isBlobKey } from "./keys.ts";
import { answerOf, dropBody, type Source } from "./source.ts";

/** A source that reads `<folder>/<key>`. */
export function folderSource(folder: Fetcher): Source {
  return {
    kind: "folder",
    async get(key, { etag, headOnly = false, signal } = {}) {
      // A bundle is named after its digest; only a manifest, which is small, must be read to be told from another.
      const tag = isBlobKey(key) ? `"${key.slice(-"0".repeat(64).length - ".curb".length, -".curb".length)}"` : null;
      const method = headOnly && tag !== null ? "HEAD" : "GET";
      const response = await answerOf("folder", key, signal, (stop) => folder.fetch(`http://folder/${key}`, { method, signal: stop }));
      if (response.status === 404) {
        dropBody(response);
        return new Response(null, { status: 404 });
      }
      if (response.status !== 200) {
        dropBody(response);
        const message = `storage (folder): expected the file ${key}, found what cannot be read (${response.status}); check what it is and who may read it`;
        throw new WeightsFault("FETCH_STATUS", message);
      }
      return tag === null ? manifestOf(await response.arrayBuffer(), etag, headOnly) : blobOf(response, tag, etag, headOnly);
    },
  };
}

async function manifestOf(bytes: ArrayBuffer, held: string | undefined, headOnly: boolean): Promise<Response> {
  const tag = `"${await hexDigest(bytes)}"`;
  if (isSame(held, tag)) {
    return new Response(null, { status: 304, headers: { etag: tag } });
  }
  return new Response(headOnly ? null : bytes, { headers: { etag: tag, "content-length": String(bytes.byteLength) } });
}

function blobOf(response: Response, tag: string, held: string | undefined, headOnly: boolean): Response {
  const headers = new Headers({ etag: tag });
  const length = response.headers.get("content-length");
  if (length !== null) {
    headers.set("content-length", length);
  }
  if (isSame(held, tag) || headOnly) {
    dropBody(response);
    return new Response(null, { status: isSame(held, tag) ? 304 : 200, headers });
  }
  return new Response(response.body, { headers });
}

function isSame(held: string | undefined, tag: string): boolean {
  return held !== undefined && held.replace(/^W\//, "") === tag;
}
