//! Where rides are answered: takes the ride from the form, asks the estimator, and tells form, panel, map and address.

import { type Estimate, type Estimator, type Trip, TripError } from "curbside/slim";
import { element } from "./elements.ts";
import { type FormRide, RideForm } from "./form.ts";
import { readLink, writeLink } from "./link.ts";
import { ZoneMap } from "./map.ts";
import { codeOf } from "./no-model.ts";
import { ResultPanel } from "./result.ts";
import type { LoadedModel } from "./weights.ts";
import { type FieldName, faultInWords, fieldOf, LABELS } from "./words.ts";
import { ZoneIndex } from "./zones.ts";

/** How often "now" is looked at again, in milliseconds. */
const MINUTE = 60_000;

/** The booking desk, with a model behind it. */
export class RideDesk {
  readonly #estimator: Estimator;
  readonly #form: RideForm;
  readonly #panel: ResultPanel;
  readonly #map: ZoneMap;

  /** Takes the ride that the page's address names, if it names one. */
  constructor(model: LoadedModel) {
    const { estimator } = model;
    this.#estimator = estimator;
    this.#panel = new ResultPanel(model);
    this.#map = new ZoneMap(element("map", SVGSVGElement), estimator.zones);
    const index = new ZoneIndex(estimator.zones);
    this.#form = new RideForm(index, readLink(location.href), { onChange: () => this.#answer(), onAsk: () => this.#ask() });
  }

  /** Answers what is there, and from now on every change. */
  open(): void {
    this.#answer();
    setInterval(() => {
      this.#form.fillInNow();
      this.#answer();
    }, MINUTE);
  }

  /** Shows the estimate of the ride as it stands in the form. */
  #answer(): void {
    const ride = this.#form.read();
    history.replaceState(history.state, "", writeLink(location.href, this.#form.texts));
    this.#map.draw(this.#form.ends);
    if (ride === null) {
      this.#form.fillInDistance(null);
      this.#panel.wait("Choose where the ride begins and where it ends.");
    } else {
      this.#estimate(ride);
    }
  }

  /** The rider asks: leads to the estimate, or to what is missing. */
  #ask(): void {
    this.#answer();
    if (!this.#form.focusFault()) {
      this.#panel.focus();
    }
  }

  #estimate(ride: FormRide): void {
    const trip = tripOf(ride);
    this.#form.fillInDistance(null);
    try {
      const started = performance.now();
      const estimate = this.#estimator.estimate(trip);
      const milliseconds = performance.now() - started;
      this.#form.fillInDistance(this.#estimatedMiles(trip, estimate));
      this.#panel.show({ estimate, pickup: ride.pickup, dropoff: ride.dropoff, milliseconds });
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** What the bundle estimates where the rider gives no distance of their own. */
  #estimatedMiles(trip: Trip, estimate: Estimate): number {
    return estimate.assumed.trip_distance ?? this.#estimator.estimate({ ...trip, trip_distance: null }).trip_distance;
  }

  /** A ride that cannot be scored is the rider's to mend; anything else is ours, and is said as such. */
  #refuse(error: unknown): void {
    const field = error instanceof TripError ? fieldOf(error.field) : null;
    if (field === null) {
      console.error(error);
      this.#panel.wait(`The estimate failed (${codeOf(error)}). This is a fault of the page; reload it.`);
      return;
    }
    this.#form.setFault(field, faultInWords(field, this.#form.textOf(field)));
    this.#panel.wait(waitFor(field));
  }
}

function waitFor(field: FieldName): string {
  return `No estimate yet: see what is said at ${LABELS[field]}.`;
}

function tripOf({ pickup, dropoff, miles, at }: FormRide): Trip {
  const zones = { PULocationID: pickup.id, DOLocationID: dropoff.id, trip_distance: miles };
  return at === null ? zones : { ...zones, pickup_datetime: at };
}
