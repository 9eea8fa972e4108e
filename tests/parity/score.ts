// Scores the ledger on whatever host this runs in, and tells where the bits are not the ledger's.
//
// It runs in Node, workerd, Chromium and Firefox alike, so it knows nothing but the estimator and the ledger's text.

import type { Estimator, Trip } from "curbside";

/** The ledger's first line. */
const HEADER = "pu,do,trip_distance,pickup_datetime,bits";
/** Differences that are told; what is wrong in one place is mostly wrong in thousands. */
const TOLD = 50;

/** What a host found. */
export interface Outcome {
  /** Rides in the ledger. */
  readonly rides: number;
  /** How often each way of asking gave the ledger's bits. */
  readonly agreed: Readonly<Record<Way, number>>;
  /** The first of those that did not: line of the ledger, way, expected and found bits. */
  readonly differences: readonly string[];
  /** What `navigator` calls this host. */
  readonly host: string;
}

/** The ways of asking: each must give the same bits. */
export type Way = "estimate" | "estimateBatch" | "predict";

interface Entry {
  readonly trip: Trip;
  /** The ride as JSON, the distance in the ledger's own digits. */
  readonly json: string;
  readonly bits: string;
}

/** Asks for every ride of the ledger in every way. */
export function score(estimator: Estimator, ledger: string): Outcome {
  const entries = read(ledger);
  const batch = estimator.estimateBatch({
    PULocationID: entries.map(({ trip }) => trip.PULocationID),
    DOLocationID: entries.map(({ trip }) => trip.DOLocationID),
    trip_distance: entries.map(({ trip }) => trip.trip_distance),
    pickup_datetime: entries.map(({ trip }) => trip.pickup_datetime) as string[],
  });
  const agreed = { estimate: 0, estimateBatch: 0, predict: 0 };
  const differences: string[] = [];
  for (const [index, { trip, json, bits }] of entries.entries()) {
    const reply = JSON.parse(estimator.predict({ contentType: "application/json", body: json }).body) as { duration: number };
    const found: Record<Way, number> = {
      estimate: estimator.estimate(trip).duration,
      estimateBatch: batch.durations[index] ?? NaN,
      predict: reply.duration,
    };
    for (const way of Object.keys(agreed) as Way[]) {
      const said = bitsOf(found[way]);
      if (said === bits) {
        agreed[way] += 1;
      } else if (differences.length < TOLD) {
        differences.push(`line ${index + 2}, ${way}: expected ${bits}, found ${said} (${json})`);
      }
    }
  }
  return { rides: entries.length, agreed, differences, host: globalThis.navigator?.userAgent ?? "unknown" };
}

function read(ledger: string): Entry[] {
  const [header, ...lines] = ledger.trimEnd().split("\n");
  if (header !== HEADER) {
    throw new Error(`the ledger: expected the header ${HEADER}, found ${header}`);
  }
  return lines.map((line, index) => {
    const [pu, to, miles, when, bits, ...more] = line.split(",");
    if (!pu || !to || miles === undefined || !when || !/^[0-9a-f]{16}$/.test(bits ?? "") || more.length > 0) {
      throw new Error(`the ledger, line ${index + 2}: expected five fields, found ${line}`);
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
      bits: bits ?? "",
    };
  });
}

function bitsOf(value: number): string {
  return new DataView(new Float64Array([value]).buffer).getBigUint64(0, true).toString(16).padStart(16, "0");
}
