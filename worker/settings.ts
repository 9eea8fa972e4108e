// What the Worker's variables mean, read once an isolate; and what is wrong with them, to be told and not to be guessed over.

import type { Env } from "./env.ts";
import { folderSource } from "./weights/folder.ts";
import { httpsSource } from "./weights/https.ts";
import { r2Source } from "./weights/r2.ts";
import { s3Source } from "./weights/s3.ts";
import type { Source } from "./weights/source.ts";

/** A variable that says nothing usable. */
export interface ConfigurationFault {
  /** The variable, or what several of them stand for. */
  readonly code: string;
  /** What was expected, what was found, what to set. Shows no secret. */
  readonly message: string;
}

/** None, those that were refused, or all. */
export type LoggedRequests = "none" | "errors" | "all";

/** The variables, understood. */
export interface Settings {
  readonly model: string;
  readonly alias: string;
  readonly trustedKeys: readonly string[];
  readonly ttlSeconds: number;
  /** Whether the bundle in the Worker's own script may serve. */
  readonly usesFallback: boolean;
  /** Which requests are logged. */
  readonly loggedRequests: LoggedRequests;
  /** Where weights are; null if no variable says so. */
  readonly source: Source | null;
  /** Why no manifest can be followed; null if one can. */
  readonly blocked: ConfigurationFault | null;
  /** All that is wrong, `blocked` first. */
  readonly faults: readonly ConfigurationFault[];
}

const DEFAULT_TTL_SECONDS = 5;

/** Of a model or an alias; docs/publishing.md. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** An alias is a file's name before `.json`, and must not be taken for the history of another. */
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** Buckets and prefixes go into addresses as they are. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
/** 32 bytes in base64. Never quoted when it is something else: that may be the secret half. */
const KEY = /^[A-Za-z0-9+/]{43}=$/;
/** What can be sent in a header. */
const SECRET = /^[\x21-\x7e]+$/;

const NEEDED_BY_S3 = ["S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] as const;

/** Reads the variables; never throws. */
export function readSettings(env: Env): Settings {
  const faults: ConfigurationFault[] = [];
  /** What `read` returns; where it throws a fault, that is kept and `instead` returned. */
  const attempt = <T>(read: () => T, instead: T): T => {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof Fault)) {
        throw thrown;
      }
      faults.push({ code: thrown.code, message: thrown.message });
      return instead;
    }
  };
  // First those without which there is nothing to follow.
  const source = attempt(() => sourceOf(env), null);
  const model = attempt(() => matching("MODEL_NAME", env.MODEL_NAME, NAME), null);
  const alias = attempt(() => matching("MODEL_ALIAS", env.MODEL_ALIAS, ALIAS), null);
  const lesser: ConfigurationFault[] = [];
  const trustedKeys = attempt(() => keysOf(env, lesser), []);
  const blocked = faults[0] ?? null;
  faults.push(...lesser);
  const ttlSeconds = attempt(() => ttlOf(env), DEFAULT_TTL_SECONDS);
  const usesFallback = attempt(() => usesFallbackOf(env), true);
  const loggedRequests = attempt(() => loggedRequestsOf(env), "none");
  return {
    model: model ?? String(env.MODEL_NAME ?? ""),
    alias: alias ?? String(env.MODEL_ALIAS ?? ""),
    trustedKeys,
    ttlSeconds,
    usesFallback,
    loggedRequests,
    source,
    blocked,
    faults,
  };
}

/** The key of the manifest in storage, which is also its path on this Worker. */
export function manifestKey({ model, alias }: Settings): string {
  return `models/${model}/${alias}.json`;
}

class Fault extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

function sourceOf(env: Env): Source {
  const address = (env.WEIGHTS_SOURCE ?? "").trim();
  const isS3 = address.startsWith("s3://");
  if (!isS3 && (env.S3_ENDPOINT ?? "") !== "") {
    const found = address === "" ? "none" : "an address that is not S3";
    const remedy = "set WEIGHTS_SOURCE, or take S3_ENDPOINT away";
    throw new Fault("WEIGHTS_SOURCE", `expected s3://bucket because S3_ENDPOINT is set, found ${found}; ${remedy}`);
  }
  if (address === "folder" && env.WEIGHTS_FOLDER !== undefined) {
    return folderSource(env.WEIGHTS_FOLDER);
  }
  if (address === "") {
    if (env.WEIGHTS === undefined) {
      const remedy = "set WEIGHTS_SOURCE to s3://bucket or https://host/prefix";
      throw new Fault("WEIGHTS_SOURCE", `expected an address or an R2 bucket bound as WEIGHTS, found neither; ${remedy}`);
    }
    return r2Source(env.WEIGHTS);
  }
  return isS3 ? s3Of(env, address.slice("s3://".length)) : httpsSource(addressOf("WEIGHTS_SOURCE", address));
}

function s3Of(env: Env, place: string): Source {
  const trimmed = place.replace(/\/$/, "");
  if (!BUCKET.test(trimmed)) {
    const message = "expected s3://bucket or s3://bucket/prefix in letters, digits, dots, hyphens and underscores, found something else";
    throw new Fault("WEIGHTS_SOURCE", message);
  }
  const [bucket = "", ...folders] = trimmed.split("/");
  const missing = NEEDED_BY_S3.filter((name) => (env[name] ?? "").trim() === "");
  if (missing.length > 0) {
    const remedy = "set S3_ENDPOINT as a variable, the keys as secrets";
    throw new Fault("WEIGHTS_SOURCE", `expected what S3 needs, found no ${missing.join(" and no ")}; ${remedy}`);
  }
  const endpoint = addressOf("S3_ENDPOINT", (env.S3_ENDPOINT ?? "").trim());
  if (new URL(endpoint).pathname !== "/") {
    const message = "S3_ENDPOINT: expected https://host alone, found a path behind it; the bucket belongs into WEIGHTS_SOURCE";
    throw new Fault("WEIGHTS_SOURCE", message);
  }
  const region = (env.S3_REGION ?? "").trim();
  return s3Source({
    endpoint,
    bucket,
    prefix: folders.map((folder) => `${folder}/`).join(""),
    region: region === "" ? undefined : region,
    accessKeyId: secretOf(env, "S3_ACCESS_KEY_ID"),
    secretAccessKey: secretOf(env, "S3_SECRET_ACCESS_KEY"),
  });
}

function secretOf(env: Env, name: "S3_ACCESS_KEY_ID" | "S3_SECRET_ACCESS_KEY"): string {
  const secret = (env[name] ?? "").trim();
  if (!SECRET.test(secret)) {
    throw new Fault("WEIGHTS_SOURCE", `${name}: expected letters, digits and signs, found something else in it; set it again`);
  }
  return secret;
}

/** An address without credentials and without a slash at its end. Never repeats one that might hold credentials. */
function addressOf(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["https:", "http:"].includes(url.protocol)) {
    throw new Fault("WEIGHTS_SOURCE", `${name}: expected https://host, found something else`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    const message = `${name}: expected an address without name, password and query, found more; credentials are secrets of S3 alone`;
    throw new Fault("WEIGHTS_SOURCE", message);
  }
  if (url.protocol === "http:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    const message = `${name}: expected https://, found http:// to ${url.hostname}; plain HTTP is for this machine's own addresses`;
    throw new Fault("WEIGHTS_SOURCE", message);
  }
  return url.href.replace(/\/+$/, "");
}

function matching(name: string, found: string | undefined, shape: RegExp): string {
  if (found !== undefined && shape.test(found)) {
    return found;
  }
  const shown = JSON.stringify((found ?? "").slice(0, 80));
  throw new Fault(name, `expected a name as in storage, such as ride-duration or champion, found ${shown}`);
}

/** The usable keys; one that is not is told, and keeps the others from nothing. */
function keysOf(env: Env, faults: ConfigurationFault[]): string[] {
  const words = (env.TRUSTED_KEYS ?? "").split(/\s+/).filter((word) => word !== "");
  const keys = words.filter((word) => KEY.test(word));
  if (keys.length === 0) {
    const found = words.length === 0 ? "none" : "none among what is there";
    throw new Fault("TRUSTED_KEYS", `expected at least one Ed25519 public key in base64, found ${found}; set the variable`);
  }
  const place = words.findIndex((word) => !KEY.test(word));
  if (place >= 0) {
    const found = `something else as number ${place + 1}; it is left out`;
    const message = `TRUSTED_KEYS: expected Ed25519 public keys of 44 characters of base64, found ${found}`;
    faults.push({ code: "TRUSTED_KEYS", message });
  }
  return keys;
}

function ttlOf(env: Env): number {
  const found = env.MANIFEST_TTL_SECONDS ?? DEFAULT_TTL_SECONDS;
  const seconds = typeof found === "string" && found.trim() === "" ? NaN : Number(found);
  if (Number.isFinite(seconds) && seconds > 0) {
    return seconds;
  }
  const message = `expected seconds above 0, found ${JSON.stringify(String(found).slice(0, 40))}; ${DEFAULT_TTL_SECONDS} s are taken`;
  throw new Fault("MANIFEST_TTL_SECONDS", message);
}

function usesFallbackOf(env: Env): boolean {
  const found = env.FALLBACK ?? "shipped";
  if (found !== "shipped" && found !== "none") {
    throw new Fault("FALLBACK", `expected shipped or none, found ${JSON.stringify(found.slice(0, 40))}; shipped is taken`);
  }
  return found === "shipped";
}

function loggedRequestsOf(env: Env): LoggedRequests {
  const found = env.LOG_REQUESTS ?? "none";
  if (found === "none" || found === "errors" || found === "all") {
    return found;
  }
  if (found === "") {
    return "none";
  }
  throw new Fault("LOG_REQUESTS", `expected none, errors or all, found ${JSON.stringify(found.slice(0, 40))}; none is taken`);
}
