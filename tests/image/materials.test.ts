// The bill of materials: the same beside the image and inside, every file with its digest, every package with its version.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";

import { entries, mounted, setting } from "./built.ts";

const INSIDE = "usr/local/share/doc/curbside/curbside-server.cdx.json";

interface Component {
  readonly "bom-ref": string;
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

let container: Awaited<ReturnType<typeof mounted>>;
let text: string;
let bill: Bill;

before(async () => {
  container = await mounted();
  text = await readFile(join(container.root, INSIDE), "utf8");
  bill = JSON.parse(text) as Bill;
});

after(async () => {
  await container?.[Symbol.asyncDispose]();
});

async function sha256(path: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}

/** The component of a package, by ecosystem and name. */
function component(kind: string, name: string): Component {
  const found = bill.components.filter((one) => one["bom-ref"].startsWith(`pkg:${kind}/`) && one.name === name);
  assert.equal(found.length, 1, `${name} of ${kind}: ${found.map((one) => one["bom-ref"]).join(", ")}`);
  return found[0] as Component;
}

test("it is the same beside the image, and hangs together", async () => {
  assert.equal(await readFile(setting("CURBSIDE_IMAGE_MATERIALS"), "utf8"), text);
  assert.deepEqual([bill.bomFormat, bill.specVersion], ["CycloneDX", "1.6"]);
  const references = [bill.metadata.component, ...bill.components].map((one) => one["bom-ref"]);
  assert.equal(new Set(references).size, references.length, "each reference once");
  const known = new Set(references);
  for (const { ref, dependsOn } of bill.dependencies) {
    for (const used of [ref, ...dependsOn]) assert.ok(known.has(used), `${used} is referred to and not listed`);
  }
});

test("every file of ours is listed with its digest", async () => {
  const listed = new Map(bill.components.filter((one) => one.type === "file").map((one) => [one.name, one.hashes?.[0]?.content]));
  const files = (await entries(join(container.root, "usr/local"))).filter(({ kind }) => kind === "file");
  const own = files.map(({ path }) => `usr/local/${path}`).filter((path) => path !== INSIDE);
  assert.deepEqual([...listed.keys()].sort(), own.sort());
  for (const [name, digest] of listed) assert.equal(digest, await sha256(join(container.root, name)), name);
});

test("crates, npm packages and Debian's packages are in it, in the versions that are inside", async () => {
  const lock = JSON.parse(await readFile("package-lock.json", "utf8")) as { readonly packages: Record<string, { readonly version: string }> };
  for (const name of ["workerd", "aws4fetch", "workbox-precaching"]) {
    assert.equal(component("npm", name).version, lock.packages[`node_modules/${name}`]?.version, name);
  }
  for (const name of ["curbside-server", "curbside", "serde_json", "wasm-bindgen"]) {
    assert.match(component("cargo", name).version ?? "", /^\d/, name);
  }
  assert.equal(component("cargo", "serde_json").hashes?.[0]?.alg, "SHA-256");
  const packages = await readdir(join(container.root, "var/lib/dpkg/status.d"));
  assert.ok(packages.includes("libc6") && packages.includes("ca-certificates"), packages.join(", "));
  for (const name of packages) {
    const status = await readFile(join(container.root, "var/lib/dpkg/status.d", name), "utf8");
    assert.equal(/^Version: (.*)$/m.exec(status)?.[1], component("deb", name).version, name);
  }
});

test("the licence of every package that is linked or bundled in goes along", async () => {
  const licences = await readFile(join(container.root, "usr/local/share/doc/curbside/THIRD-PARTY-LICENSES.txt"), "utf8");
  for (const text of ["Permission is hereby granted, free of charge", "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"]) {
    assert.ok(licences.includes(text), text);
  }
  const packages = bill.components.filter((one) => /^pkg:(?:cargo|npm)\//.test(one["bom-ref"]) && one.hashes !== undefined);
  assert.ok(packages.length > 20, `${packages.length} packages`);
  for (const { name, version } of packages) assert.ok(licences.includes(`${name} ${version}`), `${name} ${version} is not named`);
});
