// What the page is sent with keeps out what it is meant to keep out: as an injected script would try it, in real browsers.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import type { Browser } from "puppeteer-core";

import { publish, shippedBundle } from "../worker/publication.ts";
import { differs, everyRow } from "../worker/table.ts";
import { Road } from "./road.ts";
import { BROWSERS, estimateOf, kept, ready, type Site, startSite, visit } from "./stage.ts";

const RIDE = "/?pu=132&do=230&distance=17.5&at=2021-02-03T08:30";
/** In what words browsers tell of something that a policy kept out. */
const KEPT_OUT = /Content[- ]Security[- ]Policy|security policy|Trusted(HTML|Script)|trusted types|NetworkError|Failed to fetch|frame-ancestors|Refused to/i;

const stored = await shippedBundle();

/** Each tries one thing, in the page, and says whether it came to pass. Whether `elsewhere` was asked for anything shows there. */
const ATTEMPTS: { name: string; attempt: (elsewhere: string) => Promise<boolean> }[] = [
  {
    name: "a script in the mark-up",
    attempt: async () => {
      const script = document.createElement("script");
      script.append("globalThis.intruded = true");
      document.head.append(script);
      return "intruded" in globalThis;
    },
  },
  {
    name: "text as mark-up",
    attempt: async () => {
      document.createElement("div").innerHTML = "<b>bold</b>";
      return true;
    },
  },
  {
    name: "text as code",
    attempt: async () => {
      // Later, because while a test's own code is evaluated browsers are told to let it.
      await new Promise((resolve) => setTimeout(resolve));
      return (0, eval)("true") as boolean;
    },
  },
  {
    name: "text as a function",
    attempt: async () => {
      await new Promise((resolve) => setTimeout(resolve));
      return new Function("return true")() as boolean;
    },
  },
  {
    name: "a handler in an attribute",
    attempt: async () => {
      document.body.setAttribute("onclick", "globalThis.intruded = true");
      document.body.click();
      return "intruded" in globalThis;
    },
  },
  {
    name: "another service worker",
    attempt: async () => (await navigator.serviceWorker.register("./sw.js?other")) !== null,
  },
  {
    name: "another policy for scripts",
    attempt: async () => {
      const { trustedTypes } = globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): unknown } };
      return trustedTypes.createPolicy("default", { createHTML: (html: string) => html }) !== undefined;
    },
  },
  { name: "sending what it knows elsewhere", attempt: async (elsewhere) => (await fetch(elsewhere, { mode: "no-cors" })) !== null },
  {
    name: "an image in an address",
    attempt: () =>
      new Promise((resolve) => {
        const image = new Image();
        image.addEventListener("error", () => resolve(false));
        image.addEventListener("load", () => resolve(true));
        image.src = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
      }),
  },
  {
    name: "another base for addresses",
    attempt: async (elsewhere) => {
      const base = document.createElement("base");
      base.href = elsewhere;
      document.head.append(base);
      return document.baseURI === base.href;
    },
  },
  {
    name: "a form that goes elsewhere",
    attempt: (elsewhere) =>
      new Promise((resolve) => {
        const form = document.createElement("form");
        form.action = elsewhere;
        document.body.append(form);
        document.addEventListener("securitypolicyviolation", () => resolve(false), { once: true });
        form.submit();
      }),
  },
];

for (const kind of BROWSERS) {
  describe(`what ${kind.name} keeps out of the page`, () => {
    let browser: Browser;
    let site: Site;

    before(async () => {
      [browser, site] = await Promise.all([kind.launch(), startSite()]);
      await publish(site.worker.bucket, { stored, signer: site.signer });
    });
    after(async () => {
      await browser?.close();
      await site?.[Symbol.asyncDispose]();
    });

    test("nothing that it needs: an estimate, the kept copy, and not a word on the console, not even a warning", () => {
      const words: string[] = [];
      return visit(
        browser,
        site,
        { path: RIDE, prepare: async (page) => void page.on("console", (message) => words.push(`${message.type()}: ${message.text()}`)) },
        async (page) => {
          await ready(page);
          await estimateOf(page);
          await kept(page);
          await page.reload();
          await estimateOf(page);
          assert.deepEqual(words, []);
        },
      );
    });

    test("what an intruder would try", async () => {
      await using other = await elsewhere("");
      const expected = new RegExp(`${KEPT_OUT.source}|${other.url.host}`, "i");
      await visit(browser, site, { path: RIDE, expected }, async (page) => {
        await estimateOf(page);
        await everyRow(ATTEMPTS, async ({ attempt }) => {
          // A page that is led away answers no more.
          const patience = pause(60_000, "no answer", { ref: false });
          const came = await Promise.race([page.evaluate(attempt, other.url.href).catch(() => false), patience]);
          return differs("came to pass", came, false);
        });
        await estimateOf(page);
        assert.deepEqual(other.asked, []);
      });
    });

    test("a frame in another site's page", async () => {
      await using road = await Road.to(site);
      await using other = await elsewhere(`<iframe src="${road.site.worker.url.href}" onload="document.body.className = 'framed'"></iframe>`);
      const framing = { ...site, worker: { ...site.worker, url: other.url } };
      // To the page that frames it is a request elsewhere, which is what is being tried.
      await visit(browser, framing, { expected: /./ }, async (page) => {
        await page.waitForSelector("body.framed", { timeout: 60_000 });
        assert.deepEqual(road.asked, ["/"], "not one of its files was asked for");
      });
    });
  });
}

test("every file of the page, and what is none, comes with its headers", async () => {
  await using site = await startSite();
  const html = await (await site.worker.fetch("/")).text();
  const script = /src="\.(\/files\/main-[^"]+)"/.exec(html)?.[1] ?? "no script in the page";
  const everywhere = {
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "strict-transport-security": null,
  };
  const ofPage = { ...everywhere, "cross-origin-opener-policy": "same-origin" };
  const rows = [
    { name: "/", headers: ofPage, cache: /no-cache|max-age=0/ },
    { name: script, headers: ofPage, cache: /^public, max-age=31536000, immutable$/ },
    { name: "/sw.js", headers: ofPage, cache: /^no-cache$/ },
    { name: "/nowhere", headers: everywhere, cache: /no-store/ },
  ];
  await everyRow(rows, async ({ name, headers, cache }) => {
    const response = await site.worker.fetch(name);
    const policy = response.headers.get("content-security-policy") ?? "";
    return [
      ...Object.entries(headers).flatMap(([header, value]) => differs(header, response.headers.get(header), value)),
      ...differs("a strict policy", policy.startsWith("default-src 'none'; ") && policy.includes("frame-ancestors 'none'"), true),
      ...(cache.test(response.headers.get("cache-control") ?? "") ? [] : [`cache-control: found ${response.headers.get("cache-control")}`]),
    ];
  });
});

/** Another site: what its page holds is for the test to say, and what it was asked for for it to read. */
async function elsewhere(body: string): Promise<AsyncDisposable & { readonly url: URL; readonly asked: readonly string[] }> {
  const html = `<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,"><body>${body}`;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader("content-type", "text/html").end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
