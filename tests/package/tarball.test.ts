// The tarball itself: what is in it, which file each host gets, that its example runs and that its types hold.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { envelopeOf, makeSigner, sha256 } from "../worker/publication.ts";
import { type Installed, install, storedBundle } from "./packed.ts";
import { serve } from "./server.ts";

const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

let installed: Installed;
before(async () => {
  installed = await install();
  await installed.write("bundle.curb", await storedBundle());
});
after(() => installed[Symbol.asyncDispose]());

test("it holds the package and nothing else", (context) => {
  const found = installed.files.map(({ path }) => path);
  assert.deepEqual(found.sort(), [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "browser.js",
    "index.d.ts",
    "node.js",
    "package.json",
    "slim.d.ts",
    "slim.js",
    "src/batch.js",
    "src/bundle.js",
    "src/cache.js",
    "src/digest.js",
    "src/download.js",
    "src/engine.js",
    "src/errors.js",
    "src/estimator.js",
    "src/follow.js",
    "src/host.js",
    "src/inflate.js",
    "src/load.js",
    "src/looks.js",
    "src/manifest.js",
    "src/matrix.js",
    "src/options.js",
    "src/pace.js",
    "src/refusal.js",
    "src/serving.js",
    "src/signature.js",
    "src/status.js",
    "src/trip.js",
    "src/watch.js",
    "src/weights.js",
    "types/card.d.ts",
    "types/errors.d.ts",
    "types/estimator.d.ts",
    "types/ride.d.ts",
    "types/weights.d.ts",
    "wasm/curbside.d.ts",
    "wasm/curbside.js",
    "wasm/curbside_bg.wasm",
    "workerd.js",
  ]);
  context.diagnostic(`the tarball has ${installed.tarballBytes} bytes`);
});

test("its licences are the repository's", async () => {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    const [packed, ours] = await Promise.all([readFile(installed.url(name)), readFile(new URL(`../../${name}`, import.meta.url))]);
    assert(packed.equals(ours), `pkg/${name} is not the ${name} at the root: copy it`);
  }
});

test("each host gets its own entry point", async () => {
  const resolve = async (name: string, ...conditions: string[]): Promise<string> => {
    const flags = conditions.map((condition) => `--conditions=${condition}`);
    const said = await installed.node(...flags, "--input-type=module", "--eval", `console.log(import.meta.resolve("${name}"))`);
    return said.trim().split("/node_modules/curbside/")[1] ?? said;
  };
  assert.equal(await resolve("curbside"), "node.js");
  assert.equal(await resolve("curbside", "browser"), "browser.js");
  // As workerd's bundlers ask, who name the browser too.
  assert.equal(await resolve("curbside", "browser", "workerd"), "workerd.js");
  assert.equal(await resolve("curbside/slim"), "slim.js");
  assert.equal(await resolve("curbside/curbside.wasm"), "wasm/curbside_bg.wasm");
  await assert.rejects(resolve("curbside/wasm/curbside.js"), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

test("slim runs on the module that it is given, whichever form it has, and asks for one otherwise", async () => {
  await installed.write(
    "slim.mjs",
    `import { readFile } from "node:fs/promises";
     import { loadEstimator, EngineError } from "curbside/slim";
     const wasm = await readFile(new URL(import.meta.resolve("curbside/curbside.wasm")));
     const bytes = await readFile("bundle.curb");
     const codes = [];
     for (const bad of [undefined, new Uint8Array(4), "http://127.0.0.1:1/none.wasm", new Response("no", { status: 404 })]) {
       await loadEstimator({ bytes, wasm: bad }).catch((thrown) => codes.push(thrown instanceof EngineError && thrown.code));
     }
     const forms = { module: await WebAssembly.compile(wasm), bytes: wasm, response: new Response(wasm), streamed: new Response(wasm, { headers: { "content-type": "application/wasm" } }) };
     const estimator = await loadEstimator({ bytes, wasm: forms[process.argv[2]] });
     console.log(JSON.stringify({ codes, duration: estimator.estimate({ PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" }).duration }));`,
  );
  const said = new Set<string>();
  for (const form of ["module", "bytes", "response", "streamed"]) {
    said.add(await installed.node("slim.mjs", form));
  }
  const [only = "{}"] = [...said];
  assert.equal(said.size, 1, [...said].join());
  const { codes, duration } = JSON.parse(only) as { codes: string[]; duration: number };
  assert.deepEqual(codes, Array(4).fill("ENGINE_MODULE"));
  assert(duration >= 1 && duration <= 60);
});

test("the example in its README runs", async () => {
  const readme = await readFile(installed.url("README.md"), "utf8");
  const [, example] = /```js\n(.*?)```/s.exec(readme) ?? [];
  assert(example);
  const signer = makeSigner();
  const stored = await storedBundle();
  const manifest = "/models/ride-duration/champion.json";
  await using server = await serve({
    [manifest]: { body: envelopeOf({ stored, signer }) },
    [`/models/ride-duration/blobs/${sha256(stored)}.curb`]: { body: stored },
  });
  const here = example.replace(`https://example.org${manifest}`, server.url(manifest)).replace("BASE64_OF_YOUR_PUBLIC_KEY", signer.publicKey);
  await installed.write("example.mjs", here);
  const said = await installed.node("example.mjs");
  assert.match(said, /^\d+ minutes \{ pickup_datetime: '\d{4}-\d\d-\d\dT\d\d:\d\d' \} \[/);
  const { coverage } = await installed.curbside.loadEstimator({ bytes: stored });
  assert.equal(/\n\d+ to \d+ minutes for \d+ % of such rides\n$/.test(said), coverage !== null, said);
});

const CONSUMER = `
import { BundleError, type Estimate, type Estimator, EngineError, type Fetch, loadEstimator, type Status, TripError, WeightsError } from "curbside";
import { loadEstimator as loadSlim } from "curbside/slim";

export async function use(key: string): Promise<Estimate> {
  using estimator: Estimator = await loadEstimator({ manifest: "https://example.org/m.json", trustedKeys: [key], fetch: (url, init) => fetch(url, init) });
  const batch = estimator.estimateBatch({ PULocationID: new Float64Array(2), DOLocationID: [1, "2"], trip_distance: [null, 1], pickup_datetime: new Date() });
  const widths: number[] | undefined = batch.lows?.length === batch.highs?.length ? [] : undefined;
  const total: number = batch.durations[0]! + batch.warnings[0]! + batch.errors.length;
  const reply: { status: number; body: string } = estimator.predict({ body: "{}", now: total });
  const estimate = estimator.estimate({ PULocationID: 1, DOLocationID: 2 });
  // @ts-expect-error a bundle may have no interval
  widths?.push(estimate.duration_high - estimate.duration_low);
  if (estimate.duration_low !== null && estimate.duration_high !== null) widths?.push(estimate.duration_high - estimate.duration_low);
  const nominal: number | null = estimator.coverage ?? estimate.coverage ?? estimator.card.interval?.coverage ?? null;
  // @ts-expect-error there may be none
  const share: number = estimator.coverage;
  const measured: number = estimator.card.interval_without_distance?.covered ?? nominal ?? share;
  widths?.push(measured);
  // @ts-expect-error a distance is a number
  estimator.estimate({ PULocationID: 1, DOLocationID: 2, trip_distance: "3.66" });
  // @ts-expect-error both zones are required
  estimator.estimate({ PULocationID: 1 });
  // @ts-expect-error a manifest is nothing without trusted keys
  await loadEstimator({ manifest: "https://example.org/m.json" });
  // @ts-expect-error nothing is to be written to
  estimator.card.name = reply.body;
  // @ts-expect-error slim needs the module
  await loadSlim({ bytes: new Uint8Array() });
  await loadSlim({ bytes: new Uint8Array(), wasm: new URL("https://example.org/curbside.wasm") });
  return estimator.estimate({ PULocationID: 130, DOLocationID: "205", pickup_datetime: "2021-02-03T08:30" });
}

export async function follow(key: string, shipped: ArrayBuffer): Promise<Status> {
  const ownFetch: Fetch = async (url, init) => (init?.headers?.["if-none-match"] === "x" ? new Response(null, { status: 304 }) : fetch(url, init));
  const estimator = await loadEstimator({
    ...{ manifest: "https://example.org/m.json", trustedKeys: [key], name: "ride-duration", cache: "weights" },
    ...{ fetch: ownFetch, fallback: async () => shipped, patienceSeconds: 1 },
    follow: { everySeconds: 5, timer: false, onChange: ({ state, lastError }) => console.log(state, lastError?.code) },
  });
  // @ts-expect-error nothing is followed without a manifest
  await loadEstimator({ bytes: shipped, follow: true });
  const { state, isDue, sequence } = estimator.status;
  // @ts-expect-error there is no such state
  if (state === "broken") return estimator.status;
  return isDue && (sequence ?? 0) > 0 ? await estimator.refresh() : estimator.status;
}

export function tell(thrown: unknown): string {
  if (thrown instanceof TripError) return thrown.field ?? thrown.code;
  if (thrown instanceof BundleError) return \`\${thrown.section} \${thrown.offset}\`;
  if (thrown instanceof WeightsError && thrown.code === "BLOB_DIGEST") return thrown.url ?? "";
  // @ts-expect-error there is no such code
  if (thrown instanceof WeightsError && thrown.code === "BLOB_COLOUR") return "";
  return thrown instanceof EngineError ? thrown.code : String(thrown);
}
`;

const WORLDS = {
  "a page": { lib: ["es2024", "dom"], types: [] },
  Node: { lib: ["es2024"], types: ["node"] },
  "a Worker": { lib: ["es2024"], types: [join(MODULES, "@cloudflare/workers-types")] },
};

for (const [world, options] of Object.entries(WORLDS)) {
  test(`its types hold for ${world}, and refuse what is wrong`, async () => {
    await installed.write("consumer.ts", CONSUMER);
    const compilerOptions = {
      ...options,
      typeRoots: [join(MODULES, "@types")],
      target: "es2024",
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
    };
    await installed.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    const tsc = promisify(execFile)(process.execPath, [join(MODULES, "typescript/bin/tsc"), "--project", installed.folder]);
    await tsc.catch((thrown: { stdout?: string }) => assert.fail(thrown.stdout));
  });
}
