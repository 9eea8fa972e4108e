// The log of the weights: one line of JSON when something changes, and none for a look that finds what the last one found.

import type { Status } from "curbside";

import type { ConfigurationFault } from "../settings.ts";
import { isFallback } from "./fallback.ts";
import type { FaultReport } from "./fault.ts";

/** What is logged of weights that serve. */
type Serving = Pick<Status, "state" | "version" | "sequence" | "sha256" | "keyid">;

/** One model's log. */
export class Chronicle {
  readonly #key: string;
  #serving = "";
  #refusal = "";

  constructor(key: string) {
    this.#key = key;
  }

  /** Variables that say nothing usable. */
  configuration(faults: readonly ConfigurationFault[]): void {
    for (const fault of faults) {
      console.error(JSON.stringify({ event: "configuration", ...fault }));
    }
  }

  /** What serves now, if anything, and what the last look was refused for, if it was. */
  note(serving: Serving | null, refusal: FaultReport | null): void {
    this.#noteRefusal(serving, refusal);
    if (serving === null) {
      return;
    }
    const { state, version, sequence, sha256, keyid } = serving;
    const isOwn = isFallback(state);
    // Whether they are stale is the refusal's line.
    const now = JSON.stringify([isOwn, version, sequence, sha256, keyid]);
    if (now !== this.#serving) {
      this.#serving = now;
      const event = isOwn ? "weights_fallback" : "weights_loaded";
      console.log(JSON.stringify({ event, key: this.#key, version, sequence, sha256, keyid }));
    }
  }

  /** Tables have been built for the weights in service, or could not be. */
  prepared(version: string | null, outcome: { readonly tables: boolean } | FaultReport): void {
    const event = "tables" in outcome ? "weights_prepared" : "weights_not_prepared";
    console.log(JSON.stringify({ event, version, ...outcome }));
  }

  #noteRefusal(serving: Serving | null, refusal: FaultReport | null): void {
    const now = refusal === null ? "" : `${refusal.code} ${refusal.message}`;
    if (now === this.#refusal) {
      return;
    }
    this.#refusal = now;
    if (refusal === null) {
      console.log(JSON.stringify({ event: "weights_recovered", key: this.#key, version: serving?.version ?? null }));
      return;
    }
    console.error(JSON.stringify({ event: "weights_refused", key: this.#key, serving: serving?.version ?? null, ...refusal }));
  }
}
