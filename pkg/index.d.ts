/// <reference lib="esnext.disposable" />

// What the package declares, by subject. Written by hand; checked against the code.

export type * from "./types/ride.js";
export type * from "./types/card.js";
export type * from "./types/weights.js";
export * from "./types/errors.js";
export * from "./types/estimator.js";
