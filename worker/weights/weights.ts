// The weights that an isolate holds across requests, and when it looks for newer ones.
//
// At most one look is under way at a time. While a model is held nobody waits for it: the look goes on behind the reply,
// and a failure leaves the model in place and is reported. Without a model requests wait for the look under way.

import { type Estimator, loadEstimator } from "curbside";

import { type Env, manifestKey, trustedKeys } from "../env.ts";
import { addressOf, fetchFrom } from "./bucket.ts";
import { type FaultReport, reportOf, WeightsFault } from "./fault.ts";

/** A look that takes longer belongs to a request that was broken off; the next one starts its own. */
const LOOK_DEADLINE_MS = 15_000;

const DEFAULT_TTL_SECONDS = 60;

/** A model in service. */
interface Held {
  readonly estimator: Estimator;
  /** The manifest's etag in the bucket. */
  readonly etag: string;
  readonly loadedAt: number;
  /** Whether tables have been asked for. */
  isPrepared: boolean;
}

/** One look at the bucket. */
interface Look {
  readonly startedAt: number;
  readonly done: Promise<void>;
}

/** What /health tells. */
export interface Report {
  /** `stale`: a model serves, but the last look for a newer one failed. */
  readonly status: "ok" | "stale" | "no_model";
  readonly model: string;
  readonly alias: string;
  readonly version: string | null;
  readonly sequence: number | null;
  readonly sha256: string | null;
  /** How often the scoring module has been started; above 1 it has recovered from a trap. */
  readonly generation: number | null;
  /** RFC 3339. */
  readonly loaded_at: string | null;
  readonly checked_at: string | null;
  readonly last_error: FaultReport | null;
}

/** Weights of one model and alias. */
export class Weights {
  readonly #env: Env;
  readonly #ttlMs: number;
  #held: Held | null = null;
  #look: Look | null = null;
  #checkedAt: number | null = null;
  #lastError: FaultReport | null = null;

  constructor(env: Env) {
    const seconds = Number(env.MANIFEST_TTL_SECONDS);
    this.#env = env;
    this.#ttlMs = (seconds > 0 ? seconds : DEFAULT_TTL_SECONDS) * 1000;
  }

  /** The model in service. It may be replaced, and then disposed of, whenever the caller awaits. */
  get estimator(): Estimator | null {
    return this.#held?.estimator ?? null;
  }

  /** Looks at the manifest if the last look is old; waits for that only where there is no model yet. */
  async ready(context: ExecutionContext): Promise<void> {
    if (this.#checkedAt !== null && Date.now() - this.#checkedAt < this.#ttlMs) {
      return;
    }
    const look = this.#join(context);
    if (this.#held === null) {
      await Promise.race([look.done, scheduler.wait(LOOK_DEADLINE_MS)]);
    }
  }

  /** Has the model in service build its tables, once and behind the reply: they make the next answers faster, not this one. */
  prepareBehind(context: ExecutionContext): void {
    const held = this.#held;
    if (held === null || held.isPrepared) {
      return;
    }
    held.isPrepared = true;
    context.waitUntil(scheduler.wait(0).then(() => this.#prepare(held)));
  }

  /** Never throws: without tables the answers are the same. */
  #prepare(held: Held): void {
    if (this.#held !== held) {
      return;
    }
    const { version } = held.estimator.card;
    try {
      console.log(JSON.stringify({ event: "weights_prepared", version, tables: held.estimator.prepare() }));
    } catch (fault) {
      console.error(JSON.stringify({ event: "weights_not_prepared", version, ...reportOf(fault, Date.now()) }));
    }
  }

  /** Seconds until the next request without a model looks again. */
  retryAfterSeconds(): number {
    const due = (this.#checkedAt ?? 0) + this.#ttlMs;
    return Math.max(1, Math.ceil((due - Date.now()) / 1000));
  }

  report(): Report {
    const held = this.#held;
    const manifest = held?.estimator.manifest ?? null;
    return {
      status: held === null ? "no_model" : this.#lastError === null ? "ok" : "stale",
      model: this.#env.MODEL_NAME ?? "",
      alias: this.#env.MODEL_ALIAS ?? "",
      version: held?.estimator.card.version ?? null,
      sequence: manifest?.sequence ?? null,
      sha256: manifest?.sha256 ?? null,
      generation: held?.estimator.status.generation ?? null,
      loaded_at: time(held?.loadedAt),
      checked_at: time(this.#checkedAt),
      last_error: this.#lastError,
    };
  }

  #join(context: ExecutionContext): Look {
    const now = Date.now();
    if (this.#look !== null && now - this.#look.startedAt < LOOK_DEADLINE_MS) {
      return this.#look;
    }
    const look: Look = { startedAt: now, done: Promise.resolve().then(() => this.#lookOnce(look)) };
    this.#look = look;
    // Keeps the look alive when the caller who started it goes away.
    context.waitUntil(look.done);
    return look;
  }

  /** Never rejects. A look that was given up on changes nothing, whenever it ends. */
  async #lookOnce(look: Look): Promise<void> {
    let newer: Held | null = null;
    let failure: FaultReport | null = null;
    try {
      newer = await this.#loadNewer();
    } catch (fault) {
      failure = reportOf(fault, Date.now());
      console.error(JSON.stringify({ event: "weights_refused", key: manifestKey(this.#env), ...failure }));
    }
    if (this.#look !== look) {
      newer?.estimator[Symbol.dispose]();
      return;
    }
    this.#look = null;
    this.#checkedAt = Date.now();
    this.#lastError = failure;
    if (newer !== null) {
      const { version } = newer.estimator.card;
      console.log(JSON.stringify({ event: "weights_loaded", version, sequence: newer.estimator.manifest?.sequence }));
      const older = this.#held;
      this.#held = newer;
      older?.estimator[Symbol.dispose]();
    }
  }

  /** What the bucket's manifest names now, verified; `null` where that is what is held already. */
  async #loadNewer(): Promise<Held | null> {
    const keys = trustedKeys(this.#env);
    if (keys.length === 0) {
      const message = "TRUSTED_KEYS: expected at least one Ed25519 public key in base64, found none; set the variable";
      throw new WeightsFault("TRUSTED_KEYS", message);
    }
    const key = manifestKey(this.#env);
    const stored = await this.#env.WEIGHTS!.head(key);
    if (stored === null) {
      const message = `the bucket: expected a manifest at ${key}, found nothing; publish a bundle there`;
      throw new WeightsFault("MANIFEST_MISSING", message);
    }
    if (stored.etag === this.#held?.etag) {
      return null;
    }
    // The manifest may be replaced between the look and the read: what counts is what was read.
    let etag = stored.etag;
    const fetch = fetchFrom(this.#env.WEIGHTS!, (read, itsEtag) => {
      etag = read === key ? itsEtag : etag;
    });
    const signal = AbortSignal.timeout(LOOK_DEADLINE_MS);
    const estimator = await loadEstimator({ manifest: addressOf(key), trustedKeys: keys, fetch, signal });
    try {
      this.#refuseForeign(estimator);
      this.#refuseOlder(estimator);
    } catch (fault) {
      estimator[Symbol.dispose]();
      throw fault;
    }
    return { estimator, etag, loadedAt: Date.now(), isPrepared: false };
  }

  /** One key may sign several models, and a manifest says which is meant. */
  #refuseForeign(estimator: Estimator): void {
    const expected = this.#env.MODEL_NAME;
    const found = estimator.manifest?.name;
    if (found !== expected) {
      const message = `the manifest: expected the model ${expected}, found ${found}; publish each model under its own name`;
      throw new WeightsFault("MANIFEST_NAME", message);
    }
  }

  /** A manifest from before the one held is a replay: a rollback is published with a higher sequence. */
  #refuseOlder(estimator: Estimator): void {
    const held = this.#held?.estimator.manifest?.sequence ?? 0;
    const found = estimator.manifest?.sequence ?? 0;
    if (found < held) {
      const message = `the manifest: expected a sequence of at least ${held}, found ${found}; publish with a higher one`;
      throw new WeightsFault("MANIFEST_SEQUENCE", message);
    }
  }
}

function time(milliseconds: number | null | undefined): string | null {
  return milliseconds == null ? null : new Date(milliseconds).toISOString();
}
