// The page on its real Worker in real browsers. Whatever a browser complains about fails the test that caused it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { type Browser, launch, type Page } from "puppeteer-core";

import { type RunningWorker, startWorker } from "../worker/harness.ts";
import { makeSigner, type Signer } from "../worker/publication.ts";

const ROOT = new URL("../../", import.meta.url);
/** Where wrangler.toml has the page served from. */
const SITE = fileURLToPath(new URL(".curbside/site", ROOT));

/** A browser to test in. */
export interface BrowserKind {
  readonly name: "Chromium" | "Firefox";
  launch(): Promise<Browser>;
}

/** Root in a container has no sandbox to give; the rest keeps the browser off the network. */
const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
  "--lang=en-US",
];

const FIREFOX_PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.downloads.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

/** Both browsers. */
export const BROWSERS: readonly BrowserKind[] = [
  {
    name: "Chromium",
    launch: () =>
      launch({ browser: "chrome", executablePath: process.env["CURBSIDE_CHROMIUM"] ?? "/usr/bin/chromium", args: CHROMIUM_ARGUMENTS }),
  },
  {
    name: "Firefox",
    launch: () =>
      launch({
        browser: "firefox",
        executablePath: process.env["CURBSIDE_FIREFOX"] ?? "/usr/bin/firefox-esr",
        extraPrefsFirefox: FIREFOX_PREFERENCES,
      }),
  },
];

/** The Worker with the page, and the key whose manifests it believes. */
export interface Site extends AsyncDisposable {
  readonly worker: RunningWorker;
  readonly signer: Signer;
}

/** What a test may choose about a site. */
export interface SiteOptions {
  /** How soon page and Worker look for newer weights; long unless told. */
  readonly ttlSeconds?: number;
  /** Whose manifests it believes; a key of its own unless told. */
  readonly signer?: Signer;
  /** The folder of another page than this repository's. */
  readonly www?: string;
}

/** Builds the page as `up` does and starts the Worker, with nothing in its bucket. */
export async function startSite({ ttlSeconds = 3600, signer = makeSigner(), www = "www" }: SiteOptions = {}): Promise<Site> {
  await promisify(execFile)(process.execPath, [join(www, "build.mjs"), SITE], { cwd: ROOT });
  const worker = await startWorker({ trusted: [signer], ttlSeconds });
  return { worker, signer, [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose]() };
}

/** How a page is looked at. */
export interface View {
  /** Path and query. */
  readonly path?: string;
  readonly width?: number;
  readonly height?: number;
  /** Chromium only. */
  readonly scheme?: "light" | "dark";
  /** Complaints that belong to the test: a weight that is meant to be missing is also told on the console. */
  readonly expected?: RegExp;
  /** Prepares the page before anything is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Opens the page, has `visit` look at it, and fails on any complaint and on any request to another place. */
export async function visit(browser: Browser, site: Site, view: View, look: (page: Page) => Promise<void>): Promise<void> {
  const { origin } = site.worker.url;
  // A context of its own, so that nothing is cached from one visit to the next.
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") {
      complaints.push(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${String(error)}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "data:" && url.protocol !== "about:") {
      complaints.push(`a request to ${url.href}`);
    }
  });
  try {
    await page.setViewport({ width: view.width ?? 1000, height: view.height ?? 900 });
    if (view.scheme !== undefined) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
    }
    await view.prepare?.(page);
    await page.goto(new URL(view.path ?? "/", origin).href);
    await look(page);
    const unexpected = complaints.filter((complaint) => view.expected?.test(complaint) !== true);
    assert.deepEqual(unexpected, [], "the browser complained");
  } finally {
    await context.close();
  }
}

/** Waits until the form can be used. */
export async function ready(page: Page): Promise<void> {
  await page.waitForSelector("#ride-fields:enabled #pu", { timeout: 60_000 });
}

/** Waits until the browser has kept page and weights, so that it may be without a network from now on. */
export async function kept(page: Page): Promise<void> {
  await page.waitForFunction(
    async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return registration?.active?.state === "activated" && (await (await caches.open("curbside-weights")).keys()).length > 0;
    },
    { timeout: 60_000 },
  );
}

/** Waits until an element's text is as it should be, and fails with what it was last. */
export async function says(page: Page, selector: string, wanted: RegExp): Promise<string> {
  const { source, flags } = wanted;
  try {
    await page.waitForFunction(
      (where, pattern, how) => new RegExp(pattern, how).test((document.querySelector(where) as HTMLElement | null)?.innerText ?? ""),
      { timeout: 60_000 },
      selector,
      source,
      flags,
    );
  } catch (cause) {
    throw new Error(`${selector}: expected ${String(wanted)}, found still: ${await textOf(page, selector)}`, { cause });
  }
  return textOf(page, selector);
}

/** Waits for an estimate and reads its bits: the number is printed with every digit. */
export async function estimateOf(page: Page): Promise<number> {
  await page.waitForSelector("#estimate:not([hidden])", { timeout: 60_000 });
  const text = await page.$eval("#duration", (duration) => (duration as HTMLDataElement).value);
  assert.match(text, /^\d/);
  return Number(text);
}

/** An element's text, as it is shown. */
export function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (found) => ((found as HTMLElement).innerText ?? "").trim());
}

/** A field's value. */
export function valueOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (found) => (found as HTMLInputElement).value);
}

/** Types over what stands in a field. */
export async function retype(page: Page, selector: string, text: string): Promise<void> {
  await page.focus(selector);
  await page.$eval(selector, (found) => (found as HTMLInputElement).select());
  await page.keyboard.press("Backspace");
  await page.keyboard.type(text);
}

/** A reply of `POST /predict`; the interval is there if the bundle has one. */
export interface Reply {
  readonly duration: number;
  readonly duration_low?: number;
  readonly duration_high?: number;
  readonly coverage?: number;
  readonly assumed?: { readonly trip_distance?: number };
}

/** What `POST /predict` of the same Worker says of a ride. */
export async function predict(site: Site, ride: object): Promise<Reply> {
  const response = await site.worker.fetch("/predict", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(ride),
  });
  assert.equal(response.status, 200);
  return (await response.json()) as Reply;
}
