// A source as the package's `fetch`: the package verifies, this only reads, and remembers why it could not.

import type { Fetch } from "curbside";

import { WeightsFault } from "./fault.ts";
import { isBlobKey, isManifestKey } from "./keys.ts";
import type { Source } from "./source.ts";

/** Stands for the storage in addresses; `.invalid` (RFC 2606) can never be a host. */
const ORIGIN = "https://storage.invalid";

/** The address under which a {@link Storage} finds a key. */
export function addressOf(key: string): string {
  return `${ORIGIN}/${key}`;
}

/** A message of the package's in which keys are keys again. */
export function withKeys(message: string): string {
  return message.replaceAll(`${ORIGIN}/`, "");
}

/** Only the manifest and the bundle it names are read again and again; faults of what they were before are of no use. */
const MAX_FAULTS = 8;

/** One source, read by the package. */
export class Storage {
  readonly #source: Source;
  /** Why objects could not be read when they last were asked for, by address. */
  readonly #faults = new Map<string, WeightsFault>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** Why nothing came from an address, in more detail than the package can know; null if something did. */
  faultAt(address: string): WeightsFault | null {
    return this.#faults.get(address) ?? null;
  }

  /** Reads the source and nothing else, wherever a manifest points. */
  readonly fetch: Fetch = async (address, { headers = {}, signal } = {}) => {
    try {
      const key = keyOf(address);
      const etag = headers["if-none-match"];
      const response = await this.#source.get(key, { etag, signal, afresh: "cache-control" in headers });
      this.#remember(address, response.status === 404 ? missing(key) : null);
      return response;
    } catch (thrown) {
      this.#remember(address, thrown instanceof WeightsFault ? thrown : null);
      throw thrown;
    }
  };

  #remember(address: string, fault: WeightsFault | null): void {
    this.#faults.delete(address);
    if (fault === null) {
      return;
    }
    if (this.#faults.size >= MAX_FAULTS) {
      this.#faults.clear();
    }
    this.#faults.set(address, fault);
  }
}

function keyOf(address: string): string {
  const { origin, pathname } = new URL(address);
  const key = pathname.slice(1);
  if (origin === ORIGIN && (isManifestKey(key) || isBlobKey(key))) {
    return key;
  }
  const message = "the manifest: expected a bundle beside it under blobs/, found another address; publish it with `curbside publish`";
  throw new WeightsFault("BLOB_MISSING", message);
}

function missing(key: string): WeightsFault {
  return isManifestKey(key)
    ? new WeightsFault("MANIFEST_MISSING", `storage: expected a manifest at ${key}, found nothing; publish a bundle there`)
    : new WeightsFault("BLOB_MISSING", `storage: expected the bundle that the manifest names at ${key}, found nothing; publish it again`);
}
