// Builds the page into .curbside/site, where the Worker serves it: node www/build.mjs [FOLDER]
//
// One script, one style sheet, the module: nothing is inlined, so that the page's content security policy can be strict.

import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = process.argv[2] ?? join(root, ".curbside/site");

/** Files that go as they are. The module keeps its name: the script asks for it beside itself and streams it. */
const COPIES = new Map([
  ["index.html", join(root, "www/index.html")],
  ["icon.svg", join(root, "www/icon.svg")],
  ["_headers", join(root, "www/_headers")],
  ["curbside_bg.wasm", join(root, "pkg/wasm/curbside_bg.wasm")],
]);
const BUNDLES = ["main.js", "main.js.map", "style.css", "style.css.map"];

await mkdir(site, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["www/main.ts", "www/style.css"],
  outdir: site,
  bundle: true,
  minify: true,
  sourcemap: true,
  format: "esm",
  platform: "browser",
  // What the tests' Firefox ESR has and Safari of two years ago; nothing newer slips in unnoticed.
  target: ["es2022", "safari17", "firefox128", "chrome120"],
  legalComments: "none",
  logLevel: "warning",
});
for (const [name, source] of COPIES) {
  await copyFile(source, join(site, name));
}
// What an earlier build left would be served for ever.
for (const name of await readdir(site)) {
  if (!COPIES.has(name) && !BUNDLES.includes(name)) {
    await rm(join(site, name), { recursive: true });
  }
}
