// What reading a credential leads to: somebody known, a refusal, or the wait for the body that it speaks of.

import type { Refusal } from "./refusal.ts";

/** Whom requests are counted by: says which credential it was, and never what it is. */
export interface Caller {
  readonly caller: string;
}

/** A credential that speaks of the body as well, and is judged with it. */
export interface Pending {
  settle(body: Uint8Array): Promise<Caller | Refusal>;
}

/** 401, with what would be taken: `challenge` is the value of WWW-Authenticate. */
export function unauthorized(code: string, message: string, challenge: string): Refusal {
  return { status: 401, code, message, headers: { "www-authenticate": challenge } };
}
