// Who may ask: bearer tokens (RFC 6750) and signed requests (signature.ts), each only where the operator has set it.
//
// Without either variable every route is open, as those of the reference service are. With one, a request must carry what one of
// them takes; whatever it carries must hold, so a good token does not excuse a bad signature.

import type { ConfigurationFault } from "../settings.ts";
import { type Caller, type Pending, unauthorized } from "./credentials.ts";
import type { Refusal } from "./refusal.ts";
import { CHALLENGE as SIGNATURE_CHALLENGE, isSigned, type Signatures } from "./signature.ts";

const BEARER_CHALLENGE = 'Bearer realm="curbside"';
/** RFC 6750, section 2.1: the name of the scheme is of either case, what follows is not. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
/** Below, a token can be guessed; beyond, it does not fit into what it is compared in. */
const [MIN_TOKEN_CHARACTERS, MAX_TOKEN_CHARACTERS] = [16, 256];
/** Each is compared with for every request. */
const MAX_TOKENS = 32;

/** The tokens that are taken, each padded to one length: comparing takes as long whatever was sent and wherever it differs. */
export class Tokens {
  readonly #padded: readonly Uint8Array[];
  readonly #sent = new Uint8Array(MAX_TOKEN_CHARACTERS);
  readonly #encoder = new TextEncoder();

  constructor(tokens: readonly string[]) {
    this.#padded = tokens.map((token) => {
      const padded = new Uint8Array(MAX_TOKEN_CHARACTERS);
      this.#encoder.encodeInto(token, padded);
      return padded;
    });
  }

  /** Which one it is, counted from 1; 0 if none. */
  indexOf(token: string): number {
    if (token.length > MAX_TOKEN_CHARACTERS) {
      return 0;
    }
    this.#sent.fill(0);
    this.#encoder.encodeInto(token, this.#sent);
    let found = 0;
    for (const [index, padded] of this.#padded.entries()) {
      // No leaving early: time must not say which one it was.
      found = crypto.subtle.timingSafeEqual(this.#sent, padded) ? index + 1 : found;
    }
    return found;
  }
}

/**
 * Reads API_TOKENS: tokens separated by spaces. `null` if the variable is empty, and so no token is asked for. A word that is no token
 * is left out and told by its place; if none is left, no token is right, for somebody meant the service to be closed.
 */
export function readTokens(text: string | undefined, faults: ConfigurationFault[]): Tokens | null {
  const words = (text ?? "").split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) {
    return null;
  }
  const usable: string[] = [];
  for (const [index, word] of words.entries()) {
    const found = usable.length === MAX_TOKENS ? `more than ${MAX_TOKENS}` : whatIsWrong(word);
    if (found === null) {
      usable.push(word);
    } else {
      const expected = `${MIN_TOKEN_CHARACTERS} to ${MAX_TOKEN_CHARACTERS} characters of A-Z a-z 0-9 . _ ~ + / -`;
      const remedy = "it is left out; openssl rand -base64 32 makes one";
      const message = `API_TOKENS: expected tokens of ${expected}, found ${found} as number ${index + 1}; ${remedy}`;
      faults.push({ code: "API_TOKENS", message });
    }
  }
  return new Tokens(usable);
}

function whatIsWrong(word: string): string | null {
  if (!TOKEN.test(word)) {
    return "other characters";
  }
  if (word.length < MIN_TOKEN_CHARACTERS) {
    return "a shorter one";
  }
  return word.length > MAX_TOKEN_CHARACTERS ? "a longer one" : null;
}

/** What is asked of a request; where `tokens` and `signatures` are both null there is nothing to ask, and no guard. */
export class Guard {
  readonly #tokens: Tokens | null;
  readonly #signatures: Signatures | null;
  readonly #challenge: string;

  constructor(tokens: Tokens | null, signatures: Signatures | null) {
    this.#tokens = tokens;
    this.#signatures = signatures;
    const challenges = [tokens === null ? [] : BEARER_CHALLENGE, signatures === null ? [] : SIGNATURE_CHALLENGE];
    this.#challenge = challenges.flat().join(", ");
  }

  /** Looks at the headers, before a byte of the body is read. */
  enter(headers: Headers): Caller | Pending | Refusal {
    const authorization = this.#tokens === null ? null : headers.get("authorization");
    // Some of those that pass requests on drop an empty header, and some do not.
    const token = this.#tokens === null || authorization === null || authorization === "" ? null : this.#take(this.#tokens, authorization);
    if (token !== null && "status" in token) {
      return token;
    }
    if (this.#signatures !== null && isSigned(headers)) {
      return this.#signatures.enter(headers);
    }
    return token ?? this.#missing();
  }

  #take(tokens: Tokens, authorization: string): Caller | Refusal {
    const sent = BEARER.exec(authorization)?.[1];
    if (sent === undefined) {
      // Two such headers arrive as one with a comma in it, and are none.
      const message = "Authorization: expected Bearer and one token, found something else";
      return unauthorized("TOKEN_MALFORMED", message, `${BEARER_CHALLENGE}, error="invalid_token"`);
    }
    const index = tokens.indexOf(sent);
    if (index === 0) {
      const message = "Authorization: expected a token that this service knows, found another; ask whoever runs it for one";
      return unauthorized("TOKEN_UNKNOWN", message, `${BEARER_CHALLENGE}, error="invalid_token"`);
    }
    return { caller: `token ${index}` };
  }

  #missing(): Refusal {
    const ways = [this.#tokens === null ? [] : "the header Authorization with Bearer and a token"];
    ways.push(this.#signatures === null ? [] : "the headers webhook-id, webhook-timestamp and webhook-signature");
    const message = `expected ${ways.flat().join(", or ")}, found none; ask whoever runs this service for a token or a key`;
    return unauthorized("CREDENTIALS_MISSING", message, this.#challenge);
  }
}
