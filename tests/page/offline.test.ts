// The page without a network, or with a bad one: it opens from what the browser has kept, and its files are never a mixture.

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "puppeteer-core";

import { publish, shippedBundle } from "../worker/publication.ts";
import { Road } from "./road.ts";
import { BROWSERS, estimateOf, kept, ready, says, type Site, startSite, textOf, visit } from "./stage.ts";

const RIDE = "/?pu=132&do=230&distance=17.5&at=2021-02-03T08:30";
/** What browsers themselves say of requests that nobody answers, or answers with a fault. */
const NO_NETWORK = /Failed to load resource|NetworkError|ERR_|failed to load|did not succeed|interrupted|sw\.js/i;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const stored = await shippedBundle();

/** Another page than this repository's, as a later deployment would bring it: another heading, by script and by mark-up. */
async function laterPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "curbside-later-"));
  await cp(join(ROOT, "www"), join(folder, "www"), { recursive: true });
  for (const name of ["pkg", "node_modules", "tsconfig.json"]) {
    await symlink(join(ROOT, name), join(folder, name));
  }
  const change = async (name: string, from: string, to: string) => {
    const path = join(folder, "www", name);
    const text = await readFile(path, "utf8");
    assert.ok(text.includes(from), `${name}: expected ${from}`);
    await writeFile(path, text.replace(from, to));
  };
  await change("index.html", "How long will the ride take?</p>", "How long will it take this time?</p>");
  await change("main.ts", "void start(false);", 'document.documentElement.dataset["page"] = "later";\nvoid start(false);');
  return folder;
}

/** Which deployment's page is open, by its mark-up and by its script. */
async function deployment(page: Page): Promise<readonly string[]> {
  const script = await page.evaluate(() => document.documentElement.dataset["page"] ?? "first");
  return [/this time/.test(await textOf(page, ".top p")) ? "later" : "first", script];
}

/** How long the weights took to be fetched, and from the page's script to the first estimate, in words. */
async function timings(page: Page): Promise<string> {
  const fetched = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter(({ name }) => name.endsWith(".curb"))
      .map(({ duration }) => `fetching ${duration.toFixed()} ms; `)
      .join(""),
  );
  const about = await page.$eval("#about", (part) => part.textContent ?? "");
  return `${fetched}in all, ${/(Fetched|Taken from [^,]*), verified and opened in \d+ ms/.exec(about)?.[0].toLowerCase() ?? "nothing"}`;
}

/** Has the page look for a newer deployment, and waits for what becomes of its service worker. */
function outcomeOfUpdate(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const outcome = new Promise<string>((resolve) => {
      registration.addEventListener("updatefound", () => {
        const worker = registration.installing;
        worker?.addEventListener("statechange", () => {
          if (worker.state === "activated" || worker.state === "redundant") {
            resolve(worker.state);
          }
        });
      });
    });
    await registration.update();
    return outcome;
  });
}

for (const kind of BROWSERS) {
  describe(`a page that was kept in ${kind.name}`, () => {
    let browser: Browser;
    let site: Site;
    before(async () => {
      browser = await kind.launch();
      site = await startSite({ ttlSeconds: 1 });
      await publish(site.worker.bucket, { stored, signer: site.signer });
    });
    after(async () => {
      await browser.close();
      await site[Symbol.asyncDispose]();
    });

    test("opens without a network, estimates to the same bits, and says since when it has not heard of newer weights", async () => {
      await using road = await Road.to(site);
      await visit(browser, road.site, { path: RIDE, expected: NO_NETWORK }, async (page) => {
        await ready(page);
        const estimate = await estimateOf(page);
        await kept(page);
        console.log(`${kind.name}, first visit: ${await timings(page)}`);
        road.close();
        for (const time of ["the first time", "the second time"]) {
          await page.reload();
          await ready(page);
          assert.equal(await estimateOf(page), estimate, time);
          await says(page, "#model-standing", /^(This device is offline|This site does not answer).* the newest at \d+:\d\d [AP]M\.$/);
        }
        console.log(`${kind.name}, without a network: ${await timings(page)}`);
        await page.click("#about summary");
        await says(page, "#about", /FETCH_FAILED/);
        assert.match(await textOf(page, "#about"), /Found to be the newest at/);
        assert.match(await textOf(page, "#about"), /Taken from this device’s copy, verified and opened in/);
        // And back: nothing needs to be reloaded.
        road.open();
        await says(page, "#model-standing", /^$/);
        await page.waitForFunction(() => !/FETCH_FAILED/.test(document.getElementById("about")?.innerText ?? ""), { timeout: 60_000 });
        assert.equal(await estimateOf(page), estimate);
      });
    });

    test("opens while the network is slow, and while the site answers with faults", async () => {
      await using road = await Road.to(site);
      await visit(browser, road.site, { path: RIDE, expected: NO_NETWORK }, async (page) => {
        await ready(page);
        const estimate = await estimateOf(page);
        await kept(page);
        for (const obstacle of [{ afterMilliseconds: 120_000 }, { answer: { status: 500, body: "<h1>Sorry</h1>" } }]) {
          road.obstacles = [{ path: /^\/($|\?|config|models)/, ...obstacle }];
          const started = performance.now();
          await page.reload();
          await ready(page);
          assert.equal(await estimateOf(page), estimate);
          const took = performance.now() - started;
          assert.ok(took < 60_000, `expected it well before the network's 120 s, found ${took.toFixed()} ms`);
        }
      });
    });

    test("asks its Worker for what is not the page's own: neither weights nor estimates are kept with the page", async () => {
      await using road = await Road.to(site);
      await visit(browser, road.site, { path: RIDE, expected: NO_NETWORK }, async (page) => {
        await ready(page);
        await kept(page);
        await page.reload();
        await ready(page);
        const asked = await page.evaluate(async () => {
          const body = JSON.stringify({ PULocationID: 132, DOLocationID: 230 });
          const ask = () => fetch("/predict", { method: "POST", headers: { "content-type": "application/json" }, body });
          return { isControlled: navigator.serviceWorker.controller !== null, status: (await ask()).status };
        });
        assert.deepEqual(asked, { isControlled: true, status: 200 });
        const paths = await page.evaluate(async () => {
          const names = (await caches.keys()).filter((name) => name !== "curbside-weights");
          const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
          return requests.flat().map(({ url }) => new URL(url).pathname.replace(/-[A-Z0-9]{8}\./, "."));
        });
        assert.deepEqual(paths.sort(), ["/", "/config.json", "/files/curbside_bg.wasm", "/files/icon.svg", "/files/main.js", "/files/style.css"]);
        road.close();
        const offline = await page.evaluate(() => fetch("/predict", { method: "POST", body: "{}" }).then(String, () => "no answer"));
        assert.equal(offline, "no answer");
      });
    });

    test("works as ever where there are no service workers", () =>
      visit(
        browser,
        site,
        {
          path: RIDE,
          prepare: async (page) =>
            void (await page.evaluateOnNewDocument(() => Reflect.deleteProperty(Navigator.prototype, "serviceWorker"))),
        },
        async (page) => {
          await ready(page);
          await estimateOf(page);
          assert.equal(await page.evaluate(() => "serviceWorker" in navigator), false);
        },
      ));

    test("is replaced by a newer deployment on the next load, whole or not at all, and says so while it is open", async () => {
      await using road = await Road.to(site);
      const later = await laterPage();
      await visit(browser, road.site, { path: RIDE, expected: NO_NETWORK }, async (page) => {
        await ready(page);
        await kept(page);
        await page.reload();
        await ready(page);
        assert.deepEqual(await deployment(page), ["first", "first"]);

        await using newer = await startSite({ ttlSeconds: 1, signer: site.signer, www: join(later, "www") });
        await publish(newer.worker.bucket, { stored, signer: site.signer });
        road.leadTo(newer);
        // A deployment of which one file is not there yet, or another's: it must not be kept.
        road.obstacles = [{ path: /^\/files\/main-/, answer: { status: 200, body: "// another file" } }];
        assert.equal(await outcomeOfUpdate(page), "redundant");
        road.close();
        await page.reload();
        await ready(page);
        assert.deepEqual(await deployment(page), ["first", "first"], "half a deployment was not kept");

        road.open();
        road.obstacles = [];
        // As a page does that is looked at again after an hour.
        assert.equal(await outcomeOfUpdate(page), "activated");
        await says(page, "#newer-page", /There is a newer version of this page\./);
        assert.deepEqual(await deployment(page), ["first", "first"], "an open page is left alone");
        const script = await page.$eval("script", ({ src }) => src);
        road.close();
        assert.equal(await page.evaluate(async (url) => (await fetch(url, { cache: "no-store" })).status, script), 200, "and one that is just opening gets its own files");
        road.open();
        await Promise.all([page.waitForNavigation(), page.click("#newer-page button")]);
        await ready(page);
        assert.deepEqual(await deployment(page), ["later", "later"]);
        await kept(page);
        road.close();
        await page.reload();
        await ready(page);
        await estimateOf(page);
        assert.deepEqual(await deployment(page), ["later", "later"], "and it is the newer one that is kept");
      });
      await rm(later, { recursive: true });
      // The next test's site is this repository's again.
      await site[Symbol.asyncDispose]();
      site = await startSite({ ttlSeconds: 1 });
      await publish(site.worker.bucket, { stored, signer: site.signer });
    });

    test("takes a newer deployment on the very next load, without having looked for it before", async () => {
      await using road = await Road.to(site);
      const later = await laterPage();
      await visit(browser, road.site, { path: RIDE, expected: NO_NETWORK }, async (page) => {
        await ready(page);
        await kept(page);
        await using newer = await startSite({ ttlSeconds: 1, signer: site.signer, www: join(later, "www") });
        await publish(newer.worker.bucket, { stored, signer: site.signer });
        road.leadTo(newer);
        await page.reload();
        await ready(page);
        await estimateOf(page);
        assert.deepEqual(await deployment(page), ["later", "later"]);
        assert.equal(await textOf(page, "#newer-page"), "");
      });
      await rm(later, { recursive: true });
    });
  });
}
