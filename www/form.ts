//! The form: which ride the rider means, and what is wrong with it, field by field.

import type { Zone } from "curbside/slim";
import { Combobox } from "./combobox.ts";
import { element, setText } from "./elements.ts";
import type { RideTexts } from "./link.ts";
import { SelfFillingField } from "./self-filling.ts";
import { type FieldName, faultInWords, milesInWords, newYorkNow, roundMiles } from "./words.ts";
import { type ZoneIndex, zoneDetail } from "./zones.ts";

/** A ride as far as it is chosen. */
export interface FormRide {
  readonly pickup: Zone | null;
  readonly dropoff: Zone | null;
  /** Miles, NaN for a text that is no number; `null` where the rider leaves it to the estimate. */
  readonly miles: number | null;
  /** New York time as the rider gave it, empty where that is no time; `null` for now. */
  readonly at: string | null;
}

/** Who is told what the rider does. */
export interface FormListener {
  /** The ride has changed. */
  readonly onChange: () => void;
  /** The rider asks for the estimate. */
  readonly onAsk: () => void;
}

const ENDS = ["pu", "do"] as const;

/** The form, usable from the moment it is made. */
export class RideForm {
  readonly #ends: Readonly<Record<"pu" | "do", Combobox>>;
  readonly #distance: SelfFillingField;
  readonly #at: SelfFillingField;
  readonly #listener: FormListener;
  /** Whether fields that are still empty are named as wrong: only once the rider has asked for an estimate. */
  #asked = false;

  /** Shows a ride, and lets the rider change it. */
  constructor(index: ZoneIndex, ride: RideTexts, listener: FormListener) {
    this.#listener = listener;
    const { onChange } = listener;
    this.#ends = { pu: this.#combobox("pu", index), do: this.#combobox("do", index) };
    this.#distance = new SelfFillingField(partsOf("distance"), NO_DISTANCE, "Your own distance.", onChange);
    this.#at = new SelfFillingField(partsOf("at"), departNow(), "The time you chose.", onChange);
    element("swap", HTMLButtonElement).addEventListener("click", () => this.#swap());
    element("ride", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#asked = true;
      ENDS.forEach((end) => this.#ends[end].settle());
      listener.onAsk();
    });
    this.#fill(ride, index);
    element("ride-fields", HTMLFieldSetElement).disabled = false;
  }

  /** The ride as it stands in the fields, for the page's address. */
  get texts(): RideTexts {
    const id = (end: "pu" | "do") => this.#ends[end].zone?.id.toString() ?? null;
    return { pu: id("pu"), do: id("do"), distance: this.#distance.given, at: this.#at.given || null };
  }

  /** The ride as far as it is chosen; ends that are not say so. */
  read(): FormRide {
    for (const end of ENDS) {
      const { zone, text, isOpen } = this.#ends[end];
      setText(element(`${end}-note`, HTMLElement), zone === null ? "" : zoneDetail(zone));
      const isWrong = zone === null && !isOpen && (text !== "" || this.#asked);
      this.#setFault(end, isWrong ? faultInWords(end, text) : null);
    }
    this.#setFault("distance", null);
    this.#setFault("at", null);
    const miles = this.#distance.given === null ? null : milesOf(this.#distance.given);
    // The browser shows no text that is not a time, and what is not shown must not be scored.
    const at = this.#at.given === null ? null : element("at", HTMLInputElement).value;
    return { pickup: this.#ends.pu.zone, dropoff: this.#ends.do.zone, miles, at };
  }

  /** Says at a field that its text is wrong. */
  refuse(field: FieldName): void {
    this.#setFault(field, faultInWords(field, this.#textOf(field)));
  }

  /** Puts the focus on the first field at fault; says whether there is one. */
  focusFault(): boolean {
    const first = document.querySelector<HTMLInputElement>("#ride [aria-invalid=true]");
    first?.focus();
    return first !== null;
  }

  /** Takes the zones of another model; what the rider has chosen stays, as far as it is among them. */
  use(index: ZoneIndex): void {
    ENDS.forEach((end) => this.#ends[end].use(index));
  }

  /** Fills in the distance that the bundle estimates, in miles. */
  fillInDistance(miles: number): void {
    this.#distance.fillIn({
      value: roundMiles(miles),
      note: "Estimated. Change it if you know it.",
      reset: `Use the estimate, ${milesInWords(miles)}`,
    });
  }

  /** Fills in no distance: the zones are not chosen. */
  fillInNoDistance(): void {
    this.#distance.fillIn(NO_DISTANCE);
  }

  /** Fills in New York's time now. */
  fillInNow(): void {
    this.#at.fillIn(departNow());
  }

  #combobox(end: "pu" | "do", index: ZoneIndex): Combobox {
    const parts = {
      input: element(end, HTMLInputElement),
      list: element(`${end}-list`, HTMLUListElement),
      count: element("zone-count", HTMLElement),
    };
    return new Combobox(parts, index, () => this.#listener.onChange());
  }

  #fill(ride: RideTexts, index: ZoneIndex): void {
    for (const end of ENDS) {
      const text = ride[end] ?? "";
      const zone = /^\d{1,3}$/.test(text) ? index.withId(Number(text)) : null;
      this.#ends[end].set(zone, text);
    }
    if (ride.distance !== null) {
      this.#distance.set(ride.distance);
    }
    if (ride.at !== null) {
      this.#at.set(ride.at);
    }
  }

  #setFault(field: FieldName, fault: string | null): void {
    setText(element(`${field}-error`, HTMLElement), fault ?? "");
    const input = element(field, HTMLInputElement);
    if (fault === null) {
      input.removeAttribute("aria-invalid");
    } else {
      input.setAttribute("aria-invalid", "true");
    }
  }

  #textOf(field: FieldName): string {
    switch (field) {
      case "pu":
      case "do":
        return this.#ends[field].text;
      case "distance":
        return this.#distance.given ?? "";
      case "at":
        return this.#at.given ?? "";
    }
  }

  #swap(): void {
    const { pu, do: dropoff } = this.#ends;
    const [from, to] = [{ zone: pu.zone, text: pu.text }, { zone: dropoff.zone, text: dropoff.text }];
    pu.set(to.zone, to.text);
    dropoff.set(from.zone, from.text);
    this.#listener.onChange();
  }
}

const NO_DISTANCE = { value: "", note: "Filled in once both zones are chosen.", reset: "" };

function departNow() {
  return { value: newYorkNow(new Date()), note: "Leaving now.", reset: "Leave now instead" };
}

function partsOf(field: "distance" | "at") {
  return {
    input: element(field, HTMLInputElement),
    note: element(`${field}-note`, HTMLElement),
    reset: element(`${field}-reset`, HTMLButtonElement),
  };
}

/** Miles of a text; many phones write a decimal comma. NaN for a text that is no number. */
function milesOf(text: string): number {
  return /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text.replace(",", ".")) : Number.NaN;
}
