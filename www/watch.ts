//! What the page says of its model while it is open: that another one has taken over, since when none could be looked for, and all
//! the rest in the part about the model. Apart from the desk, because a rider who asks for estimates need not care.

import type { Card } from "curbside/slim";
import { modelName, showAbout } from "./about.ts";
import type { RideDesk } from "./desk.ts";
import { element, setText } from "./elements.ts";
import { recall, remember } from "./remembered.ts";
import { standingInWords } from "./state.ts";
import type { LoadedModel } from "./weights.ts";

/** How often times are told anew, in milliseconds. */
const MINUTE = 60_000;
/** For how long a site may fail to answer before a rider is told, in milliseconds: longer than a tunnel under the river takes. */
const WORTH_A_WORD = 20_000;

/** Looks after what is said of the model. */
export class ModelWatch {
  readonly #model: LoadedModel;
  readonly #desk: RideDesk;
  readonly #news = element("model-news", HTMLElement);
  readonly #standing = element("model-standing", HTMLElement);
  #shown: { readonly sha256: string | null; readonly card: Card };
  /** When a look first failed since the last that succeeded, on the page's own clock; `null` while they succeed. */
  #failingSince: number | null = null;

  /** Says what there is to say now. */
  constructor(model: LoadedModel, desk: RideDesk) {
    this.#model = model;
    this.#desk = desk;
    this.#shown = { sha256: model.estimator.status.sha256, card: model.estimator.card };
    setInterval(() => {
      model.tend();
      this.#show();
    }, MINUTE);
    for (const event of ["online", "offline"]) {
      addEventListener(event, () => this.#show());
    }
    addEventListener("pagehide", () => this.#remember());
    // News is news until the rider goes on.
    element("ride", HTMLFormElement).addEventListener("input", () => setText(this.#news, ""));
    this.#show();
  }

  /** Weights, their state or the last fault have changed. */
  change(): void {
    const { card, status } = this.#model.estimator;
    if (status.sha256 !== this.#shown.sha256) {
      this.#desk.renew();
      setText(this.#news, newsInWords(this.#shown.card, card));
      this.#shown = { sha256: status.sha256, card };
    }
    this.#show();
  }

  #show(): void {
    const now = new Date();
    const confirmedAt = this.#remember();
    const { sha256, lastError } = this.#model.estimator.status;
    showAbout(this.#model, now);
    if (lastError === null) {
      this.#failingSince = null;
    } else if (this.#failingSince === null) {
      this.#failingSince = performance.now();
      setTimeout(() => this.#show(), WORTH_A_WORD);
    }
    // A page that began with what the browser kept has waited for the site already.
    const isLasting = confirmedAt === null || performance.now() - (this.#failingSince ?? Infinity) >= WORTH_A_WORD;
    const standing = { lastError, confirmedAt: confirmedAt ?? recall(sha256), isOffline: !navigator.onLine, isLasting, now };
    setText(this.#standing, standingInWords(standing));
  }

  /** When this page itself last found the weights to be the newest; the next visit will want to know. */
  #remember(): string | null {
    const { sha256, confirmedAt } = this.#model.estimator.status;
    if (confirmedAt !== null) {
      remember(sha256, confirmedAt);
    }
    return confirmedAt;
  }
}

/** "Estimates now come from a newer model, ride-duration 2021-02."; after a rollback it is an earlier one. */
function newsInWords(before: Card, card: Card): string {
  const kind = card.created > before.created ? "a newer" : card.created < before.created ? "an earlier" : "another";
  return `Estimates now come from ${kind} model, ${modelName({ card })}.`;
}
