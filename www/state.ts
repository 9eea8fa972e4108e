//! How the weights stand, in a rider's words: since when they have not been checked, and why. Knows no page, so that it is
//! tested without one.

import type { Status } from "curbside/slim";

/** What the words rest on. */
export interface Standing {
  readonly lastError: Status["lastError"];
  /** When the weights were last found to be the newest; `null` where that is not known. */
  readonly confirmedAt: string | null;
  /** Whether the device itself knows that it has no network. */
  readonly isOffline: boolean;
  /** Whether the fault has lasted for long enough to be worth a word where the next look may well succeed. */
  readonly isLasting: boolean;
  readonly now: Date;
}

/** One or two sentences, or an empty text while all is well. */
export function standingInWords({ lastError, confirmedAt, isOffline, isLasting, now }: Standing): string {
  if (lastError === null) {
    return "";
  }
  const held = confirmedAt === null ? "the copy of the model on this device" : `the model that was the newest ${whenInWords(confirmedAt, now)}`;
  const { code } = lastError;
  if (code.startsWith("FETCH_")) {
    if (isOffline) {
      return `This device is offline. Estimates come from ${held}.`;
    }
    const fault = code === "FETCH_STATUS" ? "This site does not give its model at the moment" : "This site does not answer";
    return isLasting ? `${fault}. Estimates come from ${held}.` : "";
  }
  if (NEEDS_A_NEWER_PAGE.includes(code)) {
    return `A newer model needs a newer version of this page: reload it. Until then, estimates come from ${held}.`;
  }
  return `Another model was published, but did not pass this page’s checks. Estimates come from ${held}.`;
}

/** Manifests and bundles of a kind that this page's module does not know. */
const NEEDS_A_NEWER_PAGE: readonly string[] = ["MANIFEST_SCHEMA", "BUNDLE_VERSION"];

/** "at 3:12 PM" of today, "on Nov 22 at 3:12 PM" of another day, with its year if that is another: by this device's clock and its time zone. */
export function whenInWords(at: string, now: Date): string {
  const then = new Date(at);
  const time = then.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
  const year = then.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  const day = then.toLocaleDateString("en-US", { month: "short", day: "numeric", ...year });
  return then.toDateString() === now.toDateString() ? `at ${time}` : `on ${day} at ${time}`;
}

/** What the last look at the manifest came to, in full, for the part about the model. */
export function lookInWords({ lastError }: Pick<Status, "lastError">, now: Date): string {
  return lastError === null ? "" : `${lastError.code}, ${whenInWords(lastError.at, now)}: ${lastError.message}`;
}
