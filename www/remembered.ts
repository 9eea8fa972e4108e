//! When the weights were last found to be the newest, across visits: the package keeps weights, and this keeps that moment.
//!
//! Where a browser keeps nothing, or somebody has changed what it kept, nothing is remembered: these are words for the rider, and
//! nothing is decided by them.

const PLACE = "curbside.up-to-date";

/** Remembers that weights of this digest were the newest then. */
export function remember(sha256: string | null, confirmedAt: string): void {
  try {
    localStorage.setItem(PLACE, `${sha256} ${confirmedAt}`);
  } catch {
    // Storage is full, or kept off.
  }
}

/** When weights of this digest were last found to be the newest, RFC 3339; `null` where that is not known. */
export function recall(sha256: string | null): string | null {
  try {
    const [of, at] = (localStorage.getItem(PLACE) ?? "").split(" ");
    return of === sha256 && at !== undefined && !Number.isNaN(Date.parse(at)) ? at : null;
  } catch {
    return null;
  }
}
