//! Where rides are answered: takes the ride from the form, asks the estimator, and tells form, panel, map and address.

import { type Estimate, type Estimator, type Trip, TripError, type Zone } from "curbside/slim";
import { element } from "./elements.ts";
import { type FormRide, RideForm } from "./form.ts";
import { readLink, writeLink } from "./link.ts";
import { ZoneMap } from "./map.ts";
import { codeOf } from "./no-model.ts";
import { ResultPanel } from "./result.ts";
import type { LoadedModel } from "./weights.ts";
import { type FieldName, fieldOf, LABELS } from "./words.ts";
import { ZoneIndex } from "./zones.ts";

/** How often "now" is looked at again, in milliseconds. */
const MINUTE = 60_000;
/** By which factor an interval must be wider for the rider to be told why. */
const WORTH_A_WORD = 1.05;

/** The booking desk, with a model behind it. */
export class RideDesk {
  readonly #model: LoadedModel;
  readonly #form: RideForm;
  readonly #panel: ResultPanel;
  #map: ZoneMap;
  #zones: readonly Zone[];
  #isPrepared = false;

  /** Takes the ride that the page's address names, if it names one. */
  constructor(model: LoadedModel) {
    this.#model = model;
    this.#panel = new ResultPanel(model);
    this.#zones = model.estimator.zones;
    this.#map = new ZoneMap(element("map", SVGSVGElement), this.#zones);
    this.#form = new RideForm(new ZoneIndex(this.#zones), readLink(location.href), { onChange: () => this.#answer(), onAsk: () => this.#ask() });
  }

  /** Answers what is there, and from now on every change. */
  open(): void {
    this.#answer();
    setInterval(() => {
      this.#form.fillInNow();
      this.#answer();
    }, MINUTE);
  }

  /** Answers the ride on screen again, since the model is another one; nothing that the rider does is disturbed. */
  renew(): void {
    const { zones } = this.#estimator;
    if (JSON.stringify(zones) !== JSON.stringify(this.#zones)) {
      this.#zones = zones;
      this.#map = new ZoneMap(element("map", SVGSVGElement), zones);
      this.#form.use(new ZoneIndex(zones));
    }
    this.#answer();
  }

  /** Not kept: it may be another one the next time. */
  get #estimator(): Estimator {
    return this.#model.estimator;
  }

  /** Shows the estimate of the ride as it stands in the form; a fault of ours is said as one. */
  #answer(): void {
    try {
      this.#answerRide();
    } catch (error) {
      console.error(error);
      this.#panel.wait(`The estimate failed (${codeOf(error)}). This is a fault of the page, not of your ride; reload it.`);
    }
  }

  #answerRide(): void {
    const ride = this.#form.read();
    this.#map.draw(ride);
    const { pickup, dropoff } = ride;
    if (pickup !== null && dropoff !== null) {
      this.#estimate(ride, pickup, dropoff);
    } else {
      this.#form.fillInNoDistance();
      this.#judge(ride);
      this.#panel.wait("Choose where the ride begins and where it ends.");
    }
    const link = writeLink(location.href, this.#form.texts);
    // Browsers allow only so many changes a minute, and most answers change nothing.
    if (link !== location.href) {
      history.replaceState(history.state, "", link);
    }
  }

  /** The rider asks: leads to the estimate, or to what is missing. */
  #ask(): void {
    this.#answer();
    if (!this.#form.focusFault()) {
      this.#panel.focus();
    }
  }

  #estimate(ride: FormRide, pickup: Zone, dropoff: Zone): void {
    // What the bundle says of the distance alone: shown even beside a distance or a time that cannot be scored.
    const { trip_distance } = this.#estimator.estimate(tripOf(NOTHING_GIVEN, pickup, dropoff));
    this.#form.fillInDistance(trip_distance);
    try {
      const trip = tripOf(ride, pickup, dropoff);
      const started = performance.now();
      const estimate = this.#estimator.estimate(trip);
      const milliseconds = performance.now() - started;
      // The time that was estimated and not the one at which somebody opens the explanation.
      const asked = { ...trip, pickup_datetime: estimate.pickup_datetime };
      const explain = this.#estimator.explains ? () => this.#estimator.explain(asked) : null;
      this.#panel.show({ estimate, pickup, dropoff, isWidened: this.#isWidened(trip, estimate), milliseconds, explain });
      this.#prepareWhenIdle();
    } catch (error) {
      const field = this.#refuse(error);
      this.#panel.wait(`No estimate yet: see what is said at ${LABELS[field]}.`);
    }
  }

  /** Has the tables built after the first estimate: they make the next ones faster, and nobody is to wait for them. */
  #prepareWhenIdle(): void {
    if (this.#isPrepared) {
      return;
    }
    this.#isPrepared = true;
    whenIdle(() => {
      const start = performance.now();
      try {
        this.#estimator.prepare();
        // For whoever looks at the page with a browser's tools.
        performance.measure(TABLES, { start });
      } catch (error) {
        // Without tables the estimates are the same.
        console.warn(`curbside: no tables: ${codeOf(error)}: ${String(error)}`);
      }
    });
  }

  /** Whether giving the distance that was assumed would make the interval narrower by enough to be worth a word. */
  #isWidened(trip: Trip, { assumed, pickup_datetime, duration_low, duration_high }: Estimate): boolean {
    if (assumed.trip_distance === undefined || duration_low === null || duration_high === null) {
      return false;
    }
    const known = this.#estimator.estimate({ ...trip, trip_distance: assumed.trip_distance, pickup_datetime });
    const width = (known.duration_high ?? NaN) - (known.duration_low ?? NaN);
    return duration_high - duration_low > width * WORTH_A_WORD;
  }

  /** Says what is wrong with distance and time before the zones are chosen; any zone will do for that. */
  #judge(ride: FormRide): void {
    const [anyZone] = this.#zones;
    if (anyZone === undefined) {
      return;
    }
    try {
      this.#estimator.estimate(tripOf(ride, anyZone, anyZone));
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Shows a ride's fault at its field. Any other fault is not the rider's: it is thrown on. */
  #refuse(error: unknown): FieldName {
    const field = error instanceof TripError ? fieldOf(error.field) : null;
    if (field === null) {
      throw error;
    }
    this.#form.refuse(field);
    return field;
  }
}

/** Name of the measure that says when tables were built, and how long it took. */
const TABLES = "curbside: tables";

/** Safari knows no idle callbacks; there it is as soon as what is at hand is done. */
function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") {
    requestIdleCallback(work);
  } else {
    setTimeout(work);
  }
}

const NOTHING_GIVEN = { miles: null, at: null };

function tripOf({ miles, at }: Pick<FormRide, "miles" | "at">, pickup: Zone, dropoff: Zone): Trip {
  return { PULocationID: pickup.id, DOLocationID: dropoff.id, trip_distance: miles, pickup_datetime: at };
}
