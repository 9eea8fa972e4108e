// The page out of the self-hosted server in a real browser: it loads the weights that the server serves, and estimates by itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BROWSERS, estimateOf, ready, type Site, visit } from "../page/stage.ts";
import { makeSigner } from "../worker/publication.ts";
import { ask, json, serve } from "./server.ts";

for (const kind of BROWSERS) {
  test(`a rider in ${kind.name} gets an estimate, and the browser has nothing to complain about`, async () => {
    await using server = await serve();
    const browser = await kind.launch();
    try {
      const url = new URL(server.url);
      // What the page's own tests have under wrangler, as far as a look at it goes.
      const site = { worker: { url }, signer: makeSigner() } as unknown as Site;
      await visit(browser, site, { path: "/?pu=130&do=205&distance=3.66&at=2021-02-03T08:30" }, async (page) => {
        await ready(page);
        const shown = await estimateOf(page);
        const { model_version: version, duration } = json(
          await ask(`${server.url}/predict`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" }),
          }),
        );
        assert.equal(typeof version, "string");
        assert.equal(shown, duration);
      });
    } finally {
      await browser.close();
    }
  });
}
