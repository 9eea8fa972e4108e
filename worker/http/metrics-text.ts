// Counts in Prometheus' text format, version 0.0.4.

import { BUCKETS, type Snapshot } from "./metrics.ts";

/** Its media type. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [suffix: string, labels: Labels, value: number];

/** The text of a scrape. */
export function text(counts: Snapshot): string {
  const { requests, durations, errors, models, sequence, generation, states } = counts;
  return [
    family("requests_total", "counter", "Requests answered, by route and HTTP status.", statusesOf(requests)),
    family("errors_total", "counter", "Requests refused, by the code of the refusal.", byLabel("code", errors)),
    family("request_duration_seconds", "histogram", "From a request's head to its answer.", bucketsOf(durations)),
    family("rides_total", "counter", "Rides scored.", one(counts.rides)),
    family("rides_refused_total", "counter", "Rides that could not be scored.", one(counts.ridesRefused)),
    family("unseen_pairs_total", "counter", "Scored rides between zones that no ride of the training joined.", one(counts.unseenPairs)),
    family("model_info", "gauge", "The model that serves.", models.map((model): Sample => ["", { ...model }, 1])),
    family("model_sequence", "gauge", "The publication that serves; the oldest where processes differ.", one(sequence)),
    family("generation", "gauge", "How often the scoring module was started; above 1 it has recovered from a trap.", one(generation)),
    family("in_flight", "gauge", "Requests under way.", one(counts.inFlight)),
    family("weights_state", "gauge", "Processes by how their weights stand to the manifest.", byLabel("state", states)),
    family("processes", "gauge", "Processes that these numbers are of.", one(counts.processes)),
  ].join("");
}

function family(name: string, type: "counter" | "gauge" | "histogram", help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([suffix, labels, value]) => `curbside_${name}${suffix}${labelsOf(labels)} ${numberOf(value)}\n`);
  return `# HELP curbside_${name} ${help}\n# TYPE curbside_${name} ${type}\n${lines.join("")}`;
}

function one(value: number | null): Sample[] {
  return value === null ? [] : [["", {}, value]];
}

function byLabel(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([key, number]) => ["", { [label]: key }, number]);
}

function statusesOf(requests: Snapshot["requests"]): Sample[] {
  return Object.entries(requests).flatMap(([route, statuses]) =>
    Object.entries(statuses).map(([code, number]): Sample => ["", { route, code }, number]),
  );
}

function bucketsOf(durations: Snapshot["durations"]): Sample[] {
  return Object.entries(durations).flatMap(([route, { buckets, milliseconds }]) => {
    let within = 0;
    const ends = [...BUCKETS, Infinity].map((end, bucket): Sample => {
      within += buckets[bucket] ?? 0;
      return ["_bucket", { route, le: numberOf(end) }, within];
    });
    return [...ends, ["_sum", { route }, milliseconds / 1000] as const, ["_count", { route }, within] as const];
  });
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberOf(value: number): string {
  return value === Infinity ? "+Inf" : String(value);
}
