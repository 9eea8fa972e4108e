// Following a manifest: what a look does with what it finds. Weights change in `#serve` alone, which runs between two calls of
// anybody's, and only once everything about the new ones has been verified.

import { WeightsError } from "./errors.js";
import { idle, nextTask, timestamp } from "./host.js";
import { Looks } from "./looks.js";
import { fetchManifest, readSigned } from "./manifest.js";
import { Pace } from "./pace.js";
import { lookErrorOf } from "./status.js";
import { Watch } from "./watch.js";
import { absolute, checkStored, fetchStored, open, pastDamage, storedDigest } from "./weights.js";

/**
 * @import { Fetch, Manifest, Status } from "../index.js"
 * @import { OpenBundle } from "./bundle.js"
 * @import { WeightsCache } from "./cache.js"
 * @import { Fetching } from "./download.js"
 * @import { Engine } from "./engine.js"
 * @import { Look } from "./looks.js"
 * @import { Signed } from "./manifest.js"
 * @import { Plan } from "./options.js"
 * @import { Serving } from "./serving.js"
 * @import { TrustedKeys } from "./signature.js"
 */

/**
 * Whom to believe about which weights.
 * @typedef {object} Following
 * @property {string} url of the manifest, absolute
 * @property {TrustedKeys} trusted
 * @property {string | null} name that the manifest must have
 * @property {Fetch} fetch
 * @property {WeightsCache | null} cache
 * @property {Plan} plan
 */

export class Follower {
  #of;
  #engine;
  #serving;
  #pace;
  #looks;
  /** Of the manifest that serves, as it came. @type {Uint8Array | null} */
  #envelope = null;
  /** @type {string | null} */
  #etag = null;
  /** The highest sequence that a trusted key has vouched for, here or in what was kept. */
  #sequence = 0;
  /** The cache's last work. @type {Promise<void> | undefined} */
  #keeping;
  /** @type {Watch | null} */
  #watch = null;
  /** @type {(() => Status) | null} */
  #status = null;
  #told = "";

  /** When a look last found that what serves is what should. @type {string | null} */
  confirmedAt = null;

  /**
   * @param {Following} of
   * @param {Promise<Engine>} engine
   * @param {Serving} serving
   */
  constructor(of, engine, serving) {
    this.#of = of;
    this.#engine = engine;
    this.#serving = serving;
    this.#pace = new Pace(of.plan.everyMs);
    this.#looks = new Looks(
      of.url,
      of.plan.everyMs,
      (look) => this.#lookOnce(look),
      () => this.#onLookEnd(),
    );
  }

  get trustedKeys() {
    return this.#of.trusted.size;
  }

  get isDue() {
    return this.#looks.isDue;
  }

  get checkedAt() {
    return this.#looks.checkedAt;
  }

  get lastError() {
    return this.#looks.lastError;
  }

  /**
   * Looks once, by the caller's own patience where nothing serves yet and nothing else could. Throws what the look failed with.
   * @param {boolean} isPatient
   */
  async lookFirst(isPatient) {
    await this.#looks.join(isPatient ? Infinity : this.#of.plan.deadlineMs);
    if (this.#serving.isEmpty) throw this.#looks.fault;
  }

  /** Looks now, or waits for the look under way. Never rejects. */
  async refresh() {
    await this.#looks.join(this.#of.plan.deadlineMs);
    await this.#keeping;
  }

  /**
   * From now on somebody holds the estimator: tells of changes, and looks by itself if it is to.
   * @param {() => Status} status
   */
  start(status) {
    this.#status = status;
    this.#told = digestOf(status());
    if (!this.#of.plan.timer) return;
    this.#watch = new Watch(
      this.#of.plan.everyMs,
      () => void this.refresh(),
      () => this.isDue,
    );
    if (!this.#looks.isUnderWay) this.#watch.arm();
  }

  /**
   * Ends everything that is under way; nothing serves or is told that comes of it.
   * @param {unknown} [why]
   */
  close(why) {
    this.#watch?.close();
    this.#looks.close(why);
  }

  /** Serves what the cache has kept, if it holds. Never throws. @returns {Promise<void>} */
  async serveKept() {
    const { cache, url, trusted } = this.#of;
    const kept = await cache?.read();
    if (cache === null || !kept) return;
    const { envelope, stored } = kept;
    try {
      const signed = await readSigned(envelope, "kept in the cache", trusted, url);
      this.#checkName(signed.manifest);
      this.#sequence = Math.max(this.#sequence, signed.manifest.sequence);
      await checkStored(stored, signed.manifest.sha256, signed.manifest.bytes, url, "kept in the cache");
      const bundle = await open(await this.#engine, stored, url, noTurn);
      // A look may have been quicker, or the caller have lost patience with all of this.
      if (this.#looks.isClosed || this.confirmedAt !== null) bundle.dispose();
      else this.#serve(signed, bundle, stored, "cache");
      this.#tell();
    } catch (thrown) {
      // Damaged, of a key that is no longer trusted, or of another version of this package: no use to anyone. But it is no
      // fault of the copy's where the host has no cryptography or no module.
      if (!["CRYPTO_UNSUPPORTED", "ENGINE_MODULE"].includes(lookErrorOf(thrown, "").code)) await cache.drop();
    }
  }

  /**
   * Serves a bundle that is at hand, unless something better has come meanwhile.
   * @param {Uint8Array | ArrayBuffer} given
   */
  async serveFallback(given) {
    const stored = new Uint8Array(given);
    const sha256 = await storedDigest(stored);
    const bundle = await open(await this.#engine, stored, null, noTurn);
    if (this.#looks.isClosed || !this.#serving.isEmpty) {
      bundle.dispose();
      return;
    }
    const kept = this.#of.cache === null ? null : stored;
    this.#serving.take({ bundle, origin: "fallback", manifest: null, keyid: null, sha256, stored: kept, loadedAt: timestamp() });
  }

  #onLookEnd() {
    this.#watch?.arm();
    this.#tell();
  }

  /** @param {Look} look */
  async #lookOnce(look) {
    const { url, trusted, fetch } = this.#of;
    const { signal } = look;
    const signed = await pastDamage({ fetch, signal, copies: "confirmed" }, (how) => fetchManifest(url, trusted, how, this.#etag));
    if (!look.isLive()) return;
    if (signed === null || isSame(signed.envelope, this.#envelope)) {
      this.#etag = signed?.etag ?? this.#etag;
      this.#confirm();
      return;
    }
    this.#checkName(signed.manifest);
    this.#checkSequence(signed.manifest);
    const held = this.#serving.isEmpty ? null : this.#serving.held;
    if (held?.sha256 === signed.manifest.sha256) {
      this.#take(signed, held.bundle, held.stored);
      return;
    }
    const { bundle, stored } = await this.#fetchOpen(signed.manifest, { fetch, signal });
    await this.#prepareAlike(bundle);
    if (look.isLive()) this.#take(signed, bundle, stored);
    else bundle.dispose();
  }

  /**
   * Fetches and opens what a manifest names.
   * @param {Manifest} manifest
   * @param {Fetching} how
   */
  async #fetchOpen({ url, sha256, bytes }, how) {
    this.#pace.check(sha256);
    try {
      const address = absolute(url, this.#of.url);
      const stored = await pastDamage(how, (how) => fetchStored(address, sha256, bytes, how));
      const bundle = await open(await this.#engine, stored, address, this.#serving.isEmpty ? noTurn : nextTask);
      return { bundle, stored };
    } catch (thrown) {
      this.#pace.failed(sha256, thrown);
      throw thrown;
    }
  }

  /** New weights get tables before they serve, if those that serve have them. @param {OpenBundle} bundle */
  async #prepareAlike(bundle) {
    while (!this.#looks.isClosed && !this.#serving.isEmpty && this.#serving.bundle.isPrepared && !bundle.isPrepared) {
      await idle();
      try {
        bundle.prepare();
      } catch {
        // Without tables it has the same answers.
        return;
      }
    }
  }

  /** What serves is what the manifest names. */
  #confirm() {
    this.confirmedAt = timestamp();
    if (this.#serving.held.origin !== "manifest") this.#serving.take({ ...this.#serving.held, origin: "manifest" });
  }

  /**
   * @param {Signed} signed
   * @param {OpenBundle} bundle
   * @param {Uint8Array<ArrayBuffer> | null} stored
   */
  #take(signed, bundle, stored) {
    this.confirmedAt = timestamp();
    this.#serve(signed, bundle, stored, "manifest");
    const { cache } = this.#of;
    if (cache === null || stored === null) return;
    this.#keeping = cache.write({ envelope: signed.envelope, stored }, signed.manifest.sequence);
  }

  /**
   * @param {Signed} signed
   * @param {OpenBundle} bundle
   * @param {Uint8Array<ArrayBuffer> | null} stored
   * @param {"manifest" | "cache"} origin
   */
  #serve({ manifest, keyid, envelope, etag }, bundle, stored, origin) {
    const isSameBundle = !this.#serving.isEmpty && this.#serving.bundle === bundle;
    const loadedAt = isSameBundle ? this.#serving.held.loadedAt : timestamp();
    const kept = this.#of.cache === null ? null : stored;
    this.#serving.take({ bundle, origin, manifest, keyid, sha256: manifest.sha256, stored: kept, loadedAt });
    this.#envelope = envelope;
    this.#etag = etag;
    this.#sequence = Math.max(this.#sequence, manifest.sequence);
  }

  /** One key may sign several models. @param {Manifest} manifest */
  #checkName({ name: found }) {
    const { name, url } = this.#of;
    if (name === null || found === name) return;
    const message = `manifest at ${url}: expected the model ${name}, found ${found}; publish each model under its own name, or correct the URL`;
    throw new WeightsError("MANIFEST_NAME", message, { url });
  }

  /** An older manifest is a replay: a rollback is published with a higher sequence. @param {Manifest} manifest */
  #checkSequence({ sequence }) {
    if (sequence >= this.#sequence) return;
    const { url } = this.#of;
    const message = `manifest at ${url}: expected a sequence of at least ${this.#sequence}, found ${sequence}; publish with a higher one`;
    throw new WeightsError("MANIFEST_SEQUENCE", message, { url });
  }

  /** Tells whoever asked to be told, if there is something to tell. */
  #tell() {
    const { onChange } = this.#of.plan;
    if (this.#status === null || onChange === null) return;
    const status = this.#status();
    const digest = digestOf(status);
    if (digest === this.#told) return;
    this.#told = digest;
    try {
      onChange(status);
    } catch (thrown) {
      // The caller's own fault, and not the look's.
      if (typeof reportError === "function") reportError(thrown);
      else console.error(thrown);
    }
  }
}

function noTurn() {}

/**
 * What makes two statuses differ for whoever is told of changes.
 * @param {Status} status
 */
function digestOf({ state, version, sequence, sha256, keyid, lastError }) {
  return JSON.stringify([state, version, sequence, sha256, keyid, lastError?.code]);
}

/**
 * @param {Uint8Array} found
 * @param {Uint8Array | null} known
 */
function isSame(found, known) {
  return known !== null && found.length === known.length && found.every((byte, place) => byte === known[place]);
}
