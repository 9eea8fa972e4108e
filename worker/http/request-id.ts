// A name for each request, to find it again in logs: the caller's own if it is usable, else a fresh one.

import { MAX_REQUEST_ID_LENGTH } from "./limits.ts";

/** Fit for a header, a log and a shell. */
const USABLE = new RegExp(`^[A-Za-z0-9._-]{1,${MAX_REQUEST_ID_LENGTH}}$`);

/** The isolate's part of fresh names: random once, counted from there. Nobody can do anything with a name, so it need not be secret. */
let isolate = "";
let counted = 0;

/** The request's name; `given` is what the caller calls it. */
export function requestId(given: string | null): string {
  if (given !== null && USABLE.test(given)) {
    return given;
  }
  // Not when the script starts: there is no randomness yet.
  isolate ||= crypto.randomUUID().slice(0, 13);
  counted += 1;
  return `${isolate}-${counted.toString(36)}`;
}
