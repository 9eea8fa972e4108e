//! A field that fills itself in until the rider knows better, and does so again once it is cleared.

import { setText } from "./elements.ts";

/** The elements of such a field. */
export interface SelfFillingParts {
  readonly input: HTMLInputElement;
  /** Says where the value comes from. */
  readonly note: HTMLElement;
  /** Goes back to the value that was filled in. */
  readonly reset: HTMLButtonElement;
}

/** What is filled in, and the words for it. */
export interface FilledIn {
  /** The field's value while it is filled in. */
  readonly value: string;
  /** The note beside it then. */
  readonly note: string;
  /** The label of the button that goes back to it. */
  readonly reset: string;
}

/** A text field with a value of its own until the rider gives one. */
export class SelfFillingField {
  readonly #parts: SelfFillingParts;
  readonly #ownNote: string;
  #filledIn: FilledIn;
  /** What the rider gave; `null` while the field fills itself in. */
  #given: string | null = null;

  /** `ownNote` stands beside a value that the rider gave; `onChange` is called when the rider has changed the value. */
  constructor(parts: SelfFillingParts, filledIn: FilledIn, ownNote: string, onChange: () => void) {
    this.#parts = parts;
    this.#filledIn = filledIn;
    this.#ownNote = ownNote;
    const { input, reset } = parts;
    input.addEventListener("input", () => {
      // A cleared field stays empty while the rider is in it; a date half typed reads as empty but is not cleared.
      const cleared = input.value.trim() === "" && !input.validity.badInput;
      this.#given = cleared ? null : input.value.trim();
      this.#describe();
      onChange();
    });
    input.addEventListener("blur", () => this.#show());
    reset.addEventListener("click", () => {
      this.set(null);
      input.focus();
      onChange();
    });
    this.#show();
  }

  /** The rider's text, trimmed; `null` where the rider gave none. Empty for a date that is not complete. */
  get given(): string | null {
    return this.#given;
  }

  /** Gives a text as if the rider had, or none, without telling anyone. */
  set(text: string | null): void {
    this.#given = text;
    if (text !== null) {
      this.#parts.input.value = text;
    }
    this.#show(true);
  }

  /** Changes what is filled in. */
  fillIn(filledIn: FilledIn): void {
    this.#filledIn = filledIn;
    this.#show();
  }

  /** Fills in, unless the rider is just writing there. */
  #show(now = false): void {
    const { input } = this.#parts;
    const writing = document.activeElement === input && !now;
    if (this.#given === null && !writing && input.value !== this.#filledIn.value) {
      input.value = this.#filledIn.value;
    }
    this.#describe();
  }

  #describe(): void {
    const { input, note, reset } = this.#parts;
    input.classList.toggle("filled-in", this.#given === null);
    input.placeholder = this.#filledIn.value;
    setText(note, this.#given === null ? this.#filledIn.note : this.#ownNote);
    setText(reset, this.#filledIn.reset);
    reset.hidden = this.#given === null || this.#filledIn.value === "";
  }
}
