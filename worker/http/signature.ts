// Signed requests, in the form of Standard Webhooks 1.0: `webhook-signature` holds HMAC-SHA256 over id, timestamp and body.
//
// Written here, over WebCrypto, because the specification's own library reads a body as text: it would take two different bodies
// with bytes that are no UTF-8 for the same one, and bodies here may be binary. A test holds this to that library's signatures.

import type { ConfigurationFault } from "../settings.ts";
import { type Caller, type Pending, unauthorized } from "./credentials.ts";
import type { Refusal } from "./refusal.ts";

/** What a reply asks for where keys are set. No scheme is registered for this form; the name is the specification's. */
export const CHALLENGE = 'Standard-Webhooks realm="curbside", version="v1"';

/** How far the sender's clock may be from ours, which is the specification's own bound. */
const TOLERANCE_SECONDS = 300;
/** The specification's bounds for a secret. */
const [MIN_SECRET_BYTES, MAX_SECRET_BYTES] = [24, 64];
/** Each key costs one HMAC over the body of whoever sends three headers that look right. */
const MAX_KEYS = 16;
/** A sender that changes keys signs with two. */
const MAX_SIGNATURES = 16;
/** More than so many of any version take. */
const MAX_SIGNATURES_CHARACTERS = 4096;
/** Where a generation of remembered signatures ends; two are kept, 30 MB at most. */
const MAX_REMEMBERED = 50_000;

const KEY = /^([A-Za-z0-9_-]{1,64}):(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/;
/** Printable, without the full stop that ends it in what is signed. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,128}$/;
const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^v1,([A-Za-z0-9+/]{43}=)$/;

interface Key {
  readonly name: string;
  readonly secret: Uint8Array;
  /** Once it has been imported. */
  imported?: CryptoKey;
}

/** What the three headers say. */
interface Signed {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: readonly Uint8Array[];
}

/** Whether a request claims to be signed: one of the headers is enough, so that one with two of three is told what it lacks. */
export function isSigned(headers: Headers): boolean {
  return headers.has("webhook-signature") || headers.has("webhook-id") || headers.has("webhook-timestamp");
}

/**
 * Reads HMAC_KEYS: `name:secret` separated by spaces, each secret 24 to 64 bytes in base64, with or without `whsec_` before it. `null`
 * if the variable is empty. A word that is no key is left out and told by its place; if none is left, no signature is right.
 */
export function readSignatures(text: string | undefined, faults: ConfigurationFault[]): Signatures | null {
  const words = (text ?? "").split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) {
    return null;
  }
  const keys: Key[] = [];
  for (const [index, word] of words.entries()) {
    const key = keyOf(word, keys);
    if (typeof key === "string") {
      const expected = `name:secret, the secret ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64`;
      const remedy = "it is left out; openssl rand -base64 32 makes a secret";
      const message = `HMAC_KEYS: expected ${expected}, found ${key} as number ${index + 1}; ${remedy}`;
      faults.push({ code: "HMAC_KEYS", message });
    } else {
      keys.push(key);
    }
  }
  return new Signatures(keys);
}

/** The key, or what is wrong with it. */
function keyOf(word: string, before: readonly Key[]): Key | string {
  const [, name, base64] = KEY.exec(word) ?? [];
  const secret = base64 === undefined ? null : bytesOf(base64);
  if (name === undefined || secret === null) {
    return "something else";
  }
  if (secret.byteLength < MIN_SECRET_BYTES || secret.byteLength > MAX_SECRET_BYTES) {
    return `a secret of ${secret.byteLength} bytes`;
  }
  if (before.some((key) => key.name === name)) {
    return "a name for the second time";
  }
  return before.length === MAX_KEYS ? `more than ${MAX_KEYS}` : { name, secret };
}

/** The keys whose signatures are taken, and the signatures that were. */
export class Signatures {
  readonly #keys: readonly Key[];
  readonly #taken = new Remembered();

  constructor(keys: readonly Key[]) {
    this.#keys = keys;
  }

  /** What can be told before the body is there. */
  enter(headers: Headers): Pending | Refusal {
    const signed = signedOf(headers);
    if ("status" in signed) {
      return signed;
    }
    const age = Math.floor(Date.now() / 1000) - Number(signed.timestamp);
    const expected = `webhook-timestamp: expected a time within ${TOLERANCE_SECONDS} s of this service's`;
    if (age > TOLERANCE_SECONDS) {
      return refuse("SIGNATURE_EXPIRED", `${expected}, found an earlier one; sign each attempt anew, or set the clock`);
    }
    if (age < -TOLERANCE_SECONDS) {
      return refuse("SIGNATURE_FUTURE", `${expected}, found a later one; set the clock`);
    }
    return { settle: (body) => this.#settle(signed, body) };
  }

  async #settle(signed: Signed, body: Uint8Array): Promise<Caller | Refusal> {
    const content = contentOf(signed, body);
    let name: string | undefined;
    for (const key of this.#keys) {
      key.imported ??= await crypto.subtle.importKey("raw", key.secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      const expected = await crypto.subtle.sign("HMAC", key.imported, content);
      for (const signature of signed.signatures) {
        // No leaving early: time must not say which key it was, or that it was one.
        name = crypto.subtle.timingSafeEqual(signature, expected) ? key.name : name;
      }
    }
    if (name === undefined) {
      const message = "webhook-signature: expected an HMAC-SHA256 by a key of this service over id, timestamp and the body's bytes, found others";
      return refuse("SIGNATURE_WRONG", message);
    }
    // Not the id alone: an attempt that failed is sent again under the same id, with a time and a signature of its own.
    if (!this.#taken.add(`${name} ${signed.id} ${signed.timestamp}`)) {
      const message = "webhook-id: expected a request that was not seen before, found one with this id and timestamp; sign each attempt anew";
      return refuse("SIGNATURE_REPLAYED", message);
    }
    return { caller: `key ${name}` };
  }
}

/**
 * Signatures that were taken, for as long as they could be sent again. Each isolate has its own: what was sent to one can be sent
 * once to another. Two generations, so that the oldest are forgotten without a clock for each.
 */
class Remembered {
  #since = 0;
  #recent = new Set<string>();
  #earlier: ReadonlySet<string> = new Set();

  /** False if it is there already. Without an await, so that of two at the same time one is the second. */
  add(signature: string): boolean {
    if (this.#recent.has(signature) || this.#earlier.has(signature)) {
      return false;
    }
    const now = Date.now();
    // From the earliest time at which it is taken to the latest.
    if (now - this.#since > 2 * TOLERANCE_SECONDS * 1000 || this.#recent.size >= MAX_REMEMBERED) {
      this.#earlier = this.#recent;
      this.#recent = new Set();
      this.#since = now;
    }
    this.#recent.add(signature);
    return true;
  }
}

function signedOf(headers: Headers): Refusal | Signed {
  const id = headers.get("webhook-id") ?? "";
  if (!ID.test(id)) {
    return refuse("SIGNATURE_MALFORMED", "webhook-id: expected 1 to 128 printable characters without a full stop, found something else or nothing");
  }
  const timestamp = headers.get("webhook-timestamp") ?? "";
  if (!TIMESTAMP.test(timestamp)) {
    return refuse("SIGNATURE_MALFORMED", "webhook-timestamp: expected whole seconds since 1970, found something else or nothing");
  }
  const sent = headers.get("webhook-signature") ?? "";
  const words = sent.length > MAX_SIGNATURES_CHARACTERS ? [] : sent.split(" ");
  // Of another version, as v1a, is for others.
  const ours = words.flatMap((word) => SIGNATURE.exec(word)?.[1] ?? []);
  const signatures = ours.flatMap((base64) => bytesOf(base64) ?? []);
  if (signatures.length === 0 || words.length > MAX_SIGNATURES) {
    const expected = `1 to ${MAX_SIGNATURES} signatures, one of them v1 and 32 bytes in base64`;
    return refuse("SIGNATURE_MALFORMED", `webhook-signature: expected ${expected}, found something else or nothing`);
  }
  return { id, timestamp, signatures };
}

/** What is signed: `id.timestamp.body`, the body byte for byte. */
function contentOf({ id, timestamp }: Signed, body: Uint8Array): Uint8Array {
  const before = new TextEncoder().encode(`${id}.${timestamp}.`);
  const content = new Uint8Array(before.byteLength + body.byteLength);
  content.set(before);
  content.set(body, before.byteLength);
  return content;
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function refuse(code: string, message: string): Refusal {
  return unauthorized(code, message, CHALLENGE);
}
