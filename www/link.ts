//! The ride in the page's address, so that it can be shared: `?pu=130&do=205&distance=3.66&at=2021-02-03T08:30`.
//!
//! The names are those of the command line. What is absent is left to the estimate, or to the clock.

/** A ride as texts, exactly as given; `null` where nothing was. */
export interface RideTexts {
  /** Zone of the pickup, a TLC id. */
  readonly pu: string | null;
  /** Zone of the drop-off, a TLC id. */
  readonly do: string | null;
  /** Miles. */
  readonly distance: string | null;
  /** New York time, `YYYY-MM-DDTHH:MM`. */
  readonly at: string | null;
}

/** Reads the ride from an address. Nothing is judged here: a wrong value is shown at its field. */
export function readLink(address: string): RideTexts {
  const query = new URL(address).searchParams;
  const text = (name: string): string | null => query.get(name)?.trim() || null;
  return { pu: text("pu"), do: text("do"), distance: text("distance"), at: text("at") };
}

/** The address with the ride in it; anything else in the address stays. */
export function writeLink(address: string, ride: RideTexts): string {
  const url = new URL(address);
  for (const [name, text] of Object.entries(ride) as [keyof RideTexts, string | null][]) {
    if (text === null) {
      url.searchParams.delete(name);
    } else {
      url.searchParams.set(name, text);
    }
  }
  // A colon may stand in a query, and a time reads better with it.
  url.search = url.search.replaceAll("%3A", ":");
  return url.href;
}
