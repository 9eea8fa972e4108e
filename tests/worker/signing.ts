// Signed requests as a caller makes them, by Node's own HMAC.

import { createHmac } from "node:crypto";

/** What is signed; each part has a usual value. */
export interface Signable {
  readonly id?: string;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  readonly body?: string | Uint8Array;
}

let counted = 0;

/** An id that no other request of this run has. */
export function freshId(): string {
  counted += 1;
  return `msg_${process.pid}_${counted}`;
}

/** Whole seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** `v1,` and the signature by a secret in base64. */
export function signatureOf(secret: string, { id = "", timestamp = 0, body = "" }: Signable): string {
  const hmac = createHmac("sha256", Buffer.from(secret, "base64"));
  return `v1,${hmac.update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}

/** The three headers, signed by each of the secrets. */
export function signedHeaders(secrets: readonly string[], { id = freshId(), timestamp = now(), body = "" }: Signable): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": secrets.map((secret) => signatureOf(secret, { id, timestamp, body })).join(" "),
  };
}
