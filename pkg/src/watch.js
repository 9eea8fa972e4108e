// When to look by oneself: some time after the last look, when the page is seen again, when the network is back.

import { later } from "./host.js";

/** Pages that were opened together must not go on asking together; and none asks later than it was told to. */
const EARLY = 0.1;

export class Watch {
  #everyMs;
  #look;
  #isDue;
  /** Takes back the timer and the listeners. @type {(() => void)[]} */
  #undo = [];
  #disarm = () => {};

  /**
   * @param {number} everyMs
   * @param {() => void} look
   * @param {() => boolean} isDue
   */
  constructor(everyMs, look, isDue) {
    this.#everyMs = everyMs;
    this.#look = look;
    this.#isDue = isDue;
    // A hidden page's timers are slowed down; who comes back to it must not wait for one.
    this.#listen(globalThis.document, "visibilitychange", () => {
      if (document.visibilityState === "visible" && this.#isDue()) this.#look();
    });
    this.#listen(globalThis, "online", () => this.#look());
  }

  /** To be called at the end of each look. */
  arm() {
    this.#disarm();
    this.#disarm = later(this.#look, this.#everyMs * (1 - EARLY * Math.random()));
  }

  close() {
    this.#disarm();
    for (const undo of this.#undo) undo();
  }

  /**
   * @param {Pick<EventTarget, "addEventListener" | "removeEventListener"> | undefined} target not every host has such
   * @param {string} type
   * @param {() => void} listener
   */
  #listen(target, type, listener) {
    if (typeof target?.addEventListener !== "function") return;
    target.addEventListener(type, listener);
    this.#undo.push(() => target.removeEventListener(type, listener));
  }
}
