// What stands in a store, judged as a reader would judge it: signature, length, digest, and a bundle that opens.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";

import { loadEstimator, type Manifest } from "curbside";

import { sha256 } from "../worker/publication.ts";
import { list, type Place, read } from "./servers.ts";

const FOLDER = "models/ride-duration";
/** Of an Ed25519 public key in DER (RFC 8410), before the raw 32 bytes. */
const DER_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** The manifest of an alias, verified. */
export async function manifestAt(place: Place, publicKey: string, key = `${FOLDER}/champion.json`): Promise<Manifest> {
  const envelope = JSON.parse((await read(place, key)).toString()) as { payload: string; signature: string };
  const payload = Buffer.from(envelope.payload, "base64");
  const spki = createPublicKey({ key: Buffer.concat([DER_PREFIX, Buffer.from(publicKey, "base64")]), format: "der", type: "spki" });
  assert.ok(verify(null, payload, spki, Buffer.from(envelope.signature, "base64")), `${key}: expected a signature by the key`);
  return JSON.parse(payload.toString()) as Manifest;
}

/** The manifest of the champion, whose blob must be there, whole, and open with its golden rides. */
export async function wholePublication(place: Place, publicKey: string): Promise<Manifest> {
  const manifest = await manifestAt(place, publicKey);
  const stored = await read(place, `${FOLDER}/${manifest.url}`);
  assert.equal(stored.byteLength, manifest.bytes, "the blob's length");
  assert.equal(sha256(stored), manifest.sha256, "the blob's digest");
  using estimator = await loadEstimator({ bytes: stored });
  assert.equal(estimator.card.version, manifest.version);
  return manifest;
}

/** The manifests that the champion had before, by their sequences, each verified. */
export async function historyOf(place: Place, publicKey: string): Promise<Map<number, Manifest>> {
  const history = new Map<number, Manifest>();
  for (const key of await list(place, `${FOLDER}/champion.history/`)) {
    const manifest = await manifestAt(place, publicKey, key);
    assert.ok(key.endsWith(`/${String(manifest.sequence).padStart(16, "0")}.json`), `${key} names sequence ${manifest.sequence}`);
    history.set(manifest.sequence, manifest);
  }
  return history;
}
