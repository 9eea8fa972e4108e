// Another model while the page is open: published, rolled back, refused. The rider sees it, and is not disturbed by it.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import type { Browser, Page } from "puppeteer-core";

import { altered, makeSigner, MANIFEST_KEY, type Publication, publish, shippedBundle, smallBundle } from "../worker/publication.ts";
import { findings } from "./axe.ts";
import { Road } from "./road.ts";
import { BROWSERS, estimateOf, kept, predict, ready, says, type Site, startSite, textOf, valueOf, visit } from "./stage.ts";

const AT = "2021-02-03T08:30";
/** Zones that the small bundle knows too; it knows only three. */
const [JFK, JAMAICA, TIMES_SQUARE] = [132, 130, 230];
const RIDE = `/?pu=${JFK}&do=${JAMAICA}&distance=3.5&at=${AT}`;
const ASKED = { PULocationID: JFK, DOLocationID: JAMAICA, trip_distance: 3.5, pickup_datetime: AT };

const stored = await shippedBundle();
const small = await smallBundle("with an interval");
/** The shipped model as if it had been trained a month later: another card. */
const later = altered(
  stored,
  (bundle) => Buffer.from(bundle.toString("latin1").replace("\x072024-01\n2024-01-31", "\x072024-02\n2024-02-29"), "latin1"),
  true,
);
const ofNewerFormat = altered(
  stored,
  (bundle) => {
    bundle.writeUInt16LE(999, 8);
    return bundle;
  },
  true,
);

/** Writes down what would make the estimate flicker: that it is hidden or empty for a moment, or more than one other number. */
async function watchForFlicker(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    const [estimate, duration] = [document.getElementById("estimate"), document.getElementById("duration")];
    new MutationObserver(() => seen.push(estimate?.hidden === true ? "hidden" : (duration?.textContent ?? ""))).observe(
      document.getElementById("result") as HTMLElement,
      { subtree: true, childList: true, characterData: true, attributes: true },
    );
  });
  return async () => [...new Set(await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen))];
}

for (const kind of BROWSERS) {
  describe(`a model that changes under an open page in ${kind.name}`, () => {
    let browser: Browser;
    let site: Site;
    let sequence = 0;
    before(async () => {
      browser = await kind.launch();
      site = await startSite({ ttlSeconds: 1 });
    });
    after(async () => {
      await browser.close();
      await site[Symbol.asyncDispose]();
    });
    const next = (bytes: Buffer, otherwise: Partial<Publication> = {}) => {
      sequence += 1;
      return publish(site.worker.bucket, { stored: bytes, signer: site.signer, sequence, ...otherwise });
    };
    beforeEach(() => next(stored));

    test("the estimate on screen is the new model's within seconds, and the old one's again after a rollback", () =>
      visit(browser, site, { path: RIDE }, async (page) => {
        await ready(page);
        const before = await estimateOf(page);
        await page.click("#about summary");
        await page.focus("#distance");
        const flicker = await watchForFlicker(page);
        const started = performance.now();
        await next(small);
        await says(page, "#model-news", /^Estimates now come from .* model, test 1\.$/);
        const took = performance.now() - started;
        console.log(`${kind.name}: published, and on screen after ${took.toFixed()} ms, looking every second`);
        const estimate = await estimateOf(page);
        assert.notEqual(estimate, before);
        assert.equal(estimate, await predictUntil(estimate), "the Worker's estimate, to the bit");
        assert.equal(await page.evaluate(() => document.activeElement?.id), "distance", "the focus stays");
        assert.equal((await flicker()).length, 1, `one change and no flicker: ${(await flicker()).join(", ")}`);
        assert.match(await textOf(page, "#provenance"), /by model test 1 /);
        const about = await textOf(page, "#about");
        assert.match(about, /test 1/);
        assert.match(about, new RegExp(`publication ${sequence} of`));
        assert.match(about, /In use since they replaced others at/);

        await next(stored);
        await says(page, "#model-news", /ride-duration 2024-01\.$/);
        assert.equal(await estimateOf(page), before);
        // News is for once: it goes with the rider's next word.
        await page.type("#distance", "1");
        assert.equal(await textOf(page, "#model-news"), "");

        /** The Worker follows by a clock of its own. */
        async function predictUntil(wanted: number): Promise<number> {
          for (let tries = 0; ; tries += 1) {
            const { duration } = await predict(site, ASKED);
            if (duration === wanted || tries === 50) {
              return duration;
            }
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        }
      }));

    test("it is called newer or earlier by what it learned from, and a mere publication of the same is no news", () =>
      visit(browser, site, { path: RIDE }, async (page) => {
        await ready(page);
        await estimateOf(page);
        await next(later);
        await says(page, "#model-news", /^Estimates now come from a newer model, ride-duration 2024-02\.$/);
        await next(stored);
        await says(page, "#model-news", /^Estimates now come from an earlier model, ride-duration 2024-01\.$/);
        await page.type("#distance", "1");
        await page.click("#about summary");
        await next(stored);
        await says(page, "#about", new RegExp(`publication ${sequence} of`));
        assert.equal(await textOf(page, "#model-news"), "");
      }));

    test("explanations are its own, and an open one is told anew", () =>
      visit(browser, site, { path: RIDE }, async (page) => {
        await ready(page);
        await estimateOf(page);
        await page.click("#why summary");
        const why = await textOf(page, "#why");
        await next(small);
        await says(page, "#model-news", /test 1/);
        assert.notEqual(await textOf(page, "#why"), why);
      }));

    test("a zone that it does not know is said to be none, and whoever is choosing goes on choosing", () =>
      visit(browser, site, { path: `/?pu=${JFK}&do=${TIMES_SQUARE}&at=${AT}` }, async (page) => {
        await ready(page);
        await estimateOf(page);
        await page.focus("#pu");
        await page.keyboard.press("ArrowDown");
        const zones = () => page.$$eval("#pu-list [role=option]", (options) => options.length);
        const dots = () => page.$$eval("#map .zone", (circles) => circles.length);
        assert.equal(await zones(), 265);
        await next(small);
        await says(page, "#do-error", /“Times Sq\/Theatre District” is not one zone/);
        assert.equal(await zones(), 3);
        assert.equal(await dots(), 2);
        assert.equal(await page.evaluate(() => document.activeElement?.id), "pu");
        assert.equal(await page.$eval("#pu", (field) => field.getAttribute("aria-expanded")), "true");
        assert.equal(await valueOf(page, "#pu"), "JFK Airport");
        await next(stored);
        await page.waitForFunction(() => document.querySelectorAll("#pu-list [role=option]").length === 265, { timeout: 60_000 });
        assert.equal(await dots(), 263);
        await page.keyboard.press("Escape");
        await page.focus("#do");
        await page.keyboard.press("Tab");
        await estimateOf(page);
      }));

    test("one that must not be believed is refused: the last good one goes on, and the part about the model says by which code", () =>
      visit(browser, site, { path: RIDE, expected: /status of 404|NetworkError/ }, async (page) => {
        await ready(page);
        const estimate = await estimateOf(page);
        await page.click("#about summary");
        const good = sequence;
        const refused: readonly (readonly [code: string, standing: RegExp, publication: () => Promise<void>])[] = [
          ["MANIFEST_SIGNATURE", /did not pass this page’s checks/, () => next(later, { tamper: (envelope) => void (envelope.signature = Buffer.alloc(64).toString("base64")) })],
          ["MANIFEST_KEY", /did not pass this page’s checks/, () => next(later, { signer: makeSigner() })],
          ["MANIFEST_SEQUENCE", /did not pass this page’s checks/, () => next(later, { sequence: good - 1 })],
          ["MANIFEST_NAME", /did not pass this page’s checks/, () => next(later, { amend: (manifest) => void (manifest["name"] = "fares") })],
          ["BUNDLE_VERSION", /needs a newer version of this page: reload it/, () => next(ofNewerFormat)],
        ];
        for (const [code, standing, publication] of refused) {
          await publication();
          await says(page, "#about", new RegExp(`${code}, at `));
          assert.match(await textOf(page, "#model-standing"), standing, code);
          assert.match(await textOf(page, "#model-standing"), /estimates come from the model that was the newest at \d/i);
          assert.equal(await estimateOf(page), estimate, code);
          assert.match(await textOf(page, "#about"), new RegExp(`publication ${good} of`));
        }
        assert.deepEqual(await findings(page), [], "with a refusal told");
        await next(later);
        await says(page, "#model-standing", /^$/);
        assert.deepEqual(await findings(page), [], "with news told");
        assert.doesNotMatch(await textOf(page, "#about"), /BUNDLE_VERSION/);
        assert.match(await textOf(page, "#provenance"), /2024-02/);
      }));

    test("one of an older sequence is refused after a reload as well, since the browser has kept a later one", () =>
      visit(browser, site, { path: RIDE }, async (page) => {
        await ready(page);
        await estimateOf(page);
        await kept(page);
        await publish(site.worker.bucket, { stored: later, signer: site.signer, sequence: sequence - 1 });
        await page.reload();
        await ready(page);
        await page.click("#about summary");
        await says(page, "#about", /MANIFEST_SEQUENCE/);
        assert.match(await textOf(page, "#provenance"), /2024-01/);
      }));

    test("weights that go missing are told only once that has lasted", () =>
      visit(browser, site, { path: RIDE, expected: /status of 404/ }, async (page) => {
        await ready(page);
        await estimateOf(page);
        await page.click("#about summary");
        await site.worker.bucket.delete(MANIFEST_KEY);
        await says(page, "#about", /FETCH_STATUS/);
        assert.equal(await textOf(page, "#model-standing"), "");
        await page.waitForFunction(
          () => /^This site does not give its model at the moment\./.test((document.getElementById("model-standing") as HTMLElement).innerText),
          { timeout: 60_000 },
        );
      }));

    test("keys that are replaced while the page is open: it asks the site which to trust, and goes on", async () => {
      await using road = await Road.to(site);
      await visit(browser, road.site, { path: RIDE }, async (page) => {
        await ready(page);
        await estimateOf(page);
        await using newer = await startSite({ ttlSeconds: 1 });
        await publish(newer.worker.bucket, { stored: later, signer: newer.signer, sequence: sequence + 1 });
        road.leadTo(newer);
        await says(page, "#model-news", /^Estimates now come from a newer model, ride-duration 2024-02\.$/);
        await page.click("#about summary");
        await says(page, "#about", new RegExp(`by key ${newer.signer.keyid}`));
        await estimateOf(page);
      });
    });
  });
}
