// Objects of a store that speaks S3: Amazon's, R2's own S3 face, Garage, MinIO, whatever runs in the cellar.

import { AwsV4Signer } from "aws4fetch";

import { WeightsFault } from "./fault.ts";
import { answerOf, dropBody, keptOf, type Reading, type Source } from "./source.ts";

/** A bucket and who reads it. */
export interface S3Bucket {
  /** `https://host[:port]`. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Before every key; ends in a slash unless it is empty. */
  readonly prefix: string;
  /** Undefined: as the endpoint's name says, else `us-east-1`. */
  readonly region?: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Stores allow a quarter of an hour or a day; a smaller difference is not why they refuse. */
const CLOCK_TOLERANCE_MS = 60_000;

/** What says why is near the beginning of S3's error bodies, which are read no further. */
const MAX_REASON_BYTES = 2048;

/** What stores call their reasons, in our words: theirs are never repeated. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["AccessDenied", "access denied; check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and that this key may read the bucket"],
  ["AuthorizationHeaderMalformed", "another region; set S3_REGION to the store's own"],
  ["InvalidAccessKeyId", "an unknown key; check S3_ACCESS_KEY_ID"],
  ["InvalidRequest", "a request that it takes for invalid; check S3_REGION, the endpoint and the clocks of both sides"],
  ["NoSuchBucket", "no such bucket; check WEIGHTS_SOURCE"],
  ["PermanentRedirect", "another endpoint; set S3_ENDPOINT and S3_REGION to those of the bucket"],
  ["RequestTimeTooSkewed", "clocks too far apart; set the clock of the machine"],
  ["SignatureDoesNotMatch", "a signature that does not match; check S3_SECRET_ACCESS_KEY"],
  ["SlowDown", "that it has too much to do; it is asked again soon"],
]);

/** A source that reads one bucket, path-style, each request signed by Signature Version 4. */
export function s3Source(place: S3Bucket): Source {
  const { accessKeyId, secretAccessKey, region } = place;
  const signingKeys = new Map<string, ArrayBuffer>();
  /** What the store's clock is ahead of ours, once it has refused to believe ours. */
  let clockOffsetMs = 0;

  async function ask(key: string, { etag, headOnly = false }: Reading, signal: AbortSignal): Promise<Response> {
    const signer = new AwsV4Signer({
      method: headOnly ? "HEAD" : "GET",
      url: `${place.endpoint}/${place.bucket}/${place.prefix}${key}`,
      headers: etag === undefined ? {} : { "if-none-match": etag },
      accessKeyId,
      secretAccessKey,
      service: "s3",
      ...(region === undefined ? {} : { region }),
      cache: signingKeys,
      datetime: compact(new Date(Date.now() + clockOffsetMs)),
    });
    const { method, url, headers } = await signer.sign();
    // By hand: a redirect is another region's affair, and the signature is for this host alone.
    return fetch(url, { method, headers, signal, redirect: "manual" });
  }

  return {
    kind: "s3",
    get: (key, how = {}) =>
      answerOf("s3", key, how.signal, async (signal) => {
        const response = await ask(key, how, signal);
        const error = clockErrorOf(response);
        if (error === null || Math.abs(error - clockOffsetMs) <= CLOCK_TOLERANCE_MS) {
          return judged(response, key);
        }
        clockOffsetMs = error;
        dropBody(response);
        return judged(await ask(key, how, signal), key);
      }),
  };
}

/** What is said of an answer; a bucket that is not there is no object that is not there. */
async function judged(response: Response, key: string): Promise<Response> {
  const { status } = response;
  if (status === 200 || status === 304) {
    return keptOf(response, "s3", key);
  }
  const reason = await reasonOf(response);
  if (status === 404 && reason !== REASONS.get("NoSuchBucket")) {
    return keptOf(response, "s3", key);
  }
  const found = reason === undefined ? `${status}; see the store's log` : `${status}: ${reason}`;
  throw new WeightsFault("FETCH_STATUS", `storage (s3): expected HTTP status 200 for ${key}, found ${found}`);
}

/** By how much the store's clock differs from ours, if the store has refused the request, which may be why. */
function clockErrorOf({ status, headers }: Response): number | null {
  // Amazon says 403 RequestTimeTooSkewed, Garage 400 InvalidRequest; a HEAD has no body to say anything in.
  if (status !== 400 && status !== 401 && status !== 403) {
    return null;
  }
  const theirs = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(theirs) ? null : theirs - Date.now();
}

/** Our words for the reason in an error's body, if it is one we know. */
async function reasonOf(response: Response): Promise<string | undefined> {
  if (response.body === null) {
    return undefined;
  }
  const decoder = new TextDecoder();
  let text = "";
  try {
    // Leaving the loop cancels the stream.
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_REASON_BYTES) {
        break;
      }
    }
  } catch {
    // What came before the connection broke will do.
  }
  return REASONS.get(/<Code>([A-Za-z]+)<\/Code>/.exec(text)?.[1] ?? "");
}

/** ISO 8601 as signatures have it: `20260102T030405Z`. */
function compact(time: Date): string {
  return time.toISOString().replace(/[:-]|\.\d{3}/g, "");
}
