// Which versions of the packages fit together, and the error of those that do not. Every package asks when it is loaded, before
// it uses anything of a sibling; the numbers are in its version.ts.

import { NatsError } from "./errors.js";

/**
 * Two packages of Myelin that do not fit were loaded together. Thrown by the import itself. It comes from an override, a
 * lock file or a copy by hand: a package manager left to itself installs what fits.
 */
export class SiblingVersionError extends NatsError {
  readonly code = "SIBLING_VERSION";

  /**
   * @param dependant name and version of the package that refuses, such as `@myelin/client 0.4.0`
   * @param sibling the package that does not fit
   * @param wanted the oldest version that does; later ones of the same line do as well
   * @param found the version that is there, `undefined` when it does not tell
   */
  constructor(
    readonly dependant: string,
    readonly sibling: string,
    readonly wanted: string,
    readonly found: string | undefined,
  ) {
    super(
      `${dependant} needs ${sibling} ^${wanted}, found ${found ?? "one without a version"}: install ${sibling}@^${wanted} ("npm ls ${sibling}" shows what asks for another)`,
    );
  }
}

/**
 * Throws SiblingVersionError for the first sibling that does not fit: older than `wanted`, or of another line. A line is a
 * major version, while it is 0 a minor one, as in `^1.2.3`. A pre-release counts as the version it leads to.
 *
 * Other versions of other packages call this, so that its name and parameters never change.
 *
 * @param siblings name, the version the package was made with, and the one that is there
 */
export function requireSiblings(
  name: string,
  version: string,
  siblings: readonly (readonly [sibling: string, wanted: string, found: string | undefined])[],
): void {
  for (const [sibling, wanted, found] of siblings) {
    if (!fits(wanted, found)) throw new SiblingVersionError(`${name} ${version}`, sibling, wanted, found);
  }
}

function fits(wanted: string, found: string | undefined): boolean {
  const own = numbersOf(wanted);
  const other = numbersOf(found ?? "");
  // The first number that is not 0 says which line it is, and what comes after it may only grow.
  const line = own.findIndex((number) => number > 0);
  const differs = own.findIndex((number, index) => number !== other[index]);
  return differs < 0 || (line >= 0 && differs > line && (other[differs] ?? 0) > (own[differs] ?? 0));
}

function numbersOf(version: string): number[] {
  return version.split(/[.+-]/, 3).map(Number);
}
