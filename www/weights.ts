//! From an empty page to an estimator that stays up to date: where the weights are, which keys may sign them, and how long it took.

/// <reference path="./wasm.d.ts" />
import wasmPath from "curbside/curbside.wasm";
import { type Estimator, type Fetch, loadEstimator, type Status } from "curbside/slim";
import { type Config, fetchConfig } from "./config.ts";

/** A model that is ready, and is kept up to date from now on. */
export interface LoadedModel {
  /** What estimates; its weights change under it, and once in a while it is another. Ask for it anew each time. */
  readonly estimator: Estimator;
  /** Digest of the weights that it began with; `null` where that is not known. */
  readonly firstSha256: string | null;
  /** Whether those were this browser's copy. */
  readonly wasKept: boolean;
  /** From the first request to their golden rides checked, in milliseconds. */
  readonly milliseconds: number;
  /** How often newer weights are looked for, in seconds. */
  readonly everySeconds: number;
  /** To be called every minute or so: sees to what the estimator cannot do by itself. */
  tend(): void;
}

/** Who is told how it goes. */
export interface ModelListener {
  /** What is being done until there is a model, in words. */
  readonly onStage: (stage: string) => void;
  /** Weights, their state or the last fault have changed. */
  readonly onChange: () => void;
}

/** Where the browser keeps the last good weights: this name is for good, or they are fetched again. */
const KEPT_WEIGHTS = "curbside-weights";
/** What the package does where the site does not say. */
const EVERY_SECONDS = 5;
/** Faults that another configuration may mend: keys are being replaced, or the site follows another model now. */
const ASK_THE_SITE_AGAIN: readonly string[] = ["MANIFEST_KEY", "MANIFEST_NAME", "FETCH_STATUS"];

/**
 * Fetches, verifies and opens the model, and follows it.
 *
 * @throws ConfigError, or the package's WeightsError, BundleError or EngineError: each with a `code`.
 */
export async function loadModel({ onStage, onChange }: ModelListener): Promise<LoadedModel> {
  const started = performance.now();
  onStage("Asking where the weights are …");
  let config = await fetchConfig();
  onStage("Fetching the signed description of the weights …");
  let estimator = await open(config, onStage, changed);
  let isAsking = false;
  const { sha256, state } = estimator.status;
  return {
    get estimator() {
      return estimator;
    },
    get everySeconds() {
      return config.ttlSeconds ?? EVERY_SECONDS;
    },
    firstSha256: sha256,
    wasKept: state === "cached",
    milliseconds: performance.now() - started,
    tend: () => void askAgain(estimator.status),
  };

  function changed(status: Status): void {
    void askAgain(status);
    onChange();
  }

  /** A page that was opened days ago must not go on with what the site said then. */
  async function askAgain({ lastError }: Status): Promise<void> {
    if (isAsking || lastError === null || !ASK_THE_SITE_AGAIN.includes(lastError.code)) {
      return;
    }
    isAsking = true;
    try {
      const found = await fetchConfig();
      if (JSON.stringify(found) !== JSON.stringify(config)) {
        const old = estimator;
        estimator = await open(found, onStage, changed);
        config = found;
        old.dispose();
        onChange();
      }
    } catch (error) {
      // What there is goes on serving, and its own fault is told already.
      console.warn(`curbside: the site's configuration was asked for again: ${String(error)}`);
    } finally {
      isAsking = false;
    }
  }
}

function open(config: Config, onStage: (stage: string) => void, onChange: (status: Status) => void): Promise<Estimator> {
  const manifest = new URL(config.manifest, location.href);
  const watchedFetch: Fetch = (url, init) => {
    if (url !== manifest.href) {
      onStage("Fetching and checking the weights …");
    }
    return fetch(url, init);
  };
  return loadEstimator({
    manifest,
    trustedKeys: config.trustedKeys,
    name: config.model,
    follow: { everySeconds: config.ttlSeconds ?? EVERY_SECONDS, onChange },
    cache: KEPT_WEIGHTS,
    wasm: new URL(wasmPath, import.meta.url),
    fetch: watchedFetch,
  });
}
