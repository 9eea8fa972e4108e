//! The estimate, large, with everything that a rider should know about it.

import type { Estimate, Zone } from "curbside/slim";
import { modelName, verifiedInWords } from "./about.ts";
import { element, setItems, setText } from "./elements.ts";
import type { LoadedModel } from "./weights.ts";
import { distanceOrigin, inWords, milesInWords, wallTimeInWords, warningInWords } from "./words.ts";
import { hasPlace, zoneName } from "./zones.ts";

/** An estimate with the ride it is for. */
export interface Answer {
  readonly estimate: Estimate;
  readonly pickup: Zone;
  readonly dropoff: Zone;
  /** How long it took, in milliseconds of a clock that browsers keep coarse. */
  readonly milliseconds: number;
}

/** The panel with the estimate. */
export class ResultPanel {
  readonly #model: LoadedModel;
  readonly #waiting = element("waiting", HTMLElement);
  readonly #estimate = element("estimate", HTMLElement);
  readonly #duration = element("duration", HTMLDataElement);
  readonly #route = element("route", HTMLElement);
  readonly #warnings = element("warnings", HTMLElement);
  readonly #assumedPart = element("assumed-part", HTMLElement);
  readonly #assumed = element("assumed", HTMLElement);
  readonly #provenance = element("provenance", HTMLElement);

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
    for (const part of [this.#estimate, this.#warnings, this.#assumedPart]) {
      part.hidden = true;
    }
    this.#duration.value = "";
    setText(this.#duration, "");
    setText(this.#route, "");
    setText(this.#provenance, "");
  }

  /** Shows an estimate. */
  show({ estimate, pickup, dropoff, milliseconds }: Answer): void {
    const { unit } = this.#model.estimator.target;
    this.#waiting.hidden = true;
    setText(this.#waiting, "");
    // Every digit: the number that was computed, for whoever wants to compare.
    this.#duration.value = String(estimate.duration);
    setText(this.#duration, inWords(estimate.duration, unit));
    this.#duration.title = `${estimate.duration} ${unit}`;
    this.#estimate.hidden = false;
    setText(this.#route, `from ${zoneName(pickup)} to ${zoneName(dropoff)}`);
    setItems(this.#warnings, estimate.warnings.map(warningInWords));
    this.#warnings.hidden = estimate.warnings.length === 0;
    const assumed = assumptions(estimate, distanceOrigin(hasPlace(pickup) && hasPlace(dropoff)));
    setItems(this.#assumed, assumed);
    this.#assumedPart.hidden = assumed.length === 0;
    const took = milliseconds < 1 ? "less than 1 ms" : `${Math.round(milliseconds)} ms`;
    const computed = `Computed on this device by model ${modelName(this.#model.estimator)} in ${took}.`;
    setText(this.#provenance, `${computed} ${verifiedInWords(this.#model)}`);
  }
}

function assumptions({ assumed }: Estimate, origin: string): string[] {
  const texts: string[] = [];
  if (assumed.trip_distance !== undefined) {
    texts.push(`A distance of ${milesInWords(assumed.trip_distance)}, ${origin}.`);
  }
  if (assumed.pickup_datetime !== undefined) {
    texts.push(`Leaving now: ${wallTimeInWords(assumed.pickup_datetime)}, New York time.`);
  }
  return texts;
}
