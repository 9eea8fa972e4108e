// Publications that must not serve: of the blob, of the bundle inside it, of the manifest; each with what /health must say.

import { gzipSync } from "node:zlib";

import type { LastError } from "./health.ts";
import { altered, blobKey, type Bucket, CARD, makeSigner, placeOfSection, type Publication, publish, shippedBundle } from "./publication.ts";

/** The one trusted key, and one that is not always. */
export const [signer, stranger] = [makeSigner(), makeSigner()];

/** The shipped bundle as it is stored. */
export const stored = await shippedBundle();

/** A manifest and a blob that must not serve, and why. */
export interface Bad {
  readonly name: string;
  readonly publication: Omit<Publication, "signer" | "sequence"> & { readonly signer?: Publication["signer"] };
  readonly code: string;
  /** The part at fault, which the message or `section` names. */
  readonly where: RegExp;
  /** What was expected and what was found. */
  readonly says: RegExp;
  /** Written to the blob's key in place of the stored bytes. */
  readonly served?: Buffer;
}

const middle = Math.floor(stored.byteLength / 2);
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
};

/** Every way of being wrong that has a name. */
export const BAD: readonly Bad[] = [
  {
    name: "a corrupt blob",
    publication: { stored },
    served: flipped(stored, middle),
    code: "BLOB_DIGEST",
    where: /blob/i,
    says: /expected.*found/s,
  },
  {
    name: "a truncated blob",
    publication: { stored },
    served: stored.subarray(0, middle),
    code: "BLOB_LENGTH",
    where: /blob/i,
    says: new RegExp(`${stored.byteLength}.*${middle}`, "s"),
  },
  {
    name: "a blob with bytes after it",
    publication: { stored },
    served: Buffer.concat([stored, Buffer.from([0])]),
    code: "BLOB_LENGTH",
    where: /blob/i,
    says: new RegExp(`${stored.byteLength}`),
  },
  {
    name: "a bundle that was corrupt when it was signed",
    publication: { stored: altered(stored, (bundle) => flipped(bundle, bundle.byteLength - 9), false) },
    code: "BUNDLE_DIGEST",
    where: /header/,
    says: /expected.*found/s,
  },
  {
    name: "a bundle whose table of sections is wrong and sealed",
    publication: { stored: altered(stored, (bundle) => flipped(bundle, 48), true) },
    code: "BUNDLE_MALFORMED",
    where: /header/,
    says: /expected section kind.*found/s,
  },
  {
    name: "a bundle whose card is wrong and sealed",
    publication: { stored: altered(stored, (bundle) => bundle.fill(0xff, placeOfSection(bundle, CARD), placeOfSection(bundle, CARD) + 24), true) },
    code: "BUNDLE_MALFORMED",
    where: /card/,
    says: /card/,
  },
  {
    name: "a bundle cut short and sealed",
    publication: { stored: altered(stored, (bundle) => bundle.subarray(0, bundle.byteLength - 100), true) },
    code: "BUNDLE_TRUNCATED",
    where: /header/,
    says: /expected \d+ bytes of body, found \d+/,
  },
  {
    name: "somebody else's gzip",
    publication: { stored: gzipSync("PK\u0003\u0004 this is no model of ours") },
    code: "BUNDLE_NOT_RECOGNISED",
    where: /header/,
    says: /expected the bytes.*found/s,
  },
  {
    name: "something that is no gzip at all",
    publication: { stored: Buffer.from("tree\nversion=v4\nnum_class=1\n") },
    code: "BUNDLE_NOT_RECOGNISED",
    where: /header/,
    says: /expected the bytes.*found/s,
  },
  {
    name: "a bomb: a gzip that inflates to 256 MiB",
    publication: { stored: gzipSync(Buffer.alloc(256 * 1024 * 1024)) },
    code: "BLOB_TOO_LARGE",
    where: /blob|bundle/i,
    says: /at most/,
  },
  {
    name: "a manifest that names more bytes than are taken",
    publication: { stored, amend: (manifest) => (manifest["bytes"] = 10_000_000_000) },
    code: "MANIFEST_MALFORMED",
    where: /manifest.*field bytes/,
    says: /expected a whole number up to \d+, found 10000000000/,
  },
  {
    name: "a bundle of a newer format",
    publication: {
      stored: altered(
        stored,
        (bundle) => {
          bundle.writeUInt16LE(4, 8);
          return bundle;
        },
        true,
      ),
    },
    code: "BUNDLE_VERSION",
    where: /header/,
    says: /expected format version 2 to 3, found 4, which is newer; update/,
  },
  {
    name: "a bundle of an older format",
    publication: {
      stored: altered(
        stored,
        (bundle) => {
          bundle.writeUInt16LE(1, 8);
          return bundle;
        },
        true,
      ),
    },
    code: "BUNDLE_VERSION",
    where: /header/,
    says: /expected format version 2 to 3, found 1, which is older; /,
  },
  {
    name: "another model's manifest, signed by a trusted key",
    publication: { stored, amend: (manifest) => (manifest["name"] = "ride-fare") },
    code: "MANIFEST_NAME",
    where: /manifest/i,
    says: /expected the model ride-duration, found ride-fare/,
  },
  {
    name: "a manifest that nobody signed",
    publication: { stored, tamper: (envelope) => (envelope.signature = "") },
    code: "MANIFEST_SIGNATURE|MANIFEST_MALFORMED",
    where: /manifest/i,
    says: /signature/,
  },
  {
    name: "a manifest without an envelope",
    publication: { stored, tamper: (envelope) => Object.assign(envelope, JSON.parse(atob(envelope.payload)), { payload: undefined }) },
    code: "MANIFEST_MALFORMED",
    where: /manifest/i,
    says: /payload/,
  },
  {
    name: "a manifest signed by a stranger",
    publication: { stored, signer: stranger },
    code: "MANIFEST_KEY",
    where: /manifest/i,
    says: new RegExp(stranger.keyid),
  },
  {
    name: "a stranger's signature under a trusted key's name",
    publication: { stored, signer: stranger, tamper: (envelope) => (envelope.keyid = signer.keyid) },
    code: "MANIFEST_SIGNATURE",
    where: /manifest/i,
    says: /expected a payload that key [0-9a-f]{16} signed, found another/,
  },
  {
    name: "a manifest changed after it was signed",
    publication: { stored, tamper: (envelope) => (envelope.payload = btoa(atob(envelope.payload).replace('"sequence":', '"sequence":9'))) },
    code: "MANIFEST_SIGNATURE",
    where: /manifest/i,
    says: /expected a payload that key [0-9a-f]{16} signed, found another/,
  },
];

/** Publishes it, with a right sequence. */
export async function publishBad(bucket: Bucket, { publication, served }: Bad, sequence: number): Promise<void> {
  await publish(bucket, { signer, sequence, ...publication });
  if (served !== undefined) {
    await bucket.put(blobKey(publication.stored), new Uint8Array(served).buffer);
  }
}

/** What is wrong with the reason that /health gives. */
export function reasonFaults(found: LastError | null, { code, where, says }: Bad): string[] {
  const told = `${found?.section ?? ""} ${found?.message ?? ""}`;
  return [
    ...(new RegExp(`^(${code})$`).test(found?.code ?? "") ? [] : [`code: expected ${code}, found ${JSON.stringify(found)}`]),
    ...(where.test(told) ? [] : [`where: expected ${where}, found ${told}`]),
    ...(says.test(told) ? [] : [`message: expected ${says}, found ${told}`]),
  ];
}
