// How objects with private fields look in the consoles of Node, Deno and Bun, which show nothing of such fields: the facts that a person
// looks for. In browsers, whose consoles show getters, it has no effect.

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: object) => string;

/**
 * Shows the objects of a class as `facts` tells them, but for those that are `undefined`. Called in a static block of the class, so that
 * bundlers keep it with the class. `facts` may throw: then nothing but the name is shown.
 */
export function shownAs<T extends object>(
  type: { readonly prototype: T },
  name: string,
  facts: (shown: T) => Readonly<Record<string, unknown>>,
): void {
  const value = function (this: T, _depth: number, options: object, inspect: Inspect): string {
    try {
      const told = Object.entries(facts(this)).filter(([, fact]) => fact !== undefined);
      return `${name} ${inspect(Object.fromEntries(told), options)}`;
    } catch {
      // Such as the prototype, which is an object of the class and has no facts.
      return `${name} {}`;
    }
  };
  Object.defineProperty(type.prototype, INSPECT, { value });
}
