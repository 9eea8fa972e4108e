// Why the estimate is what it is: a part of the page that can be opened, by a bundle that can be explained and by one that cannot.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import type { Browser, Page } from "puppeteer-core";

import { contributionInWords } from "../../www/words.ts";
import { publish, smallBundle } from "../worker/publication.ts";
import { BROWSERS, estimateOf, predict, ready, retype, type Site, startSite, textOf, visit } from "./stage.ts";

const PATH = "/?pu=130&do=132&distance=3.66&at=2021-02-03T08:30";

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

/** What the list says, and what its items keep beside their words. */
function listOf(page: Page): Promise<{ words: string; amount: number }[]> {
  return page.$$eval("#why-list li:not(.why-little)", (items) =>
    items.map((item) => ({ words: item.textContent ?? "", amount: Number.parseFloat((item as HTMLElement).title) })),
  );
}

for (const kind of BROWSERS) {
  describe(`why, in ${kind.name}`, () => {
    let browser: Browser;
    before(async () => {
      browser = await kind.launch();
    });
    after(() => browser.close());

    test("tells an average ride and what moves this one from there, and follows the ride", async () => {
      await serveBundle(await smallBundle("with an interval"));
      for (const width of [320, 1000]) {
        await visit(browser, site, { path: PATH, width }, async (page) => {
          await ready(page);
          await estimateOf(page);
          assert.equal(await page.$("#why[open]"), null, "closed at first");
          await page.click("#why summary");
          await page.waitForSelector("#why-list li");
          const average = Number(/An average ride takes ([\d.]+) minutes/.exec(await textOf(page, "#why-intro"))?.[1]);
          const list = await listOf(page);
          const sum = list.reduce((all, { amount }) => all + amount, average);
          // The words have one digit after the point, and what is less than half of one is told together.
          assert.ok(Math.abs(sum - (await estimateOf(page))) < 0.3, `${sum} of ${JSON.stringify(list)}`);
          const [first] = list;
          assert.ok(first !== undefined && list.every(({ amount }) => Math.abs(amount) <= Math.abs(first.amount)), "the largest first");
          const words = first.words.split(": ")[1] ?? "";
          assert.equal(first.words, contributionInWords({ words, amount: first.amount, facts: [], columns: [] }, "minutes"));
          const bars = await page.$$eval("#why-list .why-bar", (parts) => parts.map((part) => [part.getAttribute("aria-hidden"), part.clientWidth]));
          assert.ok(bars.every(([hidden]) => hidden === "true") && Number(bars[0]?.[1]) > 100, JSON.stringify(bars));
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.equal(overflow, 0);
          await retype(page, "#distance", "");
          await estimateOf(page);
          assert.match((await listOf(page)).map((item) => item.words).join(), /assumed distance/);
        });
      }
    });

    test("is not there without an estimate, nor by a bundle that cannot be explained", async () => {
      await serveBundle(await smallBundle("with an interval"));
      await visit(browser, site, { path: PATH }, async (page) => {
        await ready(page);
        await estimateOf(page);
        await retype(page, "#distance", "abc");
        assert.equal(await page.$("#why:not([hidden])"), null);
      });
      await serveBundle(gzipSync(await readFile(new URL("../web/small-linear-leaves.curb.raw", import.meta.url))));
      await visit(browser, site, { path: PATH }, async (page) => {
        await ready(page);
        const ride = { PULocationID: 130, DOLocationID: 132, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };
        assert.equal(await estimateOf(page), (await predict(site, ride)).duration);
        assert.equal(await page.$("#why:not([hidden])"), null);
      });
    });
  });
}
