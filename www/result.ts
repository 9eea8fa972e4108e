//! The estimate, large, with everything that a rider should know about it.

import type { Estimate, Explanation, Target, Zone } from "curbside/slim";
import { modelName, verifiedInWords } from "./about.ts";
import { element, setItems, setText } from "./elements.ts";
import type { LoadedModel } from "./weights.ts";
import { WhyPanel } from "./why.ts";
import { distanceOrigin, inWords, milesInWords, rangeInWords, shareInWords, wallTimeInWords, warningInWords } from "./words.ts";
import { hasPlace, zoneName } from "./zones.ts";

/** An estimate with the ride it is for. */
export interface Answer {
  readonly estimate: Estimate;
  readonly pickup: Zone;
  readonly dropoff: Zone;
  /** Whether the interval is wider than it would be if the rider had given the distance that was assumed. */
  readonly isWidened: boolean;
  /** How long it took, in milliseconds of a clock that browsers keep coarse. */
  readonly milliseconds: number;
  /** Says why; null where the model cannot. */
  readonly explain: (() => Explanation) | null;
}

/** The panel with the estimate. */
export class ResultPanel {
  readonly #model: LoadedModel;
  readonly #waiting = element("waiting", HTMLElement);
  readonly #estimate = element("estimate", HTMLElement);
  readonly #duration = element("duration", HTMLDataElement);
  readonly #interval = element("interval", HTMLElement);
  readonly #range = element("range", HTMLElement);
  readonly #share = element("share", HTMLElement);
  readonly #route = element("route", HTMLElement);
  readonly #warnings = element("warnings", HTMLElement);
  readonly #assumedPart = element("assumed-part", HTMLElement);
  readonly #assumed = element("assumed", HTMLElement);
  readonly #provenance = element("provenance", HTMLElement);
  readonly #why = new WhyPanel();

  /** Shows estimates of this model. */
  constructor(model: LoadedModel) {
    this.#model = model;
  }

  /** Leads the rider to the estimate. */
  focus(): void {
    element("answer-title", HTMLElement).focus();
  }

  /** Shows no estimate, and says what it waits for. */
  wait(reason: string): void {
    setText(this.#waiting, reason);
    this.#waiting.hidden = false;
    for (const part of [this.#estimate, this.#interval, this.#warnings, this.#assumedPart]) {
      part.hidden = true;
    }
    this.#duration.value = "";
    this.#why.show(null);
    for (const text of [this.#duration, this.#range, this.#share, this.#route, this.#provenance]) {
      setText(text, "");
    }
  }

  /** Shows an estimate. */
  show({ estimate, pickup, dropoff, isWidened, milliseconds, explain }: Answer): void {
    const { target } = this.#model.estimator;
    const { unit } = target;
    this.#waiting.hidden = true;
    setText(this.#waiting, "");
    // Every digit: the number that was computed, for whoever wants to compare.
    this.#duration.value = String(estimate.duration);
    const words = inWords(estimate.duration, unit);
    // Without an interval, one word has to say that the number is not exact.
    setText(this.#duration, estimate.coverage === null ? `about ${words}` : words);
    this.#duration.title = `${estimate.duration} ${unit}`;
    this.#estimate.hidden = false;
    this.#showInterval(estimate, target);
    setText(this.#route, `from ${zoneName(pickup)} to ${zoneName(dropoff)}`);
    setItems(this.#warnings, estimate.warnings.map(warningInWords));
    this.#warnings.hidden = estimate.warnings.length === 0;
    const assumed = assumptions(estimate, distanceOrigin(hasPlace(pickup) && hasPlace(dropoff)), isWidened);
    setItems(this.#assumed, assumed);
    this.#assumedPart.hidden = assumed.length === 0;
    this.#why.show(explain);
    const took = milliseconds < 1 ? "less than 1 ms" : `${Math.round(milliseconds)} ms`;
    const computed = `Computed on this device by model ${modelName(this.#model.estimator)} in ${took}.`;
    setText(this.#provenance, `${computed} ${verifiedInWords(this.#model.estimator)}`);
  }

  /** How sure the estimate is; nothing where the bundle does not know. */
  #showInterval({ duration_low: low, duration_high: high, coverage }: Estimate, target: Target): void {
    const isKnown = low !== null && high !== null && coverage !== null;
    this.#interval.hidden = !isKnown;
    setText(this.#range, isKnown ? rangeInWords(low, high, target) : "");
    this.#range.title = isKnown ? `${low} to ${high} ${target.unit}` : "";
    setText(this.#share, isKnown ? `${shareInWords(coverage)} fall in it` : "");
  }
}

function assumptions({ assumed }: Estimate, origin: string, isWidened: boolean): string[] {
  const texts: string[] = [];
  if (assumed.trip_distance !== undefined) {
    const effect = isWidened ? " The range is wider for that: give the distance if you know it." : "";
    texts.push(`${milesInWords(assumed.trip_distance)}, ${origin}.${effect}`);
  }
  if (assumed.pickup_datetime !== undefined) {
    texts.push(`Leaving now: ${wallTimeInWords(assumed.pickup_datetime)}, New York time.`);
  }
  return texts;
}
