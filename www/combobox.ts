//! Choosing a zone: an editable combobox with list autocompletion, as the WAI-ARIA authoring practices describe it.
//!
//! Focus stays in the text field; the option that the arrows point at is named by `aria-activedescendant`. What is typed
//! chooses nothing by itself: a zone is chosen by Enter, by pointing, or on leaving where the text means one zone only.

import type { Zone } from "curbside/slim";
import { make, setText } from "./elements.ts";
import { zoneDetail, type ZoneIndex, zoneName } from "./zones.ts";

/** The elements a combobox is made of. */
export interface ComboboxParts {
  readonly input: HTMLInputElement;
  readonly list: HTMLUListElement;
  /** Where the number of zones found is announced. */
  readonly count: HTMLElement;
}

/** One end of the ride. */
export class Combobox {
  readonly #parts: ComboboxParts;
  #index: ZoneIndex;
  readonly #onSettled: () => void;
  #zone: Zone | null = null;
  #found: readonly Zone[] = [];
  #active = -1;
  /** Whether the active option was pointed at by arrow keys, and is not merely the first one found. */
  #pointed = false;

  /** `onSettled` is called after the rider has chosen a zone, or has left the field without one. */
  constructor(parts: ComboboxParts, index: ZoneIndex, onSettled: () => void) {
    this.#parts = parts;
    this.#index = index;
    this.#onSettled = onSettled;
    const { input, list } = parts;
    input.addEventListener("input", () => this.#search(input.value));
    input.addEventListener("keydown", (event) => this.#onKey(event));
    input.addEventListener("click", () => this.#onClick());
    input.addEventListener("blur", () => this.#onBlur());
    // The field must keep the focus while the list is pointed at.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (option !== null) {
        this.#accept(Array.prototype.indexOf.call(list.children, option));
      }
    });
  }

  /** The zone chosen, if any. */
  get zone(): Zone | null {
    return this.#zone;
  }

  /** What stands in the field: the zone's name, or a text that means none. */
  get text(): string {
    return this.#parts.input.value.trim();
  }

  /** Chooses a zone, or none, without telling anyone. */
  set(zone: Zone | null, text = ""): void {
    this.#zone = zone;
    this.#parts.input.value = zone === null ? text : zoneName(zone);
    this.#close();
  }

  /** Takes other zones; the zone that was chosen stays chosen if it is among them, and a list that is open shows the new ones. */
  use(index: ZoneIndex): void {
    const wasSettled = this.#isSettled();
    this.#index = index;
    this.#zone = this.#zone === null ? null : index.withId(this.#zone.id);
    if (this.#zone !== null && wasSettled) {
      this.#parts.input.value = zoneName(this.#zone);
    }
    if (this.isOpen) {
      this.#open();
    }
  }

  /** Chooses what the text means if it means one zone only, else none. */
  settle(): void {
    if (!this.#isSettled()) {
      this.#zone = this.#index.only(this.text);
      if (this.#zone !== null) {
        this.#parts.input.value = zoneName(this.#zone);
      }
    }
    this.#close();
  }

  /** Whether the rider is just searching. */
  get isOpen(): boolean {
    return !this.#parts.list.hidden;
  }

  /** Whether the text is the chosen zone's name. */
  #isSettled(): boolean {
    return this.#zone !== null && this.text === zoneName(this.#zone);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.metaKey) {
      return;
    }
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        event.preventDefault();
        this.#onArrow(event.key === "ArrowDown" ? 1 : -1, event.altKey);
        return;
      case "Enter":
        if (this.isOpen && this.#active >= 0) {
          event.preventDefault();
          this.#accept(this.#active);
        }
        return;
      case "Tab":
        if (this.isOpen && this.#pointed) {
          this.#accept(this.#active);
        }
        return;
      case "Escape":
        this.#onEscape(event);
        return;
    }
  }

  #onArrow(step: 1 | -1, alone: boolean): void {
    if (!this.isOpen) {
      this.#open();
      if (!alone) {
        const chosen = this.#found.findIndex((zone) => zone === this.#zone);
        this.#point(chosen >= 0 ? chosen : step === 1 ? 0 : this.#found.length - 1, true);
      }
    } else if (alone) {
      this.#close();
    } else if (this.#found.length > 0) {
      // Typing has only shown the first option; the first arrow down then points at it.
      const next = step === 1 && !this.#pointed ? Math.max(this.#active, 0) : this.#active + step;
      this.#point((next + this.#found.length) % this.#found.length, true);
    }
  }

  #onEscape(event: KeyboardEvent): void {
    if (this.isOpen) {
      event.preventDefault();
      this.#close();
    } else if (this.text !== "") {
      event.preventDefault();
      this.set(null);
      this.#onSettled();
    }
  }

  #onClick(): void {
    if (!this.isOpen) {
      if (this.#isSettled()) {
        this.#parts.input.select();
      }
      this.#open();
    }
  }

  #onBlur(): void {
    this.settle();
    this.#onSettled();
  }

  /** Opens the list on what the text means; on all zones where a zone is chosen already. */
  #open(): void {
    this.#show(this.#index.search(this.#isSettled() ? "" : this.text));
  }

  #search(text: string): void {
    this.#show(this.#index.search(text));
    this.#point(text.trim() === "" || this.#found.length === 0 ? -1 : 0, false);
    const count = this.#found.length;
    setText(this.#parts.count, count === 0 ? "No zone of that name" : count === 1 ? "1 zone" : `${count} zones`);
  }

  #show(zones: readonly Zone[]): void {
    const { input, list } = this.#parts;
    this.#found = zones;
    this.#point(-1, false);
    list.replaceChildren(...zones.map((zone, place) => this.#option(zone, place)));
    if (zones.length === 0) {
      const none = make("li", { className: "none", text: "No zone of that name" });
      none.role = "option";
      none.ariaDisabled = "true";
      none.ariaSelected = "false";
      list.append(none);
    }
    list.hidden = false;
    list.scrollTop = 0;
    input.ariaExpanded = "true";
  }

  #option(zone: Zone, place: number): HTMLLIElement {
    const option = make("li");
    option.id = `${this.#parts.list.id}-${place}`;
    option.role = "option";
    option.ariaSelected = "false";
    option.append(make("span", { text: zoneName(zone) }), " ", make("small", { text: zoneDetail(zone) }));
    return option;
  }

  #point(place: number, pointed: boolean): void {
    const { input, list } = this.#parts;
    this.#pointed = pointed;
    const before = list.children[this.#active];
    if (before !== undefined) {
      before.ariaSelected = "false";
    }
    this.#active = place;
    const option = list.children[place];
    if (!(option instanceof HTMLElement)) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    option.ariaSelected = "true";
    input.setAttribute("aria-activedescendant", option.id);
    // By hand: scrollIntoView would move the page as well.
    const below = option.offsetTop + option.offsetHeight - list.clientHeight;
    list.scrollTop = Math.min(option.offsetTop, Math.max(list.scrollTop, below));
  }

  #accept(place: number): void {
    const zone = this.#found[place];
    if (zone !== undefined) {
      this.set(zone);
      this.#onSettled();
    }
  }

  #close(): void {
    const { input, list } = this.#parts;
    this.#point(-1, false);
    list.hidden = true;
    list.replaceChildren();
    this.#found = [];
    input.ariaExpanded = "false";
  }
}
