//! What the rider's device was given: the model's card, and how its weights were verified.

import type { Card, Estimator, IntervalMetrics, Metrics, Month } from "curbside/slim";
import { element, make } from "./elements.ts";
import type { LoadedModel } from "./weights.ts";
import { percent, shareInWords } from "./words.ts";

/** The model by name and version, as the page names it. */
export function modelName({ card }: Estimator): string {
  return `${card.name} ${card.version}`;
}

/** Fills in and shows the part of the page about the model. */
export function showAbout(model: LoadedModel): void {
  const facts = [...cardFacts(model.estimator), ...weightFacts(model)];
  element("about-facts", HTMLDListElement).replaceChildren(
    ...facts.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]),
  );
  element("about", HTMLDetailsElement).hidden = false;
}

/** A fact as the page tells it: its name, and the fact in words. */
export type Fact = readonly [name: string, value: string];

/** What the card says of the model; what it does not know is left out. */
export function cardFacts({ card, coverage, target }: Pick<Estimator, "card" | "coverage" | "target">): readonly Fact[] {
  const facts: Fact[] = [
    ["Model", `${card.name} ${card.version}`],
    ["Kind", card.algorithm],
    ["Learned from", ridesOf(card.trained_on)],
    ["Adjusted on", ridesOf(card.calibrated_on)],
    ["Adjusted from", card.recalibrated_from ?? ""],
    ["Measured on", errorsInWords(card, target.unit)],
    ["Range", coverage === null ? "" : rangesInWords(card, coverage, target.unit)],
    ...card.warnings.map((warning): Fact => ["Warning", warning]),
    ...card.notes.map((note): Fact => ["Note", note]),
  ];
  return facts.filter(([, value]) => value !== "");
}

function ridesOf(months: readonly Month[]): string {
  const rides = months.reduce((sum, month) => sum + month.used, 0);
  return months.length === 0 ? "" : `${grouped(rides)} rides of ${files(months)}`;
}

/** How far off the estimates were; empty where that was not measured. */
function errorsInWords({ test, test_without_distance: without, measured_on: months }: Card, unit: string): string {
  const error = ({ mae, rmse }: Metrics) => `off by ${mae.toFixed(1)} ${unit} on average (root mean square ${rmse.toFixed(1)})`;
  const told = [
    test === null ? "" : `${grouped(test.rides)} rides of ${files(months)}, which it had not seen: ${error(test)}.`,
    without === null ? "" : `Without their distances: ${error(without)}.`,
  ];
  return told.filter((text) => text !== "").join(" ");
}

/** Which share of rides the range is made for, and which share fell in it. */
function rangesInWords({ interval, interval_without_distance: without, measured_on: months }: Card, coverage: number, unit: string): string {
  const found = ({ covered, mean_width: width }: IntervalMetrics) => `${percent(covered)} did, and it was ${width.toFixed(1)} ${unit} wide on average.`;
  const told = [
    `Made so that ${shareInWords(coverage)} fall in it.`,
    interval === null ? "Not measured yet on rides it had not seen." : `Of ${grouped(interval.rides)} rides of ${files(months)} ${found(interval)}`,
    without === null ? "" : `Without their distances ${found(without)}`,
  ];
  return told.filter((text) => text !== "").join(" ");
}

function weightFacts({ estimator, keyid, trustedKeys, milliseconds }: LoadedModel): readonly Fact[] {
  const { manifest } = estimator;
  const took = `Fetched, verified and opened in ${Math.max(1, Math.round(milliseconds))} ms`;
  if (manifest === null) {
    return [["Weights", `${took}.`]];
  }
  const keys = trustedKeys === 1 ? "the one key" : `one of the ${trustedKeys} keys`;
  return [
    ["Weights", `${grouped(manifest.bytes)} bytes, publication ${manifest.sequence} of ${manifest.created_at.slice(0, 10)}. ${took}.`],
    ["Signature", `Ed25519 by key ${keyid}, ${keys} that this site trusts; checked on this device.`],
    ["Digest", `SHA-256 ${manifest.sha256}; checked on this device.`],
  ];
}

/** One line on how the weights were verified; the part about the model says it in full. */
export function verifiedInWords({ estimator, keyid }: LoadedModel): string {
  const digest = estimator.manifest === null ? "unknown" : `${estimator.manifest.sha256.slice(0, 12)}…`;
  return `Weights verified on arrival: SHA-256 ${digest}, signed by key ${keyid}.`;
}

function files(months: readonly { readonly file: string }[]): string {
  return months.map(({ file }) => file).join(", ");
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
