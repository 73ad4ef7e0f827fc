// What apps/bench shares with the drivers here: building a program of another language into the cache, and the error of a
// machine that cannot. No language and no driver of ours.

export { built, cacheOf, requireVersion, tool } from "./built.js";
export { MissingToolchainError } from "./language.js";
