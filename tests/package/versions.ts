// Bundles that answer the same ride with different bits, to tell by an answer which of them gave it.

import assert from "node:assert/strict";

import type { Estimator } from "curbside";

import { smallBundle } from "../worker/publication.ts";
import { bitsOfAnswer, type Installed, storedBundle } from "./packed.ts";

/** The ride. */
export const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };

/** A bundle and what it says of the ride. */
export interface Version {
  readonly stored: Buffer;
  readonly bits: string;
}

/** Three of them. */
export async function versionsOf(installed: Installed): Promise<readonly [Version, Version, Version]> {
  const bundles = [await storedBundle(), await smallBundle("with an interval"), await smallBundle("without an interval")] as const;
  const versions = [];
  for (const stored of bundles) {
    using estimator = await installed.curbside.loadEstimator({ bytes: stored });
    versions.push({ stored, bits: answerOf(estimator) });
  }
  const [a, b, c] = versions;
  assert(a !== undefined && b !== undefined && c !== undefined);
  assert.equal(new Set([a.bits, b.bits, c.bits]).size, 3);
  return [a, b, c];
}

/** What an estimator says of the ride, in bits. */
export function answerOf(estimator: Estimator): string {
  return bitsOfAnswer(estimator.estimate(RIDE));
}
