// Digests that /health tells, each taken once an isolate.

/** SHA-256 in hexadecimal. */
export async function hexDigest(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The id that manifests have for a key: docs/publishing.md. */
export async function keyidOf(publicKey: string): Promise<string> {
  const raw = Uint8Array.from(atob(publicKey), (character) => character.charCodeAt(0));
  return (await hexDigest(raw)).slice(0, 16);
}
