// What late-names.mjs is to TypeScript.

export declare function lateNames(code: string): string;
