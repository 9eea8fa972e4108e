// The weights that an isolate holds across requests, and when it looks for newer ones.
//
// The package follows the manifest and swaps weights inside one estimator; here is what a Worker adds. It has no timers between
// requests, so a request that finds the last look old starts the next one behind its reply. And a request may be broken off in the
// middle of what it started for all: a load that takes too long is taken for lost, and a later request starts another.

import { type Estimator, loadEstimator, type Status } from "curbside";

import { type ConfigurationFault, manifestKey, type Settings } from "../settings.ts";
import { Chronicle } from "./chronicle.ts";
import { keyidOf } from "./digest.ts";
import { fallbackFor, isFallback } from "./fallback.ts";
import { type FaultReport, reportOf, WeightsFault } from "./fault.ts";
import { addressOf, Storage, withKeys } from "./storage.ts";

/** How long a cold start waits for storage before the fallback serves. */
const PATIENCE_SECONDS = 2;

/** A look that takes longer is given up. */
const LOOK_DEADLINE_SECONDS = 15;

/** Without a look for so long, or for two intervals, the next request waits for one: what it would answer by may be of yesterday. */
const QUIET_MS = 10_000;

/** How long it waits at most; storage that is slow must not hold riders. */
const QUIET_PATIENCE_MS = 1000;

/** The making of the estimator. */
interface Load {
  readonly startedAt: number;
  readonly done: Promise<void>;
}

/** Weights of one model and alias. */
export class Weights {
  readonly settings: Settings;
  /** All that is wrong with the variables. */
  readonly faults: readonly ConfigurationFault[];
  readonly #storage: Storage | null;
  readonly #fallback: ArrayBuffer | null;
  readonly #chronicle: Chronicle;
  #estimator: Estimator | null = null;
  #load: Load | null = null;
  #isPrepared = false;
  /** Why there is no estimator, or why the one there is follows no manifest. */
  #refusal: FaultReport | null = null;
  #triedAt: number | null = null;
  #keyids: readonly string[] | null = null;

  constructor(settings: Settings) {
    const fallback = fallbackFor(settings);
    this.settings = settings;
    this.faults = fallback.fault === null ? settings.faults : [...settings.faults, fallback.fault];
    this.#storage = settings.source === null ? null : new Storage(settings.source);
    this.#fallback = fallback.bytes;
    this.#chronicle = new Chronicle(manifestKey(settings));
    this.#chronicle.configuration(this.faults);
  }

  /** The model in service. Its weights may be replaced whenever the caller awaits. */
  get estimator(): Estimator | null {
    return this.#estimator;
  }

  /** How the weights are; null without a model. */
  get status(): Status | null {
    return this.#estimator?.status ?? null;
  }

  /** Whether the script's own bundle serves. */
  get isFallback(): boolean {
    return isFallback(this.status?.state);
  }

  /** When a load last failed, where there is no model to tell of its own looks. */
  get triedAt(): string | null {
    return this.#triedAt === null ? null : new Date(this.#triedAt).toISOString();
  }

  /** Why the last look failed, or why there is none; null if it did not. */
  get lastError(): FaultReport | null {
    const error = this.status?.lastError ?? null;
    if (error === null) {
      return this.#refusal;
    }
    // The address is the package's own name for what is in storage.
    const { url, ...report } = error;
    return this.#inDetail(report, url);
  }

  /** Ids of the keys whose manifests are believed. */
  async trustedKeyids(): Promise<readonly string[]> {
    this.#keyids ??= await Promise.all(this.settings.trustedKeys.map(keyidOf));
    return this.#keyids;
  }

  /** Whether {@link Weights.ready} has anything to do. */
  get isDue(): boolean {
    return this.#estimator === null || this.#estimator.status.isDue;
  }

  /** Looks at the manifest if the last look is old, behind the reply; waits only where there is no model yet, or after a quiet time. */
  async ready(context: ExecutionContext): Promise<void> {
    const estimator = this.#estimator;
    if (estimator === null) {
      await this.#start(context);
      return;
    }
    const { status } = estimator;
    if (!status.isDue) {
      return;
    }
    const look = estimator.refresh();
    context.waitUntil(look);
    if (this.#wasQuiet(status)) {
      await Promise.race([look, scheduler.wait(QUIET_PATIENCE_MS)]);
    }
  }

  /** Has the model in service build its tables, once and behind the reply: they make the next answers faster, not this one. */
  prepareBehind(context: ExecutionContext): void {
    const estimator = this.#estimator;
    if (estimator === null || this.#isPrepared) {
      return;
    }
    // The package prepares whatever takes these weights' place.
    this.#isPrepared = true;
    context.waitUntil(scheduler.wait(0).then(() => this.#prepare(estimator)));
  }

  /** Seconds until the next request without a model looks again. */
  retryAfterSeconds(): number {
    const due = (this.#triedAt ?? 0) + this.settings.ttlSeconds * 1000;
    return Math.min(Math.max(1, Math.ceil((due - Date.now()) / 1000)), Math.ceil(this.settings.ttlSeconds));
  }

  /** Whether nobody has asked for some time. A clock that was put forward costs one request the wait for one look. */
  #wasQuiet({ checkedAt, lastError }: Status): boolean {
    const quietMs = Math.max(QUIET_MS, 2000 * this.settings.ttlSeconds);
    return checkedAt !== null && lastError === null && Date.now() - Date.parse(checkedAt) >= quietMs;
  }

  /** Never throws: without tables the answers are the same. */
  #prepare(estimator: Estimator): void {
    const { version } = estimator.status;
    try {
      this.#chronicle.prepared(version, { tables: estimator.prepare() });
    } catch (fault) {
      this.#chronicle.prepared(version, reportOf(fault, Date.now()));
    }
  }

  /** Makes the estimator, or waits while another request does; returns without one if that takes too long or failed just now. */
  async #start(context: ExecutionContext): Promise<void> {
    const now = Date.now();
    const deadline = 1000 * (this.#fallback === null ? LOOK_DEADLINE_SECONDS : 2 * PATIENCE_SECONDS);
    // The clock may be set back, which must not stop the next try.
    const isWithin = (since: number | null, milliseconds: number): boolean => since !== null && now >= since && now - since < milliseconds;
    if (isWithin(this.#triedAt, this.settings.ttlSeconds * 1000)) {
      return;
    }
    if (this.#load === null || !isWithin(this.#load.startedAt, deadline)) {
      const load: Load = { startedAt: now, done: Promise.resolve().then(() => this.#loadOnce(load, context)) };
      this.#load = load;
      // Keeps the load alive when the caller who started it goes away.
      context.waitUntil(load.done);
    }
    await Promise.race([this.#load.done, scheduler.wait(deadline)]);
  }

  /** Never rejects. A load that was given up on changes nothing, whenever it ends. */
  async #loadOnce(load: Load, context: ExecutionContext): Promise<void> {
    let estimator: Estimator | null = null;
    let refusal: FaultReport | null = null;
    try {
      ({ estimator, refusal } = await this.#make());
    } catch (fault) {
      refusal = this.#inDetail(reportOf(fault, Date.now()), Object(fault).url);
    }
    if (this.#load !== load) {
      estimator?.[Symbol.dispose]();
      return;
    }
    this.#load = null;
    this.#refusal = refusal;
    this.#triedAt = Date.now();
    this.#estimator = estimator;
    this.#note();
    if (estimator?.status.state === "fallback" && estimator.status.checkedAt === null) {
      // Storage was not waited for any longer: the look that is under way goes on behind the replies.
      context.waitUntil(estimator.refresh());
    }
  }

  /** An estimator that follows the manifest; or one of the fallback alone, and why. */
  async #make(): Promise<{ estimator: Estimator; refusal: FaultReport | null }> {
    try {
      return { estimator: await this.#follow(), refusal: null };
    } catch (fault) {
      if (this.#fallback === null) {
        throw fault;
      }
      // Storage that fails does not come here: the package serves the fallback then, and goes on looking.
      const refusal = this.#inDetail(reportOf(fault, Date.now()), Object(fault).url);
      return { estimator: await loadEstimator({ bytes: this.#fallback }), refusal };
    }
  }

  async #follow(): Promise<Estimator> {
    const { blocked, trustedKeys, model, ttlSeconds } = this.settings;
    if (blocked !== null) {
      throw new WeightsFault(blocked.code, blocked.message);
    }
    const [storage, fallback] = [this.#storage, this.#fallback];
    if (storage === null) {
      throw new WeightsFault("WEIGHTS_SOURCE", "WEIGHTS_SOURCE: expected storage, found none");
    }
    const late = new AbortController();
    const timer = setTimeout(() => {
      const message = `storage: expected the manifest and its weights within ${LOOK_DEADLINE_SECONDS} s, found no end of them; check the store`;
      late.abort(new WeightsFault("FETCH_TIMEOUT", message));
    }, LOOK_DEADLINE_SECONDS * 1000);
    try {
      return await loadEstimator({
        manifest: addressOf(manifestKey(this.settings)),
        trustedKeys,
        name: model,
        fetch: storage.fetch,
        signal: late.signal,
        follow: {
          everySeconds: ttlSeconds,
          deadlineSeconds: LOOK_DEADLINE_SECONDS,
          timer: false,
          onChange: () => this.#note(),
        },
        ...(fallback === null ? {} : { fallback, patienceSeconds: PATIENCE_SECONDS }),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #note(): void {
    this.#chronicle.note(this.status, this.lastError);
  }

  /** What the package can only say of an address, in the words of what was asked there. */
  #inDetail(report: FaultReport, url: unknown): FaultReport {
    const isOfFetch = report.code === "FETCH_FAILED" || report.code === "FETCH_STATUS";
    const fault = isOfFetch && typeof url === "string" ? this.#storage?.faultAt(url) : null;
    if (fault != null) {
      return { code: fault.code, message: fault.message, at: report.at };
    }
    return { ...report, message: withKeys(report.message) };
  }
}
