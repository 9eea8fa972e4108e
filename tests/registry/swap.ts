// Riders who ask while the model is replaced: every answer is timed, and must be one that a version really gives.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import type { RunningWorker } from "../worker/harness.ts";
import { answer, type Desk } from "./command.ts";
import { estimateRide, type Ride } from "./edge.ts";

/** How many are asked at the least. */
const REQUESTS = 500;
/** Riders at each Worker: no more than the machine answers at once, or their queue is what would be measured. */
const LANES = 1;
/** Between a rider's questions. */
const PAUSE_MS = 5;
/** From the alias moved to the last Worker and page, as is asked of a machine that does nothing else: printed beside what it took. */
const ASKED_MS = 10_000;
/** A change that has not come by then never will. */
export const LIMIT_MS = 60_000;
/** Before and after the swap, for the comparison. */
const MARGIN_MS = 2000;

/** Rides of some kinds; the first is what pages show. */
export const RIDES: readonly Ride[] = [
  { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" },
  { PULocationID: 74, DOLocationID: 42, trip_distance: 1.2, pickup_datetime: "2021-02-05T18:05" },
  { PULocationID: 41, DOLocationID: 75, trip_distance: 2.5, pickup_datetime: "2021-02-06T23:59" },
  { PULocationID: 75, DOLocationID: 236, trip_distance: 0.9, pickup_datetime: "2021-02-07T04:15" },
  { PULocationID: 166, DOLocationID: 132, trip_distance: 17.3, pickup_datetime: "2021-02-09T06:45" },
];

/** What each version says of each ride. */
export type Known = ReadonlyMap<string, readonly number[]>;

/** Asks the command, which scores by the same bundle natively. */
export async function knownEstimates(desk: Desk, bundles: Readonly<Record<string, string>>): Promise<Known> {
  const known = new Map<string, readonly number[]>();
  for (const [version, bundle] of Object.entries(bundles)) {
    known.set(
      version,
      await Promise.all(
        RIDES.map(async ({ PULocationID, DOLocationID, trip_distance, pickup_datetime }) => {
          const ride = ["--pu", PULocationID, "--do", DOLocationID, "--distance", trip_distance, "--at", pickup_datetime].map(String);
          const { duration } = await answer(desk, ["predict", "--model", bundle, ...ride]);
          return duration as number;
        }),
      ),
    );
  }
  return known;
}

interface Answered {
  readonly worker: number;
  readonly ride: number;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly version: string;
  readonly duration: number;
}

/** A swap, and what is watched meanwhile. */
export interface Swap {
  readonly name: string;
  readonly workers: readonly RunningWorker[];
  readonly known: Known;
  readonly to: string;
  /** Sets it off. */
  readonly move: () => Promise<void>;
  /** Ends when something other than a Worker has the new version, such as a page. */
  readonly others: readonly { readonly name: string; readonly arrived: () => Promise<void> }[];
}

/** Sets a swap off under load, and judges and prints how it went. */
export async function swapUnderLoad(swap: Swap): Promise<void> {
  const { workers, known, to, move, others } = swap;
  const answers: Answered[] = [];
  let isOver = false;
  const riding = workers.flatMap((worker, place) =>
    Array.from({ length: LANES }, async (_, lane) => {
      for (let turn = lane; !isOver || answers.length < REQUESTS; turn += 1) {
        const ride = turn % RIDES.length;
        const askedAt = performance.now();
        const { duration, model_version: version } = await estimateRide(worker, RIDES[ride] as Ride);
        answers.push({ worker: place, ride, askedAt, answeredAt: performance.now(), version, duration });
        await pause(PAUSE_MS);
      }
    }),
  );
  // A rider who fails must not be left unheard until the swap has ended.
  const failed = Promise.all(riding);
  failed.catch(() => undefined);
  await pause(MARGIN_MS);
  const began = performance.now();
  await move();
  const moved = performance.now() - began;
  const arrivals = await Promise.all([
    ...others.map(async ({ name: who, arrived }) => {
      await arrived();
      return { who, after: performance.now() - began };
    }),
    ...workers.map(async (_, place) => {
      while (!answers.some(({ worker, version }) => worker === place && version === to)) {
        assert.ok(performance.now() - began < LIMIT_MS, `Worker ${place + 1} did not answer with ${to} within ${LIMIT_MS} ms`);
        await Promise.race([pause(10), failed]);
      }
      return { who: `Worker ${place + 1}`, after: performance.now() - began };
    }),
  ]);
  await pause(MARGIN_MS);
  isOver = true;
  await failed;
  judge(answers, known, to);
  report(swap, answers, arrivals, began, moved);
}

/** Every answer is, to the bit, what its version says; and a Worker that has answered with the new one goes back to no other. */
function judge(answers: readonly Answered[], known: Known, to: string): void {
  assert.ok(answers.length >= REQUESTS);
  const since = new Map<number, number>();
  for (const { worker, answeredAt, version } of answers) {
    if (version === to) {
      since.set(worker, Math.min(since.get(worker) ?? Infinity, answeredAt));
    }
  }
  for (const { worker, ride, askedAt, version, duration } of answers) {
    assert.equal(duration, known.get(version)?.[ride], `ride ${ride}: expected what version ${version} says`);
    assert.ok(version === to || askedAt < (since.get(worker) ?? Infinity), `Worker ${worker + 1} went back to ${version} after ${to}`);
  }
}

/** What is printed of some answers' latencies, in milliseconds. */
function latencies(answers: readonly Answered[]): string {
  const took = answers.map(({ askedAt, answeredAt }) => answeredAt - askedAt).sort((a, b) => a - b);
  const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? NaN;
  const [median, most, max] = [at(0.5), at(0.99), at(1)];
  return `${median.toFixed(1)} ms median, ${most.toFixed(1)} ms of 99 %, ${max.toFixed(1)} ms at most: ${(max / median).toFixed(1)} times the median, of ${took.length}`;
}

/** What the swap itself cost: the slowest of the few estimates of a Worker that were under way as the version changed. */
function slowestAtTheTurn(answers: readonly Answered[], worker: number, to: string): number {
  const own = answers.filter((answered) => answered.worker === worker);
  const turn = own.findIndex(({ version }) => version === to);
  return Math.max(...own.slice(Math.max(0, turn - 2), turn + 3).map(({ askedAt, answeredAt }) => answeredAt - askedAt));
}

/** `began` is when the swap was set off: what came before shows how busy the machine is with other things. */
function report({ name, workers, to }: Swap, answers: readonly Answered[], arrivals: readonly { who: string; after: number }[], began: number, moved: number): void {
  const slowest = workers.map((_, worker) => `${slowestAtTheTurn(answers, worker, to).toFixed(1)} ms`);
  const versions = [...new Set(answers.map(({ version }) => version))].join(" and ");
  console.log(
    [
      `${name}: ${answers.length} estimates, none failed, of versions ${versions}`,
      `  latency before the swap      ${latencies(answers.filter(({ askedAt }) => askedAt < began))}`,
      `  latency from the swap on     ${latencies(answers.filter(({ askedAt }) => askedAt >= began))}`,
      `  slowest as a Worker changed  ${slowest.join(", ")}`,
      `  said and done after ${(moved / 1000).toFixed(1)} s, of ${ASKED_MS / 1000} s asked for all; ${arrivals.map(({ who, after }) => `${who} ${(after / 1000).toFixed(1)} s`).join(", ")}`,
    ].join("\n"),
  );
}
