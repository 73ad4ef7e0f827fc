// The version of this package, as CONNECT tells it; a test keeps it equal to package.json.

export const VERSION = "0.0.0";
