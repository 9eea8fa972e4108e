// From a month of trips to the rider, through the real servers: trained and tracked, registered, promoted, in the Workers and the open
// pages within seconds without a restart; rolled back, and changed back. At its end nobody has seen a secret.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

import type { Browser, BrowserContext, Page } from "puppeteer-core";

import { BROWSERS, estimateOf, ready } from "../page/stage.ts";
import { eventually, type RunningWorker } from "../worker/harness.ts";
import { healthOf } from "../worker/health.ts";
import { type Desk, openDesk, publicKeyOf, run, secretsOf, start, succeed, TOLD } from "./command.ts";
import { estimateRide, startEdge } from "./edge.ts";
import { findMonths } from "./months.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { wholePublication } from "./published.ts";
import { addressOf, list, read, setting, sharedPlace, untilSays } from "./servers.ts";
import { type Known, knownEstimates, LIMIT_MS, RIDES, type Swap, swapUnderLoad } from "./swap.ts";
import { mlflow, moveAlias, runsOf, trackingUri, versionAt } from "./tracking.ts";

const DAY_MS = 86_400_000;

const place = sharedPlace("chain");
// MLflow keeps what earlier runs of this test left.
const MODEL = `ride-duration-${place.prefix.replace("/", "")}`;
const EXPERIMENT = MODEL;
const STORE = addressOf(place);

let desk: Desk & { readonly key: string };
let publicKey: string;
let registry: Proxy;
let known: Known;
/** The version that each registered version calls itself, by MLflow's number. */
const VERSIONS = { 1: "boosted-2021-01", 2: "linear-2021-02" } as const;

before(async () => {
  registry = await startProxy(trackingUri());
  desk = await openDesk(place, {
    MLFLOW_TRACKING_URI: registry.url,
    MLFLOW_EXPERIMENT_NAME: EXPERIMENT,
    MLFLOW_S3_ENDPOINT_URL: place.endpoint,
  });
  publicKey = await publicKeyOf(desk);
});
after(async () => {
  await registry?.[Symbol.asyncDispose]();
  await rm(desk.folder, { recursive: true, force: true });
});

const toStore = (): readonly string[] => ["--to", STORE, "--alias", "champion", "--key", desk.key];

describe("a data scientist", () => {
  test("trains on a month, and registers what came of it", async () => {
    const months = await findMonths(desk);
    const [january, february] = months.files;
    const [boosted, linear] = [join(desk.folder, "boosted.curb"), join(desk.folder, "linear.curb")];
    const training = (month: string, version: string, out: string): string[] =>
      ["train", "--from", month, "--version", version, "--out", out, "--register", MODEL, ...months.zones];
    await succeed(desk, [...training(january, VERSIONS[1], boosted), "--alias", "challenger"]);
    await succeed(desk, [...training(february, VERSIONS[2], linear), "--model", "linear"]);
    assert.equal(await versionAt(MODEL, "challenger"), "1");
    known = await knownEstimates(desk, { [VERSIONS[1]]: boosted, [VERSIONS[2]]: linear });
    assert.notDeepEqual(known.get(VERSIONS[1]), known.get(VERSIONS[2]));
    const runs = await runsOf(EXPERIMENT);
    assert.deepEqual(runs.map(({ info }) => info.status), ["FINISHED", "FINISHED"]);
    for (const { data, inputs } of runs) {
      assert.ok(data.params.length > 0, "a run has parameters");
      assert.ok((inputs?.dataset_inputs ?? []).some(({ dataset }) => dataset.digest.length > 0), "a run has its dataset");
    }
    assert.ok(runs.some(({ data }) => (data.metrics ?? []).some(({ key }) => /rmse/.test(key))), "a run has its error");
  });

  test("promotes: storage and MLflow's alias in one act, and again changes nothing", async () => {
    const said = await succeed(desk, ["promote", `models:/${MODEL}@challenger`, ...toStore()]);
    assert.match(said, /storage/);
    const manifest = await wholePublication(place, publicKey);
    assert.deepEqual([manifest.version, manifest.mlflow_model, manifest.mlflow_model_version], [VERSIONS[1], MODEL, "1"]);
    assert.equal(await versionAt(MODEL, "champion"), "1");
    await succeed(desk, ["promote", `models:/${MODEL}@challenger`, ...toStore()]);
    assert.equal((await wholePublication(place, publicKey)).sequence, manifest.sequence);
  });

  test("does the same where the tracking server leaves artifacts on S3 to its clients", async () => {
    const elsewhere = sharedPlace("chain-direct");
    const direct = { ...desk, env: { ...desk.env, MLFLOW_TRACKING_URI: setting("CURBSIDE_TEST_MLFLOW_DIRECT") } };
    await succeed(direct, ["register", join(desk.folder, "linear.curb"), "--name", MODEL, "--alias", "challenger"]);
    await succeed(direct, ["promote", `models:/${MODEL}@challenger`, "--to", addressOf(elsewhere), "--alias", "champion", "--key", desk.key]);
    const manifest = await wholePublication(elsewhere, publicKey);
    assert.deepEqual([manifest.version, manifest.mlflow_model, manifest.mlflow_model_version], [VERSIONS[2], MODEL, "1"]);
  });
});

describe("riders", () => {
  let workers: RunningWorker[] = [];
  let pages: { readonly name: string; readonly page: Page; readonly browser: Browser; readonly context: BrowserContext }[] = [];
  const complaints: string[] = [];
  before(async () => {
    await promisify(execFile)(process.execPath, ["www/build.mjs"], { cwd: new URL("../../", import.meta.url) });
    const trusted = [publicKey];
    workers = [await startEdge(place, { trusted }), await startEdge(place, { trusted, fallback: "shipped" })];
    const url = `/?pu=${RIDES[0]?.PULocationID}&do=${RIDES[0]?.DOLocationID}&distance=${RIDES[0]?.trip_distance}&at=${RIDES[0]?.pickup_datetime}`;
    pages = await Promise.all(
      BROWSERS.map(async ({ name, launch }) => {
        const browser = await launch();
        const context = await browser.createBrowserContext();
        const page = await context.newPage();
        page.on("pageerror", (error) => complaints.push(`${name}: uncaught: ${String(error)}`));
        page.on("console", (message) => void (message.type() === "error" && complaints.push(`${name}: ${message.text()}`)));
        await page.evaluateOnNewDocument(jumpingClock);
        await page.goto(new URL(url, workers[0]?.url).href);
        await ready(page);
        return { name, page, browser, context };
      }),
    );
  });
  after(async () => {
    await Promise.all(pages.map(async ({ page, browser }) => {
      TOLD.push({ by: "a page", text: await page.content() });
      await browser.close();
    }));
    for (const worker of workers) {
      for (const path of ["/", "/health", "/config.json", "/models/ride-duration/champion.json"]) {
        TOLD.push({ by: `GET ${path}`, text: await (await worker.fetch(path)).text() });
      }
      TOLD.push({ by: "a Worker's log", text: worker.log() });
      await worker[Symbol.asyncDispose]();
    }
  });

  /** Every Worker and every page follow; none was started again. */
  function swap(name: string, to: string, move: () => Promise<unknown>): Promise<void> {
    const others: Swap["others"] = pages.map(({ name: who, page }) => ({ name: who, arrived: () => shows(page, known.get(to)?.[0] ?? NaN) }));
    return swapUnderLoad({ name, workers, known, to, move: async () => void (await move()), others });
  }

  test("see the promoted model", async () => {
    for (const worker of workers) {
      await eventually(() => healthOf(worker), ({ status, version }) => status === "ok" && version === VERSIONS[1]);
    }
    for (const { page } of pages) {
      assert.equal(await estimateOf(page), known.get(VERSIONS[1])?.[0]);
    }
  });

  test("see another one within seconds of an alias that is moved in MLflow, whatever their clocks say", async () => {
    const { child, ended } = start(desk, ["promote", `models:/${MODEL}@champion`, ...toStore(), "--follow"]);
    try {
      await untilSays(child, /./);
      await pages[1]?.page.evaluate((jump) => Object.assign(globalThis, { jump }), DAY_MS);
      await swap("an alias moved in MLflow, and followed", VERSIONS[2], () => moveAlias(MODEL, "champion", "2"));
      await pages[1]?.page.evaluate((jump) => Object.assign(globalThis, { jump }), -DAY_MS);
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
    assert.equal((await wholePublication(place, publicKey)).mlflow_model_version, "2");
  });

  test("see the earlier one again after a rollback, which MLflow's alias follows", async () => {
    const { sequence } = await wholePublication(place, publicKey);
    await swap("rolled back", VERSIONS[1], () => succeed(desk, ["rollback", STORE, "--alias", "champion", "--key", desk.key]));
    const manifest = await wholePublication(place, publicKey);
    assert.deepEqual([manifest.sequence, manifest.version], [sequence + 1, VERSIONS[1]]);
    assert.equal(await versionAt(MODEL, "champion"), "1");
  });

  test("and the later one once more", async () => {
    await swap("promoted again", VERSIONS[2], () => succeed(desk, ["promote", `models:/${MODEL}/2`, ...toStore()]));
    assert.equal(await versionAt(MODEL, "champion"), "2");
  });

  test("do not notice that the registry is down, and its alias is followed when it is back", async () => {
    const { child, ended } = start(desk, ["promote", `models:/${MODEL}@champion`, ...toStore(), "--follow"]);
    try {
      await untilSays(child, /./);
      registry.close();
      // Neither a Worker that starts now nor one that runs asks it anything.
      await using late = await startEdge(place, { trusted: [publicKey] });
      await eventually(() => healthOf(late), ({ status, version }) => status === "ok" && version === VERSIONS[2]);
      const { code, stderr } = await run(desk, ["promote", `models:/${MODEL}/1`, ...toStore(), "--json"]);
      assert.equal(code, 1);
      assert.match((JSON.parse(stderr) as { error: { code: string } }).error.code, /^REGISTRY_/);
      assert.equal((await wholePublication(place, publicKey)).version, VERSIONS[2]);
      await moveAlias(MODEL, "champion", "1");
      assert.equal(child.exitCode, null, "who follows an alias outlives a registry that is down");
      registry.open();
      const opened = performance.now();
      await eventually(() => healthOf(late), ({ version }) => version === VERSIONS[1]);
      console.log(`the registry is back, and the Worker has what it says after ${((performance.now() - opened) / 1000).toFixed(1)} s`);
      assert.equal((await estimateRide(late, RIDES[0] ?? assert.fail())).duration, known.get(VERSIONS[1])?.[0]);
      TOLD.push({ by: "a Worker's log", text: late.log() });
    } finally {
      registry.open();
      child.kill("SIGTERM");
      await ended;
    }
  });

  test("have seen no fault on any page", () => assert.deepEqual(complaints, []));
});

describe("secrets", () => {
  test("are in nothing that was printed, logged, published, tracked or served", async () => {
    for (const key of await list(place)) {
      const bytes = await read(place, key);
      TOLD.push({ by: `the object ${key}`, text: (key.endsWith(".curb") ? gunzipSync(bytes) : bytes).toString("latin1") });
    }
    const artifacts = { ...place, bucket: "mlflow", prefix: "" };
    for (const key of await list(artifacts)) {
      const bytes = await read(artifacts, key);
      TOLD.push({ by: `the artifact ${key}`, text: (bytes.readUInt16BE() === 0x1f8b ? gunzipSync(bytes) : bytes).toString("latin1") });
    }
    TOLD.push({ by: "MLflow's runs", text: JSON.stringify(await runsOf(EXPERIMENT)) });
    TOLD.push({ by: "MLflow's versions", text: JSON.stringify(await mlflow("GET", "/model-versions/search?max_results=100")) });
    const [texts, secrets] = [TOLD.length, Object.entries(await secretsOf(desk))];
    for (const source of ["curbside train", "curbside promote", "curbside rollback", "GET /health", "GET /config.json", "a page", "a Worker's log", "the object models/ride-duration/champion.json", "MLflow's runs"]) {
      assert.ok(TOLD.some(({ by, text }) => by === source && text.length > 0), `nothing of ${source} was looked at`);
    }
    for (const { by, text } of TOLD) {
      for (const [name, secret] of secrets) {
        assert.ok(secret.length >= 32 && !text.includes(secret), `${by} tells ${name}`);
      }
    }
    console.log(`${texts} texts hold none of ${secrets.map(([name]) => name).join(", ")}`);
    assert.equal(setting("AWS_SECRET_ACCESS_KEY"), desk.env["AWS_SECRET_ACCESS_KEY"]);
  });
});

/** Waits until the page shows this estimate, to the bit. */
async function shows(page: Page, duration: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => Number((document.getElementById("duration") as HTMLDataElement | null)?.value) === wanted,
    { timeout: LIMIT_MS, polling: 50 },
    duration,
  );
}

/** In the page, before anything else: a clock that can be set by `jump`. */
function jumpingClock(): void {
  const Real = Date;
  const now = (): number => Real.now() + ((globalThis as { jump?: number }).jump ?? 0);
  globalThis.Date = class extends Real {
    constructor(...values: []) {
      super(...((values.length === 0 ? [now()] : values) as []));
    }
    static override now(): number {
      return now();
    }
  } as DateConstructor;
}
