//! The page's elements by id, with their types checked once at the start instead of asserted everywhere.

/**
 * The element of `index.html` with this id.
 *
 * @throws Error if the page has no such element, or one of another kind: then page and script are of different versions.
 */
export function element<T extends Element>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`index.html: expected a ${kind.name} with id "${id}", found ${found === null ? "none" : found.tagName}; reload the page`);
  }
  return found;
}

/** Sets a text only if it differs, so that a live region does not speak twice. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Replaces a list's items only if they differ, for the same reason. */
export function setItems(list: Element, texts: readonly string[]): void {
  const shown = Array.from(list.children, (item) => item.textContent);
  if (shown.length === texts.length && texts.every((text, index) => text === shown[index])) {
    return;
  }
  list.replaceChildren(...texts.map((text) => make("li", { text })));
}

/** Writes names and values into a description list, leaving alone what is there already: somebody may be reading it. */
export function setFacts(list: HTMLDListElement, facts: readonly (readonly [name: string, value: string])[]): void {
  const texts = facts.flat();
  if (list.children.length !== texts.length) {
    list.replaceChildren(...facts.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]));
  }
  texts.forEach((text, place) => setText(list.children[place] as Element, text));
}

/** A new HTML element with a class and a text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { className, text }: { className?: string; text?: string } = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== undefined) {
    made.className = className;
  }
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}
