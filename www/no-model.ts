//! Saying plainly that there is no model: what happened, what it means, what to do. The page never guesses instead.

import { make } from "./elements.ts";

interface Explanation {
  /** What it means for the rider. */
  readonly meaning: string;
  /** Who can do what. */
  readonly remedy: string;
}

const TRY_AGAIN = "Check the connection and try again.";
const PUBLISH = "Trying again may help. If it does not, whoever runs this site must publish the weights again.";

/** By the beginning of the error's code; the first that fits. */
const EXPLANATIONS: readonly (readonly [string, Explanation])[] = [
  ["CONFIG_FETCH", { meaning: "This site could not be reached.", remedy: TRY_AGAIN }],
  ["CONFIG_", { meaning: "This site does not say where its weights are.", remedy: "Whoever runs it must look at its Worker." }],
  ["FETCH_STATUS", { meaning: "The weights are not where this site says they are.", remedy: PUBLISH }],
  ["FETCH_", { meaning: "The weights could not be fetched.", remedy: TRY_AGAIN }],
  ["MANIFEST_SIGNATURE", { meaning: "The weights are not signed by whoever runs this site, so they were not used.", remedy: PUBLISH }],
  ["MANIFEST_KEY", { meaning: "The weights are signed by a key that this site does not trust, so they were not used.", remedy: PUBLISH }],
  ["MANIFEST_NAME", { meaning: "The weights are another model’s than this site says, so they were not used.", remedy: PUBLISH }],
  ["MANIFEST_", { meaning: "The weights' description cannot be read, so they were not used.", remedy: PUBLISH }],
  ["BLOB_", { meaning: "The weights that arrived are not those that were signed, so they were not used.", remedy: PUBLISH }],
  ["BUNDLE_", { meaning: "The weights arrived but cannot be scored with.", remedy: PUBLISH }],
  ["ENGINE_", { meaning: "The module that computes estimates could not be started.", remedy: "Reload the page, or use a newer browser." }],
  ["CRYPTO_", { meaning: "This browser cannot check the weights.", remedy: "Use a newer browser, over https or on localhost." }],
  ["TRUSTED_KEYS", { meaning: "This site does not say whose weights to trust.", remedy: "Whoever runs it must set the Worker's TRUSTED_KEYS." }],
];

const OFFLINE: Explanation = { meaning: "This device is offline.", remedy: "Connect it and try again." };
const NO_WEBASSEMBLY: Explanation = {
  meaning: "Estimates are computed by WebAssembly, and this browser has none or keeps it off.",
  remedy: "Allow it for this site (on an iPhone: leave Lockdown Mode for it), or use another browser.",
};
const UNKNOWN: Explanation = { meaning: "Something went wrong that this page does not know.", remedy: "Reload the page." };

/** The stable code of an error, if it has one. */
export function codeOf(error: unknown): string {
  const { code } = typeof error === "object" && error !== null ? (error as { code?: unknown }) : {};
  return typeof code === "string" ? code : "UNKNOWN";
}

function explain(code: string): Explanation {
  if (typeof WebAssembly === "undefined") {
    return NO_WEBASSEMBLY;
  }
  if (!navigator.onLine) {
    return OFFLINE;
  }
  return EXPLANATIONS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? UNKNOWN;
}

/** Shows why there is no model, and a button that tries again; returns the button. */
export function showNoModel(place: HTMLElement, error: unknown, onRetry: () => void): HTMLButtonElement {
  const code = codeOf(error);
  const explanation = explain(code);
  const details = make("p", { className: "reason" });
  details.append(make("code", { text: code }), ` ${error instanceof Error ? error.message : String(error)}`);
  const retry = make("button", { className: "primary", text: "Try again" });
  retry.type = "button";
  retry.addEventListener("click", onRetry);
  place.replaceChildren(
    make("p", { className: "headline", text: "There is no model, so there is no estimate." }),
    make("p", { text: `${explanation.meaning} ${explanation.remedy}` }),
    details,
    retry,
  );
  place.hidden = false;
  return retry;
}
