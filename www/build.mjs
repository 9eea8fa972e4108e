// Builds the page into .curbside/site, where the Worker serves it: node www/build.mjs [FOLDER]
//
// One script, one style sheet, the module: nothing is inlined, so that the page's content security policy can be strict. Each of
// them has its content's digest in its name, so that a browser never mixes the files of two deployments and may keep them for ever.
// Two files keep their names: index.html, and sw.js, the service worker by which the page opens offline. The latter is told the
// digest of every file. It rests on workbox-precaching, which gets a deployment's files whole, checks them, and fetches only
// those that changed; that library is in sw.js alone, which no rider waits for.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = process.argv[2] ?? join(root, ".curbside/site");

/** @type {import("esbuild").BuildOptions} */
const COMMON = {
  absWorkingDir: root,
  outdir: site,
  bundle: true,
  minify: true,
  sourcemap: true,
  platform: "browser",
  // What the tests' Firefox ESR has and Safari of two years ago; nothing newer slips in unnoticed.
  target: ["es2022", "safari17", "firefox128", "chrome120"],
  legalComments: "none",
  logLevel: "warning",
};
/** Where files with a digest in their names are, so that one rule can tell browsers to keep them. */
const FILES = "files";
const HASHED_NAME = `${FILES}/[name]-[hash]`;

await mkdir(site, { recursive: true });
const files = await buildFiles();
const index = withNames(await readFile(join(root, "www/index.html"), "utf8"), files);
await writeFile(join(site, "index.html"), index);
await buildServiceWorker(files, index);
await copyFile(join(root, "www/_headers"), join(site, "_headers"));
await removeOthers(new Set(["index.html", "_headers", "sw.js", "sw.js.map", ...[...files.values()].flatMap((path) => [path, `${path}.map`])]));

/** Builds script, style sheet, module and icon; returns their paths in the site by the names that index.html uses. */
async function buildFiles() {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: ["www/main.ts", "www/style.css", "www/icon.svg"],
    entryNames: HASHED_NAME,
    assetNames: HASHED_NAME,
    format: "esm",
    loader: { ".svg": "copy", ".wasm": "file" },
    metafile: true,
  });
  const paths = Object.keys(metafile.outputs)
    .filter((path) => !path.endsWith(".map"))
    .map((path) => relative(site, join(root, path)));
  return new Map(paths.map((path) => [basename(path).replace(/-[A-Z0-9]{8}(?=\.)/, ""), path]));
}

/**
 * The page with its files' real names.
 *
 * @param {string} html
 * @param {ReadonlyMap<string, string>} paths
 */
function withNames(html, paths) {
  return html.replaceAll(/(href|src)="\.\/([^"]+)"/g, (_, attribute, name) => {
    const path = paths.get(name);
    if (path === undefined) {
      throw new Error(`www/index.html: expected one of ${[...paths.keys()].join(", ")}, found ${name}`);
    }
    return `${attribute}="./${path}"`;
  });
}

/**
 * Builds the service worker with the list of what it keeps.
 *
 * @param {ReadonlyMap<string, string>} paths
 * @param {string} html
 */
async function buildServiceWorker(paths, html) {
  // The server gives index.html at the folder's own address.
  const list = [{ url: "./", revision: createHash("sha256").update(html).digest("hex").slice(0, 16), integrity: integrity(html) }];
  for (const path of [...paths.values()].sort()) {
    list.push({ url: `./${path}`, revision: null, integrity: integrity(await readFile(join(site, path))) });
  }
  await build({
    ...COMMON,
    entryPoints: ["www/service-worker/sw.ts"],
    // Not every browser takes a module here.
    format: "iife",
    define: { FILES: JSON.stringify(list), "process.env.NODE_ENV": '"production"' },
  });
}

/** @param {string | Uint8Array} content */
function integrity(content) {
  return `sha256-${createHash("sha256").update(content).digest("base64")}`;
}

/**
 * What an earlier build left would be served for ever.
 *
 * @param {ReadonlySet<string>} built
 */
async function removeOthers(built) {
  for (const entry of await readdir(site, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !built.has(relative(site, path))) {
      await rm(path);
    }
  }
}
