// What is counted of requests: a few increments each, in plain data that can be sent, and summed over processes.
//
// Every set of labels is small and known: a path that nobody has is one route, and codes are ours.

import type { Weights } from "../weights/weights.ts";

/** Upper ends of the histogram's buckets, in seconds. The platform's clock has milliseconds, so there is nothing to see below one. */
export const BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A request under way longer than this was dropped by its host, as happens when a client goes away. */
const DROPPED_AFTER_MS = 40_000;

/** So many requests under way are not there without some that were dropped. */
const MANY = 4096;

/** How long requests to a route took. */
export interface Durations {
  /** How many ended within each of {@link BUCKETS} and not within the one before; behind them those that took longer. */
  readonly buckets: number[];
  /** All of them together; whole numbers add up to the same in any order. */
  milliseconds: number;
}

/** A model that serves. */
export interface ServedModel {
  readonly model: string;
  readonly version: string;
  /** Digest of the stored bytes; empty where only the script has them. */
  readonly sha256: string;
}

/** All that one process counts, or several together. Plain data: it goes through JSON unchanged. */
export interface Snapshot {
  /** How many processes it is of. */
  processes: number;
  /** By route, then by HTTP status. */
  requests: Record<string, Record<string, number>>;
  /** By route. */
  durations: Record<string, Durations>;
  /** By our code of the refusal. */
  errors: Record<string, number>;
  rides: number;
  ridesRefused: number;
  unseenPairs: number;
  inFlight: number;
  /** Each once, whoever serves it. */
  models: ServedModel[];
  /** Of the publication that serves; the oldest one's where they differ, null without. */
  sequence: number | null;
  /** How often the scoring module was started in the process where that happened most; null without a model. */
  generation: number | null;
  /** How many processes are in each state of the weights; `none` where there are none. */
  states: Record<string, number>;
}

/** A request under way. */
export interface Started {
  readonly at: number;
}

const STATES = ["current", "stale", "fallback", "fixed", "none"] as const;

/** Counts of one isolate. */
export class Metrics {
  readonly #underWay = new Set<Started>();
  readonly #counts = empty();

  /** A request has come. */
  begin(at: number): Started {
    if (this.#underWay.size >= MANY) {
      this.#forgetDropped(at);
    }
    const started = { at };
    this.#underWay.add(started);
    return started;
  }

  /** It is answered; `code` where it was refused. */
  end(started: Started, now: number, route: string, status: number, code: string | undefined): void {
    this.#underWay.delete(started);
    const { requests, durations, errors } = this.#counts;
    count((requests[route] ??= {}), String(status), 1);
    const taken = (durations[route] ??= { buckets: BUCKETS.map(() => 0).concat(0), milliseconds: 0 });
    // A clock that is set back gives less than nothing.
    const milliseconds = Math.max(0, now - started.at);
    const seconds = milliseconds / 1000;
    taken.milliseconds += milliseconds;
    let bucket = 0;
    while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] ?? 0)) {
      bucket += 1;
    }
    taken.buckets[bucket] = (taken.buckets[bucket] ?? 0) + 1;
    if (code !== undefined) {
      count(errors, code, 1);
    }
  }

  /** Rides of a request that the module has answered. */
  tally(rides: number, refused: number, unseenPairs: number): void {
    this.#counts.rides += rides;
    this.#counts.ridesRefused += refused;
    this.#counts.unseenPairs += unseenPairs;
  }

  /** All of it, and how the weights are; a copy. */
  snapshot(weights: Weights, now: number): Snapshot {
    this.#forgetDropped(now);
    const { estimator, status } = weights;
    const counts = structuredClone(this.#counts);
    counts.inFlight = this.#underWay.size;
    counts.states[status?.state ?? "none"] = 1;
    if (estimator !== null && status !== null) {
      const { name, version } = estimator.card;
      counts.models.push({ model: name, version, sha256: status.sha256 ?? "" });
      counts.sequence = status.sequence;
      counts.generation = status.generation;
    }
    return counts;
  }

  #forgetDropped(now: number): void {
    for (const started of this.#underWay) {
      if (now - started.at <= DROPPED_AFTER_MS) {
        return;
      }
      this.#underWay.delete(started);
    }
  }
}

/** The counts of several processes as those of one. */
export function merge(snapshots: readonly Snapshot[]): Snapshot {
  const all = empty();
  all.processes = 0;
  for (const each of snapshots) {
    all.processes += each.processes;
    for (const [route, statuses] of Object.entries(each.requests)) {
      addAll((all.requests[route] ??= {}), statuses);
    }
    for (const [route, { buckets, milliseconds }] of Object.entries(each.durations)) {
      const taken = (all.durations[route] ??= { buckets: buckets.map(() => 0), milliseconds: 0 });
      buckets.forEach((number, bucket) => (taken.buckets[bucket] = (taken.buckets[bucket] ?? 0) + number));
      taken.milliseconds += milliseconds;
    }
    addAll(all.errors, each.errors);
    addAll(all.states, each.states);
    all.rides += each.rides;
    all.ridesRefused += each.ridesRefused;
    all.unseenPairs += each.unseenPairs;
    all.inFlight += each.inFlight;
    for (const served of each.models) {
      if (!all.models.some(({ version, sha256 }) => version === served.version && sha256 === served.sha256)) {
        all.models.push(served);
      }
    }
    all.sequence = least(all.sequence, each.sequence);
    all.generation = all.generation === null ? each.generation : Math.max(all.generation, each.generation ?? 0);
  }
  return all;
}

function empty(): Snapshot {
  return {
    processes: 1,
    requests: {},
    durations: {},
    errors: {},
    rides: 0,
    ridesRefused: 0,
    unseenPairs: 0,
    inFlight: 0,
    models: [],
    sequence: null,
    generation: null,
    states: Object.fromEntries(STATES.map((state) => [state, 0])),
  };
}

function count(counts: Record<string, number>, key: string, more: number): void {
  counts[key] = (counts[key] ?? 0) + more;
}

function addAll(to: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, number] of Object.entries(from)) {
    count(to, key, number);
  }
}

function least(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
