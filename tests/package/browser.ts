// The installed package in a real browser, its files served as they are, without a bundler.

import { readFile } from "node:fs/promises";

import type { BrowserKind } from "../page/stage.ts";
import type { Installed } from "./packed.ts";
import type { Answer } from "./server.ts";

/** The package's files under `/curbside/`. */
export async function packageAnswers(installed: Installed): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  for (const { path } of installed.files) {
    const type = path.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    answers[`/curbside/${path}`] = { type, body: await readFile(installed.url(path)) };
  }
  return answers;
}

/** A page for `/` and the module for `/outcome.js` whose default export it waits for. */
export function pageOf(module: string): { readonly html: string; readonly module: string } {
  const html = `<!doctype html><meta charset="utf-8"><title>Curbside</title><link rel="icon" href="data:,">
<script type="module">
  globalThis.outcome = import("/outcome.js").then((module) => module.default).catch((thrown) => ({ thrown: String(thrown) + thrown.stack }));
</script>`;
  return { html, module };
}

/** Opens such a page in a browser of its own, and returns what its module exports. */
export async function askPage(kind: BrowserKind, url: string): Promise<unknown> {
  const browser = await kind.launch();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction("globalThis.outcome !== undefined");
    const outcome: unknown = await page.evaluate("globalThis.outcome");
    if (typeof outcome === "object" && outcome !== null && "thrown" in outcome) {
      throw new Error(`${kind.name}: ${String(outcome.thrown)}`);
    }
    return outcome;
  } finally {
    await browser.close();
  }
}
