// Publishing as the Worker expects to find it, with a key made here: blob, then a manifest signed over its very bytes.

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";

/** A key pair. */
export interface Signer {
  /** Standard base64 of the raw 32 bytes. */
  readonly publicKey: string;
  readonly keyid: string;
  readonly privateKey: KeyObject;
}

/** Makes a key pair. */
export function makeSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  // The raw key is the last 32 bytes of its DER form (RFC 8410).
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return { publicKey: raw.toString("base64"), keyid: sha256(raw).slice(0, 16), privateKey };
}

/** The shipped bundle as it is stored: gzip. `CURBSIDE_BUNDLE` names another to try. */
export async function shippedBundle(): Promise<Buffer> {
  const path = process.env["CURBSIDE_BUNDLE"] ?? new URL("../../models/green-tripdata-duration.curb", import.meta.url);
  return readFile(path);
}

/** The small bundles of `tests/native/web_fixture.rs`, with an interval and without, as they would be stored. */
export async function smallBundle(kind: "with an interval" | "without an interval"): Promise<Buffer> {
  const name = kind === "with an interval" ? "small" : "small-without-interval";
  return gzipSync(await readFile(new URL(`../web/${name}.curb.raw`, import.meta.url)));
}

/** What a publication may say otherwise than a right one would. */
export interface Publication {
  readonly stored: Buffer;
  readonly signer: Signer;
  readonly sequence?: number;
  /** Changes the manifest before it is signed. */
  readonly amend?: (manifest: Record<string, unknown>) => void;
  /** Changes the envelope after. */
  readonly tamper?: (envelope: { payload: string; keyid: string; signature: string }) => void;
}

/** Key of the manifest that the Worker follows. */
export const MANIFEST_KEY = "models/ride-duration/champion.json";

/** Key of a blob with these stored bytes. */
export function blobKey(stored: Buffer): string {
  return `models/ride-duration/blobs/${sha256(stored)}.curb`;
}

/** Where objects are put: an R2 bucket, a store, a folder. */
export interface Bucket {
  put(key: string, value: string | ArrayBuffer): Promise<unknown>;
}

/** Writes a blob and then its manifest. */
export async function publish(bucket: Bucket, publication: Publication): Promise<void> {
  await bucket.put(blobKey(publication.stored), copyOf(publication.stored));
  await bucket.put(MANIFEST_KEY, envelopeOf(publication));
}

/** The signed manifest's text. */
export function envelopeOf({ stored, signer, sequence = 1, amend, tamper }: Publication): string {
  const digest = sha256(stored);
  const manifest: Record<string, unknown> = {
    schema: 1,
    name: "ride-duration",
    version: `test-${sequence}`,
    sequence,
    sha256: digest,
    bytes: stored.byteLength,
    url: `blobs/${digest}.curb`,
    created_at: "2026-01-01T00:00:00Z",
    mlflow_run: null,
    mlflow_model_version: null,
    metrics: null,
    previous: null,
  };
  amend?.(manifest);
  const payload = Buffer.from(JSON.stringify(manifest));
  const envelope = {
    payload: payload.toString("base64"),
    keyid: signer.keyid,
    signature: sign(null, payload, signer.privateKey).toString("base64"),
  };
  tamper?.(envelope);
  return JSON.stringify(envelope);
}

/** Digest in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Where a bundle's body begins: docs/format.md. */
const HEADER_BYTES = 48;

/** Where the section of this kind begins in an inflated bundle. */
export function placeOfSection(bundle: Buffer, kind: number): number {
  const sections = bundle.readUInt16LE(10);
  let place = HEADER_BYTES + 8 * sections;
  for (let entry = HEADER_BYTES; entry < HEADER_BYTES + 8 * sections; entry += 8) {
    if (bundle.readUInt16LE(entry) === kind) {
      return place;
    }
    place += bundle.readUInt32LE(entry + 4);
  }
  throw new Error(`expected a section of kind ${kind} among ${sections}, found none`);
}

/** Kinds of sections: docs/format.md. */
export const CARD = 1;
export const CALIBRATION = 8;

/** The stored object with its inflated bytes changed; `reseal` makes the header's digest right again. */
export function altered(stored: Buffer, change: (bundle: Buffer) => Buffer, reseal: boolean): Buffer {
  const bundle = change(Buffer.from(gunzipSync(stored)));
  if (reseal) {
    createHash("sha256").update(bundle.subarray(HEADER_BYTES)).digest().copy(bundle, 16);
  }
  return gzipSync(bundle);
}

/** Miniflare's bucket takes an ArrayBuffer across the process boundary. */
function copyOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
