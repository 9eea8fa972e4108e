//! Why the estimate is what it is: the average ride, and what moves this one from there, as a list with small bars.
//!
//! It is apart from the panel because it is computed only while it is open: an explanation costs a thousand estimates.

import type { Contribution, Explanation } from "curbside/slim";
import { element, make, setText } from "./elements.ts";
import { contributionInWords, isLittle, littleInWords, whyInWords } from "./words.ts";

/** What to say, computed on demand. */
type Explain = () => Explanation;

/** The part of the page that can be opened to see why. */
export class WhyPanel {
  readonly #part = element("why", HTMLDetailsElement);
  readonly #intro = element("why-intro", HTMLElement);
  readonly #list = element("why-list", HTMLElement);
  #explain: Explain | null = null;

  /** Stays hidden until there is something to explain. */
  constructor() {
    this.#part.addEventListener("toggle", () => this.#fill());
  }

  /** Takes the next estimate's explanation; null where there is no estimate, or none that can be explained. */
  show(explain: Explain | null): void {
    this.#explain = explain;
    this.#part.hidden = explain === null;
    this.#fill();
  }

  #fill(): void {
    if (!this.#part.open || this.#explain === null) {
      return;
    }
    const explanation = this.#explain();
    const { contributions } = explanation;
    const most = Math.max(...contributions.map(({ amount }) => Math.abs(amount)));
    setText(this.#intro, whyInWords(explanation));
    const { unit } = explanation;
    const little = contributions.filter((contribution) => isLittle(contribution, unit));
    this.#list.replaceChildren(...contributions.filter((one) => !little.includes(one)).map((one) => item(one, unit, most)));
    if (little.length > 0) {
      this.#list.append(make("li", { className: "why-little", text: littleInWords(little, unit) }));
    }
  }
}

/** One contribution: the words say everything, the bar shows it. */
function item(contribution: Contribution, unit: string, most: number): HTMLElement {
  const { amount } = contribution;
  const made = make("li");
  made.append(make("span", { className: "why-words", text: contributionInWords(contribution, unit) }));
  const bar = make("span", { className: amount < 0 ? "why-bar less" : "why-bar more" });
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--share", String(most > 0 ? Math.abs(amount) / most : 0));
  made.append(bar);
  // Every digit, as beside the estimate.
  made.title = `${amount} ${unit}`;
  return made;
}
