// Where stored objects come from: one question, asked of an R2 bucket, of a store that speaks S3, of any web server, or of a folder.
//
// What a source throws is fit to be shown to anybody: it never repeats what a store said, since S3's error bodies may quote
// the key's id and the request that was signed.

import { WeightsFault } from "./fault.ts";

/** How an object is asked for. */
export interface Reading {
  /** What is held already, as HTTP writes it; the answer is 304 where that is what is stored. */
  readonly etag?: string | undefined;
  /** Everything but the bytes. */
  readonly headOnly?: boolean;
  /** Past every cache on the way. */
  readonly afresh?: boolean;
  /** Gives up, in the middle of the bytes too. */
  readonly signal?: AbortSignal | undefined;
}

/** Kinds of storage, as /health names them. */
export type SourceKind = "r2" | "s3" | "https" | "folder";

/** Storage that is read by key, such as `models/ride-duration/champion.json`. */
export interface Source {
  readonly kind: SourceKind;
  /**
   * Answers 200, 304 or 404, with the headers of {@link KEPT_HEADERS} that the storage tells and no others.
   * @throws {WeightsFault} for anything else that the storage does.
   */
  get(key: string, how?: Reading): Promise<Response>;
}

/** What is known of an object beside its bytes. */
const KEPT_HEADERS = ["etag", "content-length", "last-modified"];

/** How long an answer may take to begin. */
const PATIENCE_MS = 8_000;

/**
 * Asks, and gives up when no answer begins in time.
 * @throws {WeightsFault} as `ask` does; anything else that it throws is a connection that failed.
 */
export async function answerOf(
  kind: SourceKind,
  key: string,
  signal: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    return await ask(signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal]));
  } catch (thrown) {
    if (thrown instanceof WeightsFault) {
      throw thrown;
    }
    // What was thrown is not repeated: a header that cannot be sent is quoted by its platform, and one holds a key's id.
    const found = patience.signal.aborted ? `none within ${PATIENCE_MS / 1000} s` : "none: the connection failed";
    const message = `storage (${kind}): expected an answer about ${key}, found ${found}; check the address, the network and the store`;
    throw new WeightsFault("FETCH_FAILED", message);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer as a source gives it, of a status that it may give: its bytes, and the headers that are kept. */
export function keptOf(response: Response, kind: SourceKind, key: string): Response {
  if (response.status === 200 && isPage(response)) {
    dropBody(response);
    const message = `storage (${kind}): expected the object ${key}, found an HTML page; check the address and what stands before the store`;
    throw new WeightsFault("WEIGHTS_UNREACHABLE", message);
  }
  const headers = new Headers();
  // Of bytes that a server has coded on the way the length is another.
  const isCoded = response.headers.has("content-encoding");
  for (const name of KEPT_HEADERS) {
    const value = response.headers.get(name);
    if (value !== null && !(isCoded && name === "content-length")) {
      headers.set(name, value);
    }
  }
  if (response.status !== 200) {
    dropBody(response);
  }
  return new Response(response.status === 200 ? response.body : null, { status: response.status, headers });
}

/** Lets go of a body that nobody reads: left alone it would hold its connection. */
export function dropBody(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

/** Error pages, sign-ins and single-page applications come with 200 and this type; an object never does. */
function isPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
}
