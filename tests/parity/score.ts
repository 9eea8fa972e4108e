// Scores the ledger on whatever host this runs in, and tells where the bits are not the ledger's.
//
// It runs in Node, workerd, Chromium and Firefox alike, so it knows nothing but the estimator and the ledger's text.

import type { Estimator, Trip } from "curbside";

/** The ledger's first line. */
const HEADER = "pu,do,trip_distance,pickup_datetime,bits,low,high";
/** Bits as the ledger has them; empty where the bundle has no interval. */
const BITS = /^[0-9a-f]{16}$/;
const BITS_OR_NONE = /^([0-9a-f]{16})?$/;
/** Differences that are told; what is wrong in one place is mostly wrong in thousands. */
const TOLD = 50;

/** What a host found. */
export interface Outcome {
  /** Rides in the ledger. */
  readonly rides: number;
  /** How often each way of asking gave the ledger's bits, by the walk and by tables together. */
  readonly agreed: Readonly<Record<Way, number>>;
  /** The first of those that did not: line of the ledger, way, expected and found bits. */
  readonly differences: readonly string[];
  /** What `navigator` calls this host. */
  readonly host: string;
}

/** Who answers: the walk until tables are there. */
const KERNELS = ["walk", "tables"] as const;

/** The ways of asking: each must give the same bits. */
export type Way = "estimate" | "estimateBatch" | "predict";

interface Entry {
  readonly trip: Trip;
  /** The ride as JSON, the distance in the ledger's own digits. */
  readonly json: string;
  /** Bits of estimate, lower and upper end, as the ledger has them side by side. */
  readonly bits: string;
}

/** An answer's three numbers; the ends are null without an interval. */
interface Numbers {
  readonly duration: number;
  readonly duration_low?: number | null;
  readonly duration_high?: number | null;
}

/** Asks for every ride of the ledger in every way, before the estimator is prepared and after. */
export function score(estimator: Estimator, ledger: string): Outcome {
  const entries = read(ledger);
  const agreed = { estimate: 0, estimateBatch: 0, predict: 0 };
  const differences: string[] = [];
  for (const kernel of KERNELS) {
    if (kernel === "tables" && !estimator.prepare()) {
      differences.push("prepare: expected tables to serve the bundle, found that they do not");
    }
    compare(estimator, entries, agreed, (what) => {
      if (differences.length < TOLD) differences.push(`${kernel}, ${what}`);
    });
  }
  return { rides: entries.length, agreed, differences, host: globalThis.navigator?.userAgent ?? "unknown" };
}

function compare(estimator: Estimator, entries: readonly Entry[], agreed: Record<Way, number>, tell: (what: string) => void): void {
  const batch = estimator.estimateBatch({
    PULocationID: entries.map(({ trip }) => trip.PULocationID),
    DOLocationID: entries.map(({ trip }) => trip.DOLocationID),
    trip_distance: entries.map(({ trip }) => trip.trip_distance),
    pickup_datetime: entries.map(({ trip }) => trip.pickup_datetime) as string[],
  });
  for (const [index, { trip, json, bits }] of entries.entries()) {
    const estimate = estimator.estimate(trip);
    const { duration, duration_low: low, duration_high: high } = estimate;
    if (low !== null && high !== null && !(low <= duration && duration <= high)) {
      tell(`line ${index + 2}: expected ${low} <= ${duration} <= ${high} (${json})`);
    }
    const found: Record<Way, Numbers> = {
      estimate,
      estimateBatch: {
        duration: batch.durations[index] ?? NaN,
        duration_low: batch.lows && (batch.lows[index] ?? NaN),
        duration_high: batch.highs && (batch.highs[index] ?? NaN),
      },
      predict: JSON.parse(estimator.predict({ contentType: "application/json", body: json }).body) as Numbers,
    };
    for (const way of Object.keys(agreed) as Way[]) {
      const said = allBitsOf(found[way]);
      if (said === bits) {
        agreed[way] += 1;
      } else {
        tell(`line ${index + 2}, ${way}: expected ${bits}, found ${said} (${json})`);
      }
    }
  }
}

function read(ledger: string): Entry[] {
  const [header, ...lines] = ledger.trimEnd().split("\n");
  if (header !== HEADER) {
    throw new Error(`the ledger: expected the header ${HEADER}, found ${header}`);
  }
  return lines.map((line, index) => {
    const [pu, to, miles, when, bits = "", low = "-", high = "-", ...more] = line.split(",");
    const isWhole = BITS.test(bits) && BITS_OR_NONE.test(low) && BITS_OR_NONE.test(high) && more.length === 0;
    if (!pu || !to || miles === undefined || !when || !isWhole) {
      throw new Error(`the ledger, line ${index + 2}: expected seven fields, found ${line}`);
    }
    const distance = miles === "" ? "" : `,"trip_distance":${miles}`;
    return {
      trip: {
        PULocationID: Number(pu),
        DOLocationID: Number(to),
        ...(miles === "" ? {} : { trip_distance: JSON.parse(miles) as number | null }),
        pickup_datetime: when,
      },
      json: `{"PULocationID":${pu},"DOLocationID":${to}${distance},"pickup_datetime":${JSON.stringify(when)}}`,
      bits: `${bits},${low},${high}`,
    };
  });
}

function allBitsOf({ duration, duration_low: low, duration_high: high }: Numbers): string {
  return [duration, low, high].map((value) => (value == null ? "" : bitsOf(value))).join();
}

function bitsOf(value: number): string {
  return new DataView(new Float64Array([value]).buffer).getBigUint64(0, true).toString(16).padStart(16, "0");
}
