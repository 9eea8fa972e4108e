// POST /predict: the reference service's route. The module reads and answers the body; here it is only counted.

import { jsonText, methodNotAllowed, noModel, refuse } from "./errors.ts";
import type { Exchange, Route } from "./route.ts";

/** A ride takes some hundred bytes; a body beyond this is not one. */
const MAX_BODY_BYTES = 1024 * 1024;

/** How much of too long a body is read and dropped: a client that is still sending would lose the reply that says so. */
const MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES;

export const predict: Route = {
  methods: ["POST"],
  async answer({ request, context, weights }: Exchange): Promise<Response> {
    if (request.method !== "POST") {
      return methodNotAllowed(request.method, predict.methods);
    }
    const coding = request.headers.get("content-encoding") ?? "identity";
    if (coding.toLowerCase() !== "identity") {
      const message = `Content-Encoding: expected a body that is not compressed, found ${coding.slice(0, 40)}`;
      return refuse(415, { code: "CONTENT_ENCODING", message }, { "accept-encoding": "identity" });
    }
    const body = await readBody(request);
    if (body === null) {
      const message = `the body: expected at most ${MAX_BODY_BYTES} bytes, found more; send one ride a request`;
      return refuse(413, { code: "BODY_TOO_LARGE", message });
    }
    await weights.ready(context);
    // No await from here on: a newer model may take this one's place whenever another request runs.
    const { estimator } = weights;
    if (estimator === null) {
      return noModel(weights.retryAfterSeconds());
    }
    const contentType = request.headers.get("content-type");
    // In the address and not in the body: the body is a ride, in whatever fields a client of the reference service sends.
    const explain = new URL(request.url).searchParams.get("explain") === "true";
    const reply = estimator.predict({ contentType, body, now: Date.now(), explain });
    weights.prepareBehind(context);
    return jsonText(reply.status, reply.body);
  },
};

/** The body, or `null` if it is longer than the limit, whatever its `Content-Length` says. */
async function readBody(request: Request): Promise<Uint8Array | null> {
  if (request.body === null) {
    return new Uint8Array();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    length += chunk.byteLength;
    if (length > MAX_DRAINED_BYTES) {
      break;
    }
    if (length <= MAX_BODY_BYTES) {
      chunks.push(chunk);
    }
  }
  return length > MAX_BODY_BYTES ? null : joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) {
    return first;
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
