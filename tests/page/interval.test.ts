// How sure the page says it is: the interval in words under the estimate, what a missing distance does to it, and what the
// card says of it; by a bundle that has an interval and by one that has none.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import type { Browser, Page } from "puppeteer-core";

import { rangeInWords } from "../../www/words.ts";
import { publish, shippedBundle, smallBundle } from "../worker/publication.ts";
import { BROWSERS, estimateOf, predict, ready, retype, type Site, startSite, textOf, visit } from "./stage.ts";

/** Within zones that the small bundles know. */
const PATH = "/?pu=130&do=132&at=2021-02-03T08:30";
const RIDE = { PULocationID: 130, DOLocationID: 132, pickup_datetime: "2021-02-03T08:30" };

let site: Site;
before(async () => {
  site = await startSite();
});
after(() => site[Symbol.asyncDispose]());

let sequence = 0;
async function serveBundle(stored: Buffer): Promise<void> {
  sequence += 1;
  await publish(site.worker.bucket, { stored, signer: site.signer, sequence });
}

/** The exact ends of the interval, as the page keeps them beside its words. */
async function endsOf(page: Page): Promise<number[]> {
  const title = await page.$eval("#range", (range) => (range as HTMLElement).title);
  const [, low, high] = /^(\S+) to (\S+) minutes$/.exec(title) ?? [];
  return [Number(low), Number(high)];
}

/** Where the parts below the estimate begin, in pixels. */
function placeOf(page: Page, selector: string): Promise<number> {
  return page.$eval(selector, (part) => part.getBoundingClientRect().top);
}

for (const kind of BROWSERS) {
  describe(`the interval in ${kind.name}`, () => {
    let browser: Browser;
    before(async () => {
      browser = await kind.launch();
    });
    after(() => browser.close());

    test("stands under the estimate in words that hold it, with the bits of POST /predict", async () => {
      await serveBundle(await smallBundle("with an interval"));
      await visit(browser, site, { path: `${PATH}&distance=3.66` }, async (page) => {
        await ready(page);
        const reply = await predict(site, { ...RIDE, trip_distance: 3.66 });
        assert.equal(await estimateOf(page), reply.duration);
        const { duration_low: low, duration_high: high } = reply;
        assert.ok(low !== undefined && high !== undefined && reply.coverage === 0.8, JSON.stringify(reply));
        assert.deepEqual(await endsOf(page), [low, high]);
        assert.equal(await textOf(page, "#interval"), `${rangeInWords(low, high, { unit: "minutes", high: 60 })}; 4 of 5 rides fall in it`);
        assert.match(await textOf(page, "#estimate"), /^\d+ minutes?$/);
        const isSpoken = await page.$eval("#interval", (part) => part.closest("[aria-live=polite][aria-atomic=true]") !== null);
        assert.ok(isSpoken, "told in one go with the estimate");
        await retype(page, "#distance", "abc");
        assert.equal(await page.$("#interval:not([hidden])"), null, "no interval without an estimate");
        assert.equal(await textOf(page, "#range"), "");
      });
    });

    test("is told to be wider for a distance that is not known, if it is", async () => {
      await serveBundle(await smallBundle("with an interval"));
      await visit(browser, site, { path: PATH }, async (page) => {
        await ready(page);
        await estimateOf(page);
        const { assumed, ...unknown } = await predict(site, RIDE);
        const miles = assumed?.trip_distance ?? NaN;
        const known = await predict(site, { ...RIDE, trip_distance: miles });
        const [wide = 0, narrow = 0] = [unknown, known].map(({ duration_low: low = NaN, duration_high: high = NaN }) => high - low);
        assert.ok(wide > narrow * 1.1, `a bundle to show it with: ${wide} and ${narrow}`);
        const said = await textOf(page, "#assumed");
        assert.ok(said.startsWith(`${miles.toFixed(1)} miles, estimated from the two zones. The range is wider for that`), said);
        await retype(page, "#distance", String(miles));
        assert.deepEqual(await endsOf(page), [known.duration_low, known.duration_high]);
        assert.equal(await page.$("#assumed-part:not([hidden])"), null);
      });
    });

    test("is not there by a bundle that has none, and nothing is said of it", async () => {
      await serveBundle(await smallBundle("without an interval"));
      await visit(browser, site, { path: PATH }, async (page) => {
        await ready(page);
        assert.equal(await estimateOf(page), (await predict(site, RIDE)).duration);
        assert.equal(await page.$("#interval:not([hidden])"), null);
        assert.match(await textOf(page, "#estimate"), /^about \d+ minutes?$/);
        assert.match(await textOf(page, "#assumed"), /^[\d.]+ miles, estimated from the two zones\.$/);
        await page.click("#about summary");
        assert.doesNotMatch(await textOf(page, "#about-facts"), /Range|fall in it/);
      });
    });

    test("moves nothing when the estimate changes, on phones and on a desk", async () => {
      await serveBundle(await shippedBundle());
      for (const width of [320, 375, 1000]) {
        await visit(browser, site, { path: "/?pu=130&do=205&distance=1&at=2021-02-03T08:30", width }, async (page) => {
          await ready(page);
          const places = new Set<number>();
          const said = new Set<string>();
          for (const miles of ["0.1", "3.66", "30"]) {
            await retype(page, "#distance", miles);
            await estimateOf(page);
            said.add(await textOf(page, "#estimate"));
            places.add(await placeOf(page, "#map"));
          }
          assert.equal(said.size, 3, [...said].join());
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.deepEqual([places.size, overflow], [1, 0], `the map begins at ${[...places].join(", ")} of ${width} pixels`);
        });
      }
    });

    test("has its promise among what the page knows of the model", async () => {
      await serveBundle(await smallBundle("with an interval"));
      await visit(browser, site, { path: PATH }, async (page) => {
        await ready(page);
        await page.click("#about summary");
        assert.match(await textOf(page, "#about-facts"), /Range\s+Made so that 4 of 5 rides fall in it\. Not measured yet on rides it had not seen\./);
      });
    });
  });
}
