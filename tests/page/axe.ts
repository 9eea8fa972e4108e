// What axe-core finds wrong with a page as it stands.

import axe, { type AxeResults } from "axe-core";
import type { Page } from "puppeteer-core";

/** Findings of axe-core by rule and element, in the rules of WCAG 2.2 AA and its best practices. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    async () => (await (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run()) as Pick<AxeResults, "violations">,
  );
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id} at ${target.join(" ")}: ${help}`));
}
