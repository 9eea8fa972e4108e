// What every rider needs of a page: it fits a phone, it is accessible, it asks nobody but its own Worker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import type { Browser, Page } from "puppeteer-core";

import { publish, shippedBundle } from "../worker/publication.ts";
import { findings } from "./axe.ts";
import { BROWSERS, estimateOf, ready, type Site, startSite, visit } from "./stage.ts";

const RIDE = "/?pu=132&do=265&distance=0";
/** The narrowest phone, and what WCAG calls reflow. */
const NARROW = 320;

let site: Site;
before(async () => {
  site = await startSite();
  await publish(site.worker.bucket, { stored: await shippedBundle(), signer: site.signer });
});
after(() => site[Symbol.asyncDispose]());

/** By how many pixels the page is wider than the window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

for (const kind of BROWSERS) {
  describe(`the page in ${kind.name}`, () => {
    let browser: Browser;
    before(async () => {
      browser = await kind.launch();
    });
    after(() => browser.close());

    test("fits a phone of 320 pixels: empty, with the list open, with an estimate, with all it knows of the model", () =>
      visit(browser, site, { width: NARROW, height: 740 }, async (page) => {
        await ready(page);
        assert.equal(await overflow(page), 0);
        await page.type("#pu", "governor");
        assert.equal(await overflow(page), 0);
        await page.goto(new URL(RIDE, site.worker.url).href);
        await ready(page);
        await estimateOf(page);
        await page.click("#about summary");
        assert.equal(await overflow(page), 0);
        const small = await page.$$eval("#ride input, #ride .primary, #swap", (controls) =>
          controls.filter((control) => control.getBoundingClientRect().height < 44).map(({ id }) => id),
        );
        assert.deepEqual(small, [], "targets for a thumb are 44 pixels high");
      }));

    // Only Chromium can be told a colour scheme; the colours are the same in both.
    for (const scheme of kind.name === "Chromium" ? (["light", "dark"] as const) : [undefined]) {
      const view = scheme === undefined ? {} : { scheme };
      test(`has no fault that axe-core finds${scheme === undefined ? "" : `, ${scheme}`}`, async () => {
        await visit(browser, site, { path: RIDE, ...view }, async (page) => {
          await ready(page);
          await estimateOf(page);
          await page.click("#about summary");
          assert.deepEqual(await findings(page), []);
          await page.focus("#pu");
          await page.keyboard.press("ArrowDown");
          assert.deepEqual(await findings(page), [], "with the list open");
        });
        await visit(browser, site, view, async (page) => {
          await ready(page);
          await page.click("button[type=submit]");
          assert.deepEqual(await findings(page), [], "with faults at the fields");
        });
      });
    }

    test("comes with a strict policy and holds to it", () =>
      visit(browser, site, {}, async (page) => {
        await ready(page);
        const policy = (await site.worker.fetch("/")).headers.get("content-security-policy");
        assert.match(policy ?? "", /default-src 'none'/);
        assert.doesNotMatch(policy ?? "", /unsafe-inline|'unsafe-eval'|https?:/);
        assert.equal(await page.$$eval("script:not([src]), style, [style]", (inlined) => inlined.length), 0);
      }));

    test("streams the module, and fetches neither it nor the weights twice", async () => {
      const asked: string[] = [];
      const prepare = async (page: Page) => void page.on("request", (request) => asked.push(request.url()));
      await visit(browser, site, { prepare }, ready);
      const kinds = ["config.json", "champion.json", "curb", "wasm"];
      assert.deepEqual(
        kinds.map((kind) => `${kind} ${asked.filter((url) => url.endsWith(kind)).length}`),
        kinds.map((kind) => `${kind} 1`),
      );
      const module = new URL(asked.find((url) => url.endsWith("wasm")) ?? "");
      const response = await site.worker.fetch(module.pathname, { method: "HEAD" });
      assert.equal(response.headers.get("content-type"), "application/wasm");
      assert.match(response.headers.get("cache-control") ?? "", /immutable/, "its name says its content");
    });
  });
}
