// Keys of stored objects, docs/publishing.md. What has another shape is never read and never given out, whatever lies in the bucket.

const NAME = "[A-Za-z0-9][A-Za-z0-9._-]*";
/** A bundle is named after its digest, so what is at its key never changes. */
const BLOB = new RegExp(`^models/${NAME}/blobs/[0-9a-f]{64}\\.curb$`);
/** A manifest is replaced by every publication. Earlier ones and claims lie deeper, and have no such key. */
const MANIFEST = new RegExp(`^models/${NAME}/[A-Za-z0-9][A-Za-z0-9_-]*\\.json$`);

/** Whether a bundle may lie there. */
export function isBlobKey(key: string): boolean {
  return BLOB.test(key);
}

/** Whether a manifest may lie there. */
export function isManifestKey(key: string): boolean {
  return MANIFEST.test(key);
}
