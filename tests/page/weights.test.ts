// Weights that are missing, damaged or not to be believed: the page says that there is no model, why, and what to do.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import type { Browser, Page } from "puppeteer-core";

import { altered, blobKey, envelopeOf, makeSigner, MANIFEST_KEY, publish, shippedBundle } from "../worker/publication.ts";
import { BROWSERS, estimateOf, ready, type Site, startSite, textOf, visit } from "./stage.ts";

const RIDE = "/?pu=132&do=230&at=2021-02-03T08:30";
/** A status that is no success is told on the console by the browser itself. */
const FAILED_REQUEST = /Failed to load resource|NetworkError|status of (404|503)/;

const stored = await shippedBundle();
const middle = Math.floor(stored.byteLength / 2);
const damaged = Buffer.from(stored);
damaged.writeUInt8(damaged.readUInt8(middle) ^ 0xff, middle);
const stranger = makeSigner();

let site: Site;
before(async () => {
  site = await startSite();
});
after(() => site[Symbol.asyncDispose]());

async function empty(): Promise<void> {
  const { objects } = await site.worker.bucket.list();
  await site.worker.bucket.delete(objects.map(({ key }) => key));
}

/** What lies in the bucket, and what the page must say of it. */
const CASES: readonly { readonly name: string; readonly code: string; readonly says: RegExp; readonly store: () => Promise<void> }[] = [
  { name: "no manifest", code: "FETCH_STATUS", says: /not where this site says/, store: async () => {} },
  {
    name: "a manifest without its weights",
    code: "FETCH_STATUS",
    says: /not where this site says/,
    store: async () => {
      await site.worker.bucket.put(MANIFEST_KEY, envelopeOf({ stored, signer: site.signer }));
    },
  },
  {
    name: "weights with one byte changed",
    code: "BLOB_DIGEST",
    says: /not those that were signed/,
    store: async () => {
      await publish(site.worker.bucket, { stored, signer: site.signer });
      await site.worker.bucket.put(blobKey(stored), new Uint8Array(damaged).buffer);
    },
  },
  {
    name: "weights cut short",
    code: "BLOB_LENGTH",
    says: /not those that were signed/,
    store: async () => {
      await publish(site.worker.bucket, { stored, signer: site.signer });
      await site.worker.bucket.put(blobKey(stored), new Uint8Array(stored.subarray(0, middle)).buffer);
    },
  },
  {
    name: "weights that nobody signed",
    code: "MANIFEST_SIGNATURE",
    says: /not signed/,
    store: () =>
      publish(site.worker.bucket, {
        stored,
        signer: site.signer,
        tamper: (envelope) => {
          envelope.signature = Buffer.alloc(64).toString("base64");
        },
      }),
  },
  {
    name: "weights that a stranger signed",
    code: "MANIFEST_KEY",
    says: /a key that this site does not trust/,
    store: () => publish(site.worker.bucket, { stored, signer: stranger }),
  },
  {
    name: "another model's weights, well signed",
    code: "MANIFEST_NAME",
    says: /another model’s than this site says/,
    store: () => publish(site.worker.bucket, { stored, signer: site.signer, amend: (manifest) => void (manifest["name"] = "fares") }),
  },
  {
    name: "a signed bundle of a newer format",
    code: "BUNDLE_VERSION",
    says: /cannot be scored with/,
    store: () =>
      publish(site.worker.bucket, {
        stored: altered(
          stored,
          (bundle) => {
            bundle.writeUInt16LE(999, 8);
            return bundle;
          },
          true,
        ),
        signer: site.signer,
      }),
  },
];

async function saysNoModel(page: Page, code: string, says: RegExp): Promise<void> {
  await page.waitForSelector("#no-model:not([hidden])", { timeout: 60_000 });
  const said = await textOf(page, "#no-model");
  assert.match(said, /There is no model, so there is no estimate\./);
  assert.match(said, says);
  assert.ok(said.includes(code), `expected the code ${code} in: ${said}`);
  assert.equal(await page.$eval("#no-model", (place) => place.getAttribute("role")), "alert");
  assert.notEqual(await page.$("#ride-fields:disabled"), null, "no ride can be asked for");
  assert.equal(await page.$("#result:not([hidden])"), null, "nothing is guessed");
}

for (const kind of BROWSERS) {
  describe(`without a model in ${kind.name}`, () => {
    let browser: Browser;
    before(async () => {
      browser = await kind.launch();
    });
    after(() => browser.close());

    for (const { name, code, says, store } of CASES) {
      test(`${name}: ${code}`, async () => {
        await empty();
        await store();
        await visit(browser, site, { path: RIDE, expected: FAILED_REQUEST }, (page) => saysNoModel(page, code, says));
      });
    }

    test("the page works as soon as there is one and the rider tries again", async () => {
      await empty();
      await visit(browser, site, { path: RIDE, expected: FAILED_REQUEST }, async (page) => {
        await saysNoModel(page, "FETCH_STATUS", /Trying again may help/);
        await publish(site.worker.bucket, { stored, signer: site.signer });
        await page.click("#no-model button");
        await ready(page);
        await estimateOf(page);
        assert.equal(await page.$("#no-model:not([hidden])"), null);
      });
    });

    test("weights that were damaged on their way are not taken from the browser's cache again", async () => {
      await empty();
      await publish(site.worker.bucket, { stored, signer: site.signer });
      await site.worker.bucket.put(blobKey(stored), new Uint8Array(damaged).buffer);
      await visit(browser, site, { path: RIDE }, async (page) => {
        await saysNoModel(page, "BLOB_DIGEST", /not those that were signed/);
        await publish(site.worker.bucket, { stored, signer: site.signer });
        await page.focus("#no-model button");
        await page.keyboard.press("Enter");
        await ready(page);
        await estimateOf(page);
        assert.equal(await page.evaluate(() => document.activeElement?.id), "pu", "the focus is not lost with the button");
      });
    });

    test("a browser without WebAssembly is told so", async () => {
      const prepare = async (page: Page) => {
        await page.evaluateOnNewDocument(() => Reflect.deleteProperty(globalThis, "WebAssembly"));
      };
      await visit(browser, site, { path: RIDE, prepare }, (page) => saysNoModel(page, "UNKNOWN", /this browser has none or keeps it off/));
    });

    test("the page says what it is doing while the weights are on their way", async () => {
      await empty();
      await publish(site.worker.bucket, { stored, signer: site.signer });
      const { promise: mayArrive, resolve: arrive } = Promise.withResolvers<void>();
      const prepare = async (page: Page) => {
        await page.setRequestInterception(true);
        page.on("request", (request) => {
          const isWeights = new URL(request.url()).pathname.startsWith("/models/");
          void (isWeights ? mayArrive : Promise.resolve()).then(() => request.continue());
        });
      };
      await visit(browser, site, { path: RIDE, prepare }, async (page) => {
        await page.waitForFunction(() => /signed description/.test(document.getElementById("loading")?.innerText ?? ""));
        assert.equal(await page.$eval("#loading", (place) => place.getAttribute("role")), "status");
        assert.notEqual(await page.$("#loading progress"), null);
        assert.notEqual(await page.$("#ride-fields:disabled"), null);
        arrive();
        await ready(page);
        await estimateOf(page);
        assert.equal(await page.$("#loading:not([hidden])"), null);
      });
    });

    test("says so when the site cannot be reached", async () => {
      const prepare = async (page: Page) => {
        await page.setRequestInterception(true);
        page.on("request", (request) => {
          const isConfig = new URL(request.url()).pathname === "/config.json";
          void (isConfig ? request.abort() : request.continue());
        });
      };
      const expected = /Failed to load resource|config\.json|NetworkError/;
      await visit(browser, site, { path: RIDE, expected, prepare }, (page) =>
        saysNoModel(page, "CONFIG_FETCH", /could not be reached/),
      );
    });
  });
}
