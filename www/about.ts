//! What the rider's device was given: the model's card, and how its weights were verified.

import type { Card, Estimator, IntervalMetrics, Metrics, Month, Status } from "curbside/slim";
import { element, setFacts } from "./elements.ts";
import { recall } from "./remembered.ts";
import { lookInWords, whenInWords } from "./state.ts";
import type { LoadedModel } from "./weights.ts";
import { percent, shareInWords } from "./words.ts";

/** The model by name and version, as the page names it. */
export function modelName({ card }: Pick<Estimator, "card">): string {
  return `${card.name} ${card.version}`;
}

/** Fills in and shows the part of the page about the model; again whenever something has changed, and every minute. */
export function showAbout(model: LoadedModel, now: Date): void {
  setFacts(element("about-facts", HTMLDListElement), [...cardFacts(model.estimator), ...weightFacts(model, now)]);
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

/** Which weights these are, who signed them, and how the last look for newer ones went. */
export function weightFacts(model: Omit<LoadedModel, "tend">, now: Date): readonly Fact[] {
  const { manifest, status } = model.estimator;
  if (manifest === null) {
    return [["Weights", beginInWords(model, status, now)]];
  }
  const keys = status.trustedKeys === 1 ? "the one key" : `one of the ${status.trustedKeys} keys`;
  const facts: readonly Fact[] = [
    [
      "Weights",
      `${grouped(manifest.bytes)} bytes, publication ${manifest.sequence} of ${manifest.created_at.slice(0, 10)}. ${beginInWords(model, status, now)}`,
    ],
    ["Signature", `Ed25519 by key ${status.keyid}, ${keys} that this site trusts; checked on this device.`],
    ["Digest", `SHA-256 ${manifest.sha256}; checked on this device.`],
    ["Up to date", freshnessInWords(model, status, now)],
    ["Last fault", lookInWords(status, now)],
  ];
  return facts.filter(([, value]) => value !== "");
}

function beginInWords({ firstSha256, wasKept, milliseconds }: Omit<LoadedModel, "tend" | "estimator">, { sha256, loadedAt }: Status, now: Date): string {
  if (sha256 !== firstSha256) {
    return `In use since they replaced others ${whenInWords(loadedAt, now)}, without a reload.`;
  }
  return `${wasKept ? "Taken from this device’s copy" : "Fetched"}, verified and opened in ${Math.max(1, Math.round(milliseconds))} ms.`;
}

function freshnessInWords({ everySeconds }: Pick<LoadedModel, "everySeconds">, status: Status, now: Date): string {
  const confirmedAt = status.confirmedAt ?? recall(status.sha256);
  const known = confirmedAt === null ? "Not known yet" : `Found to be the newest ${whenInWords(confirmedAt, now)}`;
  return `${known}; this page looks every ${everySeconds === 1 ? "second" : `${everySeconds} seconds`} while it is open.`;
}

/** One line on how the weights were verified; the part about the model says it in full. */
export function verifiedInWords({ manifest, status }: Pick<Estimator, "manifest" | "status">): string {
  const digest = manifest === null ? "unknown" : `${manifest.sha256.slice(0, 12)}…`;
  return `Weights verified on arrival: SHA-256 ${digest}, signed by key ${status.keyid}.`;
}

function files(months: readonly { readonly file: string }[]): string {
  return months.map(({ file }) => file).join(", ");
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
