import { go } from "./go.js";
import type { Language } from "./language.js";
import { natsJs } from "./nats-js.js";
import { python } from "./python.js";
import { rust } from "./rust.js";

/** Everyone we meet. */
export const languages: readonly Language[] = [natsJs, go, rust, python];
