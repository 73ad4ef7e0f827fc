// Written by `npm run versions` from package.json.

/** The version of this package, such as `1.2.3`. */
export const version: string = "0.0.0";
