// Elements: found in the page by id, or made. No markup is ever parsed, so nothing a server sends can become any.

type Child = Node | string;

/** The element of the page with this id and kind; throws when the page is not as the script expects it. */
export function need<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} with the id ${id}`);
  return found;
}

/** A new element. An attribute of `true` is there without a value, one of `false` is not there. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Sets the text if it is another one: what did not change must not be read out again, nor lose a selection. */
export function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a sentence, or with an empty one hides the place for it. */
export function tell(element: HTMLElement, problem: string): void {
  put(element, problem);
  element.hidden = problem === "";
}
