//! What the rider's device was given: the model's card, and how its weights were verified.

import type { Estimator } from "curbside/slim";
import { element, make } from "./elements.ts";
import type { LoadedModel } from "./weights.ts";

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

function cardFacts({ card }: Estimator): [string, string][] {
  const facts: [string, string][] = [
    ["Model", `${card.name} ${card.version}`],
    ["Kind", card.algorithm],
  ];
  if (card.trained_on.length > 0) {
    const rides = card.trained_on.reduce((sum, month) => sum + month.used, 0);
    facts.push(["Learned from", `${grouped(rides)} rides of ${files(card.trained_on)}`]);
  }
  if (card.test !== null) {
    const { rmse, mae, rides } = card.test;
    const error = `off by ${mae.toFixed(1)} minutes on average (root mean square ${rmse.toFixed(1)})`;
    facts.push(["Measured on", `${grouped(rides)} later rides of ${files(card.measured_on)}: ${error}`]);
  }
  return [...facts, ...card.notes.map((note): [string, string] => ["Note", note])].filter(([, value]) => value !== "");
}

function weightFacts({ estimator, keyid, trustedKeys, milliseconds }: LoadedModel): [string, string][] {
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
