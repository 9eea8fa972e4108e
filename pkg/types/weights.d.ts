// Where weights come from, how newer ones take their place, and how that goes.

import type { Metrics } from "./card.js";
import type { CurbsideError } from "./errors.js";

/** The signed statement of which weights to serve. */
export interface Manifest {
  /** Version of this layout: 1. */
  readonly schema: 1;
  /** Name of the model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Counts publications of this alias: a newer one is higher. */
  readonly sequence: number;
  /** Digest of the stored object, in hexadecimal. */
  readonly sha256: string;
  /** Length of the stored object. */
  readonly bytes: number;
  /** Where it is, relative to the manifest. */
  readonly url: string;
  /** When it was published, RFC 3339. */
  readonly created_at: string;
  /** MLflow run that the model belongs to, if any. */
  readonly mlflow_run: string | null;
  /** Name under which MLflow's registry has the model, if any; older publishers did not say. */
  readonly mlflow_model?: string | null;
  /** Version in MLflow's registry, if any. */
  readonly mlflow_model_version: string | null;
  /** Error measured before publication, if any. */
  readonly metrics: Metrics | null;
  /** Digest of the object that was served before, if any. */
  readonly previous: string | null;
}

/**
 * How the weights that serve stand to their manifest.
 *
 * - `fixed`: loaded by URL or bytes; there is no manifest to follow.
 * - `current`: the last look found that these are the ones to serve.
 * - `stale`: they were, but the last look failed or was refused; `lastError` says why, and they go on serving.
 * - `cached`: a copy that this browser kept, verified again; no look has succeeded yet.
 * - `fallback`: the bundle given as `fallback`; no look has succeeded yet.
 */
export type WeightsState = "fixed" | "current" | "stale" | "cached" | "fallback";

/** Why a look at the manifest failed, or what it found was refused. */
export interface LookError {
  /** As the error has it; `UNEXPECTED` for one that is not this package's. */
  readonly code: CurbsideError["code"];
  /** One sentence or two: what was expected, what was found, what to do. */
  readonly message: string;
  /** When, RFC 3339, by this host's clock. */
  readonly at: string;
  /** What was being fetched, of a `WeightsError`. */
  readonly url?: string;
  /** HTTP status, of `FETCH_STATUS`. */
  readonly status?: number;
  /** The section of the bundle, of a `BundleError`. */
  readonly section?: string;
  /** Where in the inflated bundle, of a `BundleError`. */
  readonly offset?: number;
}

/** How an estimator is: its engine, its weights, and the last look for newer ones. Plain data; a fresh object each time. */
export interface Status {
  /** 1 at first, and one more for every time the WebAssembly instance trapped and was replaced. */
  readonly generation: number;
  /** What the last trap said; null if there was none. */
  readonly lastTrap: string | null;
  /** How the weights stand to their manifest. */
  readonly state: WeightsState;
  /** Version of the model that serves: the manifest's, or else the card's; null once disposed of where only the card knew. */
  readonly version: string | null;
  /** Sequence of the manifest that serves; null without one. */
  readonly sequence: number | null;
  /** Digest of the stored bytes that serve, in hexadecimal; null where they were given as `bytes`. */
  readonly sha256: string | null;
  /** Id of the key that signed the manifest: the first 16 hexadecimal digits of the SHA-256 of the raw key; null without one. */
  readonly keyid: string | null;
  /** How many keys are trusted; 0 where no manifest is followed. */
  readonly trustedKeys: number;
  /** When these weights began to serve, RFC 3339, by this host's clock. */
  readonly loadedAt: string;
  /** When the last look ended, whatever came of it; null before the first did. */
  readonly checkedAt: string | null;
  /** When a look last found that these are the weights to serve; null if none has. */
  readonly confirmedAt: string | null;
  /**
   * Whether it is time to look again: `everySeconds` have passed since the last look ended, by a clock that cannot jump, and
   * none is under way. A host without timers asks this, and calls `Estimator.refresh`. False where no manifest is followed.
   */
  readonly isDue: boolean;
  /** Why the last look failed; null if it did not. */
  readonly lastError: LookError | null;
}

/** What `fetch` is called with: a part of the platform's own `RequestInit`. */
export interface FetchInit {
  /** Ends a fetch that takes too long, or whose result nobody waits for any more. */
  signal?: AbortSignal;
  /**
   * Where the host has no HTTP cache (Node, workerd): `if-none-match`, to be answered with 304 where the object is still the
   * same; `cache-control: no-cache` after a copy that was damaged. Names in lower case.
   */
  headers?: Record<string, string>;
  /** Where the host has an HTTP cache: `no-cache` asks whether its copy is still right, `reload` passes by a damaged one. */
  cache?: FetchCache;
}

/** Of `no-cache` and `reload`, what the platform's types know: workerd has no `reload`, and is never asked for one. */
export type FetchCache = typeof globalThis extends { fetch: (url: string, init?: infer Init) => unknown }
  ? NonNullable<Init> extends { cache?: infer Cache }
    ? Extract<Cache, "no-cache" | "reload">
    : never
  : never;

/** A function such as the platform's `fetch`. It is called with an absolute URL. */
export type Fetch = (url: string, init?: FetchInit) => Promise<Response>;

/** Following a manifest: how often it is looked at, and who is told. */
export interface Following {
  /** Seconds from the end of a look to the next; above 0. Absent: 5. */
  readonly everySeconds?: number | undefined;
  /** Seconds after which a look that has not ended is given up; above 0. Absent: 30. */
  readonly deadlineSeconds?: number | undefined;
  /**
   * Hears of each change that a look made: other weights, another state, another error. What it throws is reported and
   * changes nothing.
   */
  readonly onChange?: ((status: Status) => void) | undefined;
  /**
   * Whether to look by a timer, and when the page is seen again or back online. Absent: true, but in workerd, which has no
   * timers between requests: there call `Estimator.refresh`.
   */
  readonly timer?: boolean | undefined;
}

/** A signed manifest, and how it is followed. */
export interface ManifestSource {
  /** URL of the signed manifest; a relative one is resolved against the page. */
  readonly manifest: string | URL;
  /**
   * Ed25519 public keys, 32 raw bytes each, in base64. The manifest must be signed by one of them; give two while a
   * key is being replaced.
   */
  readonly trustedKeys: readonly string[];
  /** The model that the manifest must name; else it is refused (`MANIFEST_NAME`). Absent: any. */
  readonly name?: string | undefined;
  /** Looks for newer weights again and again, and puts them in the place of the old. Absent: only `Estimator.refresh` looks. */
  readonly follow?: boolean | Following | undefined;
  /**
   * Name of a cache in the browser's Cache API that keeps the last good manifest and weights. They are there at the next
   * load, online or not; verified like any others. A manifest older than the kept one is refused. Where there is no Cache
   * API, or no room, nothing is kept.
   */
  readonly cache?: string | undefined;
  /**
   * A bundle that is at hand and trusted, gzipped or not, or what gets it. It serves where neither manifest nor cache has given
   * weights within `patienceSeconds`, until one does.
   */
  readonly fallback?: Fallback | undefined;
  /** Seconds to wait for manifest or cache before the fallback serves; 0 or more. Absent: 2. */
  readonly patienceSeconds?: number | undefined;
}

/** A bundle at hand, or what gets it. */
export type Fallback = Uint8Array | ArrayBuffer | (() => Uint8Array | ArrayBuffer | Promise<Uint8Array | ArrayBuffer>);

/** What means nothing without a manifest. */
export type NoManifest = { readonly [Option in "name" | "follow" | "cache" | "fallback" | "patienceSeconds"]?: undefined };

/** Where the weights come from: one of three. */
export type Source =
  | ManifestSource
  | (NoManifest & {
      /** URL of a stored bundle. */
      readonly url: string | URL;
      /** Digest that the stored bytes must have, in hexadecimal. */
      readonly sha256: string;
    })
  | (NoManifest & {
      /** A bundle that is at hand and trusted, gzipped or not. */
      readonly bytes: Uint8Array | ArrayBuffer;
    });

/** `WebAssembly.Module`, in projects whose types know it: Node's alone do not. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** Where the WebAssembly module comes from. The first estimator of a realm decides: the module is instantiated once. */
export type WasmSource = WasmModule | Uint8Array | ArrayBuffer | URL | string | Response;

/** What is the same for every source of weights. */
export interface LoadSettings {
  /** Fetches manifest and weights in place of the platform's `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Stops the loading; the promise rejects with the signal's reason. Once it has resolved, this changes nothing. */
  readonly signal?: AbortSignal | undefined;
}

/** What `loadEstimator` takes. */
export type LoadOptions = Source &
  LoadSettings & {
    /** The WebAssembly module, where it is not the one beside this package's files. */
    readonly wasm?: WasmSource | undefined;
  };
