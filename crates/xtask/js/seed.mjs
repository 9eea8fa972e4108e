// Copies a folder of published objects into the local object storage that `wrangler dev` reads: seed.mjs FOLDER BINDING
// One start of the simulator for all objects; the wrangler command would need one for each.

import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { getPlatformProxy } from "wrangler";

const [folder, binding] = process.argv.slice(2);
const { env, dispose } = await getPlatformProxy({ configPath: "wrangler.toml" });
try {
  const bucket = env[binding];
  if (bucket === undefined) {
    throw new Error(`wrangler.toml binds no bucket as ${binding}`);
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // Blobs first, manifests after them: whoever reads a manifest must find its blob.
  files.sort((a, b) => Number(a.endsWith(".json")) - Number(b.endsWith(".json")));
  for (const file of files) {
    const key = relative(folder, file).split(sep).join("/");
    const bytes = await readFile(file);
    const stored = await bucket.head(key);
    if (stored?.etag === createHash("md5").update(bytes).digest("hex")) {
      continue;
    }
    await bucket.put(key, bytes);
    console.log(`stored ${key} (${bytes.length} bytes)`);
  }
} finally {
  await dispose();
}
