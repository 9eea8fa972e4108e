// Booking a ride in real browsers: what a rider does, and that the estimate is the Worker's to the bit.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import type { Browser, Page } from "puppeteer-core";

import { publish, shippedBundle } from "../worker/publication.ts";
import { BROWSERS, estimateOf, predict, ready, retype, type Site, startSite, textOf, valueOf, visit } from "./stage.ts";

const JFK = 132;
const TIMES_SQUARE = 230;
const WALL_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;

let site: Site;
before(async () => {
  site = await startSite();
  await publish(site.worker.bucket, { stored: await shippedBundle(), signer: site.signer });
});
after(() => site[Symbol.asyncDispose]());

/** The ride in the page's address. */
function linkOf(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.url()).searchParams);
}

/** Miles that `/predict` assumes between two zones. */
async function assumedMiles(pu: number, to: number): Promise<number> {
  const { assumed } = await predict(site, { PULocationID: pu, DOLocationID: to, pickup_datetime: "2021-02-03T08:30" });
  assert.ok(assumed?.trip_distance !== undefined);
  return assumed.trip_distance;
}

for (const kind of BROWSERS) {
  describe(`a ride in ${kind.name}`, () => {
    let browser: Browser;
    before(async () => {
      browser = await kind.launch();
    });
    after(() => browser.close());

    test("is booked by keyboard alone, and the estimate has the bits of POST /predict", () =>
      visit(browser, site, {}, async (page) => {
        await ready(page);
        // From the top of the page: the first stop is the pickup.
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate(() => document.activeElement?.id), "pu");
        await page.keyboard.type("jfk");
        assert.equal(await page.$eval("#pu", (field) => field.getAttribute("aria-expanded")), "true");
        const active = await page.$eval("#pu", (field) => field.getAttribute("aria-activedescendant"));
        assert.match(await textOf(page, `#${active ?? "none"}`), /JFK Airport/);
        await page.keyboard.press("Enter");
        assert.equal(await valueOf(page, "#pu"), "JFK Airport");
        assert.equal(await page.$eval("#pu", (field) => field.getAttribute("aria-expanded")), "false");
        assert.match(await textOf(page, "#pu-note"), /Queens · zone 132/);
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate(() => document.activeElement?.id), "swap");
        await page.keyboard.press("Tab");
        await page.keyboard.type("times square");
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        assert.equal(await valueOf(page, "#do"), "Times Sq/Theatre District");
        await page.keyboard.press("Enter");
        assert.equal(await page.evaluate(() => document.activeElement?.id), "answer-title", "asking leads to the estimate");

        const found = await estimateOf(page);
        // "Now" is what the page says it was: the field shows the time that was assumed.
        const at = await valueOf(page, "#at");
        assert.match(at, WALL_TIME);
        const { duration } = await predict(site, { PULocationID: JFK, DOLocationID: TIMES_SQUARE, pickup_datetime: at });
        assert.equal(found, duration);
        assert.match(await textOf(page, "#estimate"), /^(about )?\d+ (minutes?|hours?)/);
        assert.match(await textOf(page, "#route"), /from JFK Airport to Times Sq/);
        assert.match(await textOf(page, "#assumed"), /^[\d.]+ miles, estimated from the two zones\..*\n.*Leaving now: .*New York time/);
        assert.match(
          await textOf(page, "#provenance"),
          new RegExp(`^Computed on this device by model \\S+ .+ in (less than 1|\\d+) ms\\. .*SHA-256 [0-9a-f]{12}…, signed by key ${site.signer.keyid}\\.`),
        );
        assert.deepEqual(linkOf(page), { pu: "132", do: "230" });
      }));

    test("has the same bits once the tables are built, which is when the browser is idle", () =>
      visit(browser, site, { path: "/?pu=132&do=230&at=2021-02-03T08:30" }, async (page) => {
        const first = await estimateOf(page);
        await page.waitForFunction(() => performance.getEntriesByName("curbside: tables", "measure").length === 1, { timeout: 60_000 });
        await page.click("#swap");
        await page.waitForFunction((known) => (document.querySelector("#duration") as HTMLDataElement).value !== known, {}, String(first));
        await page.click("#swap");
        await page.waitForFunction((known) => (document.querySelector("#duration") as HTMLDataElement).value === known, {}, String(first));
        const ride = { PULocationID: JFK, DOLocationID: TIMES_SQUARE, pickup_datetime: "2021-02-03T08:30" };
        assert.equal(await estimateOf(page), (await predict(site, ride)).duration);
        assert.equal(await page.evaluate(() => performance.getEntriesByName("curbside: tables").length), 1);
      }));

    test("has a distance that is estimated, edited, and estimated again once it is cleared", () =>
      visit(browser, site, { path: "/?pu=132&do=230&at=2021-02-03T08:30" }, async (page) => {
        const ride = { PULocationID: JFK, DOLocationID: TIMES_SQUARE, pickup_datetime: "2021-02-03T08:30" };
        await ready(page);
        assert.equal(await estimateOf(page), (await predict(site, ride)).duration);
        const miles = await assumedMiles(JFK, TIMES_SQUARE);
        assert.equal(await valueOf(page, "#distance"), miles.toFixed(1));
        assert.match(await textOf(page, "#distance-note"), /^Estimated/);

        await retype(page, "#distance", "17.123456789012345");
        const edited = await predict(site, { ...ride, trip_distance: 17.123456789012345 });
        assert.equal(await estimateOf(page), edited.duration);
        assert.equal(linkOf(page)["distance"], "17.123456789012345");
        assert.equal(await page.$("#assumed-part:not([hidden])"), null, "nothing is assumed any more");

        await retype(page, "#distance", "17,5");
        assert.equal(await estimateOf(page), (await predict(site, { ...ride, trip_distance: 17.5 })).duration);

        await retype(page, "#distance", "");
        assert.equal(await estimateOf(page), (await predict(site, ride)).duration);
        await page.keyboard.press("Tab");
        assert.equal(await valueOf(page, "#distance"), miles.toFixed(1));

        await retype(page, "#distance", "3");
        await page.click("#distance-reset");
        assert.equal(await valueOf(page, "#distance"), miles.toFixed(1));
        assert.equal(await estimateOf(page), (await predict(site, ride)).duration);
        assert.equal(linkOf(page)["distance"], undefined);
      }));

    test("says at the field what is wrong with it, and shows no estimate meanwhile", () =>
      visit(browser, site, { path: "/?pu=132&do=230" }, async (page) => {
        await ready(page);
        for (const text of ["-5", "101", "1e400", "abc", "3 miles"]) {
          await retype(page, "#distance", text);
          assert.match(await textOf(page, "#distance-error"), /^Distance: expected miles from 0 to 100/, text);
          assert.ok((await textOf(page, "#distance-error")).includes(`“${text}”`), text);
          assert.equal(await page.$eval("#distance", (field) => field.getAttribute("aria-invalid")), "true");
          assert.equal(await page.$("#estimate:not([hidden])"), null, text);
        }
        const described = await page.$eval("#distance", (field) => field.getAttribute("aria-describedby"));
        assert.ok(described?.split(" ").includes("distance-error"));
        await retype(page, "#distance", "0");
        assert.match(await textOf(page, "#warnings"), /taken as not measured/);
        assert.equal(await textOf(page, "#distance-error"), "");
        await estimateOf(page);
      }));

    test("needs both zones, and a zone that exists", () =>
      visit(browser, site, { path: "/?pu=266&distance=-5" }, async (page) => {
        await ready(page);
        assert.match(await textOf(page, "#pu-error"), /^Pickup: “266” is not one zone/);
        assert.match(await textOf(page, "#distance-error"), /found “-5”/, "what can be judged without the zones is");
        await page.click("button[type=submit]");
        assert.equal(await page.evaluate(() => document.activeElement?.id), "pu");
        assert.match(await textOf(page, "#do-error"), /^Drop-off: choose a zone/);
        await retype(page, "#do", "nowhere at all");
        assert.match(await textOf(page, "#do-list"), /No zone of that name/);
        await page.keyboard.press("Tab");
        assert.match(await textOf(page, "#do-error"), /“nowhere at all” is not one zone/);
        await retype(page, "#do", "heights");
        await page.keyboard.press("Tab");
        assert.match(await textOf(page, "#do-error"), /“heights” is not one zone/, "several zones are never guessed between");
        assert.equal(await page.$("#estimate:not([hidden])"), null);
      }));

    test("is shared as a link, swapped, and moved to another time", () =>
      visit(browser, site, { path: "/?pu=130&do=205&distance=3.66&at=2021-02-03T08:30" }, async (page) => {
        await ready(page);
        const there = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };
        assert.equal(await estimateOf(page), (await predict(site, there)).duration);
        await page.click("#swap");
        const back = { ...there, PULocationID: 205, DOLocationID: 130 };
        assert.equal(await estimateOf(page), (await predict(site, back)).duration);
        assert.deepEqual(linkOf(page), { pu: "205", do: "130", distance: "3.66", at: "2021-02-03T08:30" });
        await page.$eval("#at", (field) => {
          (field as HTMLInputElement).value = "2021-02-06T23:15";
          field.dispatchEvent(new Event("input", { bubbles: true }));
        });
        const later = { ...back, pickup_datetime: "2021-02-06T23:15" };
        assert.equal(await estimateOf(page), (await predict(site, later)).duration);
        await page.click("#at-reset");
        assert.match(await textOf(page, "#assumed"), /Leaving now/);
        assert.equal(linkOf(page)["at"], undefined);
      }));

    test("in a link with a wrong time is refused at the field", () =>
      visit(browser, site, { path: "/?pu=130&do=205&at=tomorrow" }, async (page) => {
        await ready(page);
        assert.match(await textOf(page, "#at-error"), /^Departure: expected New York’s date and time, .*“tomorrow”/);
        assert.equal(await page.$("#estimate:not([hidden])"), null);
        await page.click("#at-reset");
        await estimateOf(page);
      }));

    test("to a zone without a place on the map is estimated, with a warning", () =>
      visit(browser, site, { path: "/?pu=132&do=265&at=2021-02-03T08:30" }, async (page) => {
        await ready(page);
        const { duration } = await predict(site, { PULocationID: JFK, DOLocationID: 265, pickup_datetime: "2021-02-03T08:30" });
        assert.equal(await estimateOf(page), duration);
        assert.match(await textOf(page, "#warnings"), /no place on the map/);
        assert.match(await textOf(page, "#do-note"), /zone 265 · no place on the map/);
      }));

    test("is chosen in the list by arrows, Escape and pointing, as the authoring practices say", () =>
      visit(browser, site, {}, async (page) => {
        await ready(page);
        const expanded = () => page.$eval("#pu", (field) => field.getAttribute("aria-expanded"));
        await page.focus("#pu");
        assert.equal(await expanded(), "false", "focus alone opens nothing");
        await page.keyboard.press("ArrowDown");
        assert.equal(await expanded(), "true");
        assert.equal(await page.$$eval("#pu-list [role=option]", (options) => options.length), 265);
        await page.keyboard.press("ArrowUp");
        const last = await page.$eval("#pu-list [aria-selected=true]", (option) => option.id);
        assert.equal(last, "pu-list-264", "from the first option up is the last");
        await page.keyboard.press("Escape");
        assert.equal(await expanded(), "false");
        await page.keyboard.type("astoria");
        const offered = await page.$$eval("#pu-list [role=option] span", (names) => names.map((name) => name.textContent));
        assert.deepEqual(offered, ["Astoria", "Astoria Park", "Old Astoria"]);
        await page.click("#pu-list [role=option]:nth-child(2)");
        assert.equal(await valueOf(page, "#pu"), "Astoria Park");
        assert.equal(await page.evaluate(() => document.activeElement?.id), "pu", "pointing keeps the focus in the field");
        await page.keyboard.press("Escape");
        assert.equal(await valueOf(page, "#pu"), "", "Escape in a closed field clears it");
        assert.equal(linkOf(page)["pu"], undefined);
      }));
  });
}
