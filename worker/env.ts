// What wrangler.toml, secrets and the machine give the Worker.

/** Bindings, variables and secrets, none of them certain to be there; wrangler.toml explains each. */
export interface Env {
  /** The bucket with manifests and bundles, where `WEIGHTS_SOURCE` names no other storage. */
  readonly WEIGHTS?: R2Bucket;
  /** A folder of the machine, where the server runs on one: `curbside-server` binds it, and says `folder` in `WEIGHTS_SOURCE`. */
  readonly WEIGHTS_FOLDER?: Fetcher;
  /** Empty, `s3://bucket/prefix` or `https://host/prefix`. */
  readonly WEIGHTS_SOURCE?: string;
  /** Where the store that speaks S3 is. */
  readonly S3_ENDPOINT?: string;
  /** What it calls its region. */
  readonly S3_REGION?: string;
  /** A secret. */
  readonly S3_ACCESS_KEY_ID?: string;
  /** A secret. */
  readonly S3_SECRET_ACCESS_KEY?: string;
  /** The model to serve. */
  readonly MODEL_NAME?: string;
  /** Which of the model's manifests to follow. */
  readonly MODEL_ALIAS?: string;
  /** Ed25519 public keys whose manifests are believed, base64, separated by spaces. */
  readonly TRUSTED_KEYS?: string;
  /** Seconds after which the manifest is looked at again. */
  readonly MANIFEST_TTL_SECONDS?: number | string;
  /** `shipped` or `none`: what serves before any manifest could be had. */
  readonly FALLBACK?: string;
  /** `none`, `errors` or `all`: which requests get a line in the log. */
  readonly LOG_REQUESTS?: string;
  /** A secret: bearer tokens, one of which scoring then needs, separated by spaces. */
  readonly API_TOKENS?: string;
  /** A secret: `name:secret` of those who sign requests, separated by spaces. */
  readonly HMAC_KEYS?: string;
  /** Empty, `*`, or the origins whose pages may read what scoring answers, separated by spaces. */
  readonly ALLOWED_ORIGINS?: string;
  /** Counts requests, on Cloudflare. */
  readonly RATE_LIMIT?: RateLimit;
}
