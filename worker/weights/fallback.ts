// The bundle in the Worker's own script, which serves until a manifest can be had. It came with the code, so it is trusted as the code is.

import type { Status } from "curbside";

import { name } from "../../models/green-tripdata-duration.card.json";
import shipped from "../../models/green-tripdata-duration.curb";
import type { ConfigurationFault, Settings } from "../settings.ts";

/** A fallback, or why there is none. */
export interface Fallback {
  readonly bytes: ArrayBuffer | null;
  readonly fault: ConfigurationFault | null;
}

/** The fallback of a model: an estimate by another model would be worse than none. */
export function fallbackFor({ model, usesFallback }: Settings): Fallback {
  if (!usesFallback) {
    return { bytes: null, fault: null };
  }
  if (model === name) {
    return { bytes: shipped, fault: null };
  }
  const remedy = `set FALLBACK to none, or ship ${model} with the Worker`;
  const message = `the fallback: expected a bundle of MODEL_NAME ${model}, found one of ${name} in the script; ${remedy}`;
  return { bytes: null, fault: { code: "FALLBACK_NAME", message } };
}

/** Whether the script's own bundle serves: followed by no manifest (`fixed`), or by none yet. */
export function isFallback(state: Status["state"] | undefined): boolean {
  return state === "fallback" || state === "fixed";
}
