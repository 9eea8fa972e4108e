// Builds what `curbside-server` gives to workerd: node worker/self-hosted/build.mjs FOLDER
//
// The folder gets the Worker's script, the modules that it imports (the scoring module, the shipped bundle, the page's files), and
// worker.capnp, which lists them for workerd's configuration to include; and the shipped bundle as a publication, which serves
// where no other weights are named. The page must have been built (www/build.mjs). The same sources give the same bytes.

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

import { headersOf, readRules } from "./headers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const site = join(root, ".curbside/site");
const wanted = process.argv[2];
if (wanted === undefined) {
  throw new Error("expected the folder to fill, found none: node worker/self-hosted/build.mjs FOLDER");
}
/** Beside it: a server that is started meanwhile finds the old one whole, or the new. */
const folder = `${wanted}.new`;

/** Content types by ending, as Cloudflare's assets have them. */
const TYPES = new Map([
  [".css", "text/css; charset=utf-8"],
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".json", "application/json"],
  [".map", "application/json"],
  [".png", "image/png"],
  [".svg", "image/svg+xml"],
  [".wasm", "application/wasm"],
  [".webmanifest", "application/manifest+json"],
]);

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const page = await buildPage();
const script = await buildScript(page);
await writeFile(join(folder, "worker.capnp"), await configuration(["worker.js", ...script, ...page.map(({ module }) => module)]));
await publishShipped();
await rm(wanted, { recursive: true, force: true });
await rename(folder, wanted);

/**
 * Copies the page's files, gzipped where that makes them smaller, and describes them.
 *
 * Almost every client takes gzip, and what is packed here is packed better than would be while a client waits.
 */
async function buildPage() {
  const rules = readRules(await readFile(join(site, "_headers"), "utf8"));
  const entries = await readdir(site, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => relative(site, join(entry.parentPath, entry.name)));
  const files = [];
  for (const name of names.filter((name) => name !== "_headers").sort()) {
    const bytes = await readFile(join(site, name));
    const packed = gzipSync(bytes, { level: 9 });
    const isPacked = packed.byteLength < bytes.byteLength;
    const module = `page/${name}${isPacked ? ".gz" : ""}`;
    const type = TYPES.get(extname(name));
    if (type === undefined) {
      throw new Error(`.curbside/site/${name}: expected a file of a known type (${[...TYPES.keys()].join(", ")}), found another`);
    }
    const path = `/${name === "index.html" ? "" : name}`;
    await write(module, isPacked ? packed : bytes);
    files.push({ path, module, isPacked, length: bytes.byteLength, headers: headersOf(rules, path, type, digest(bytes)) });
  }
  if (!files.some(({ path }) => path === "/")) {
    throw new Error(".curbside/site/index.html: expected the built page, found none; run node www/build.mjs");
  }
  return files;
}

/**
 * Bundles the Worker into one ES module; returns the names of the others that it imports, the page's apart.
 *
 * @param {ReadonlyArray<{ path: string, module: string, isPacked: boolean, length: number, headers: readonly [string, string][] }>} page
 */
async function buildScript(page) {
  const imports = page.map(({ module }, index) => `import file${index} from ${JSON.stringify(`./${module}`)};`);
  const files = page.map(({ module: _, ...file }, index) => `{ ...${JSON.stringify(file)}, bytes: file${index} }`);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { worker: "worker/self-hosted/index.ts" },
    outdir: folder,
    assetNames: "[name]",
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd"],
    minifySyntax: true,
    minifyWhitespace: true,
    // Names stay: they are in the log when something fails.
    keepNames: false,
    legalComments: "none",
    logLevel: "warning",
    loader: { ".wasm": "copy", ".curb": "copy" },
    plugins: [
      {
        name: "page",
        setup(builder) {
          builder.onResolve({ filter: /^curbside:page$/ }, () => ({ path: "page", namespace: "page" }));
          builder.onResolve({ filter: /^\.\/page\//, namespace: "page" }, ({ path }) => ({ path, external: true }));
          builder.onLoad({ filter: /.*/, namespace: "page" }, () => ({
            contents: `${imports.join("\n")}\nexport const files = [${files.join(",\n")}];`,
            loader: "js",
          }));
        },
      },
    ],
    metafile: true,
  });
  const outputs = Object.keys(metafile.outputs).map((path) => relative(folder, join(root, path)));
  return outputs.filter((name) => name !== "worker.js").sort();
}

/**
 * The list of modules, for `import "worker.capnp"`.
 *
 * @param {readonly string[]} names The script first.
 */
async function configuration(names) {
  const modules = names.map((name) => `  (name = ${JSON.stringify(name)}, ${kindOf(name)} = embed ${JSON.stringify(name)})`);
  const date = /^compatibility_date = "(.+)"$/m.exec(await readFile(join(root, "wrangler.toml"), "utf8"))?.[1];
  if (date === undefined) {
    throw new Error("wrangler.toml: expected a compatibility_date, found none");
  }
  return [
    "# Generated: the Worker's modules, for the configuration that curbside-server writes.",
    "@0xb0a5d1c7e2f94a63;",
    'using Workerd = import "/workerd/workerd.capnp";',
    `const compatibilityDate :Text = ${JSON.stringify(date)};`,
    `const modules :List(Workerd.Worker.Module) = [\n${modules.join(",\n")}\n];\n`,
  ].join("\n");
}

/** @param {string} name */
function kindOf(name) {
  if (name === "worker.js") {
    return "esModule";
  }
  return name.endsWith(".wasm") ? "wasm" : "data";
}

/**
 * Publishes the shipped bundle into `weights/`, as `curbside publish` would.
 *
 * Worker and page take no weights unsigned. These came with the program and are believed for that, so the signature says nothing
 * here: its key follows from the bundle, everybody could make it, and it is trusted where no other weights are named.
 */
async function publishShipped() {
  const stored = await readFile(join(root, "models/green-tripdata-duration.curb"));
  const card = JSON.parse(await readFile(join(root, "models/green-tripdata-duration.card.json"), "utf8"));
  const sha256 = digest(stored);
  const seed = createHash("sha256").update(`curbside: the shipped bundle ${sha256}`).digest();
  // RFC 8410: the form of a private key that begins with these bytes and ends in the seed.
  const form = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPrivateKey({ key: form, format: "der", type: "pkcs8" });
  const raw = createPublicKey(key).export({ type: "spki", format: "der" }).subarray(-32);
  const manifest = {
    schema: 1,
    name: card.name,
    version: card.version,
    sequence: 1,
    sha256,
    bytes: stored.byteLength,
    url: `blobs/${sha256}.curb`,
    created_at: `${card.created}T00:00:00Z`,
    mlflow_run: null,
    mlflow_model_version: null,
    metrics: null,
    previous: null,
  };
  const payload = Buffer.from(JSON.stringify(manifest));
  const keyid = digest(raw).slice(0, 16);
  const signature = sign(null, payload, key).toString("base64");
  const place = `weights/models/${card.name}`;
  await write(`${place}/blobs/${sha256}.curb`, stored);
  await write(`${place}/champion.json`, JSON.stringify({ payload: payload.toString("base64"), keyid, signature }));
  await write("weights/key", `${raw.toString("base64")}\n`);
}

/**
 * @param {string} name
 * @param {string | Uint8Array} content
 */
async function write(name, content) {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o644 });
}

/** @param {Uint8Array} bytes */
function digest(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
