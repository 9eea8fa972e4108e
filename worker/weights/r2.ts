// Objects of the bucket that is bound to this Worker.

import { WeightsFault } from "./fault.ts";
import { answerOf, type Reading, type Source } from "./source.ts";

/** A source that reads one bucket. */
export function r2Source(bucket: R2Bucket): Source {
  return {
    kind: "r2",
    get: (key, how = {}) => answerOf("r2", key, how.signal, (signal) => Promise.race([answer(bucket, key, how), aborted(signal)])),
  };
}

async function answer(bucket: R2Bucket, key: string, how: Reading): Promise<Response> {
  const object = await read(bucket, key, how);
  if (object === null) {
    return new Response(null, { status: 404 });
  }
  const headers = { etag: object.httpEtag, "content-length": String(object.size), "last-modified": object.uploaded.toUTCString() };
  if (hasBody(object)) {
    return new Response(object.body, { headers });
  }
  return new Response(null, { status: how.headOnly === true ? 200 : 304, headers });
}

async function read(bucket: R2Bucket, key: string, { etag, headOnly = false }: Reading): Promise<R2Object | null> {
  try {
    if (headOnly) {
      return await bucket.head(key);
    }
    // The binding writes etags without quotes.
    const options = etag === undefined ? {} : { onlyIf: { etagDoesNotMatch: etag.replace(/^W\//, "").replaceAll('"', "") } };
    return await bucket.get(key, options);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `storage (r2): expected the object ${key}, found an error of the bucket (${reason}); try again`;
    throw new WeightsFault("WEIGHTS_UNREACHABLE", message);
  }
}

/** An object without one was asked for by its head, or is what the asker holds already. */
function hasBody(object: R2Object): object is R2ObjectBody {
  return "body" in object;
}

/** Rejects when the signal aborts: the binding itself takes none. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
