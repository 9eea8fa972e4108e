// What wrangler.toml and the machine give the Worker.

/** Bindings and variables; wrangler.toml explains each. */
export interface Env {
  /** The bucket with manifests and bundles. */
  readonly WEIGHTS: R2Bucket;
  /** The model to serve. */
  readonly MODEL_NAME: string;
  /** Which of the model's manifests to follow. */
  readonly MODEL_ALIAS: string;
  /** Ed25519 public keys whose manifests are believed, base64, separated by spaces. */
  readonly TRUSTED_KEYS: string;
  /** Seconds after which the manifest is looked at again. */
  readonly MANIFEST_TTL_SECONDS: number | string;
}

/** The key of the manifest in the bucket, which is also its path on this Worker. */
export function manifestKey(env: Env): string {
  return `models/${env.MODEL_NAME}/${env.MODEL_ALIAS}.json`;
}

/** The keys whose manifests are believed. */
export function trustedKeys(env: Env): string[] {
  return env.TRUSTED_KEYS.split(/\s+/).filter((key) => key !== "");
}
