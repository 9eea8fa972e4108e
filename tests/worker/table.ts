// Tables of cases: every row that fails is reported, not only the first.

import assert from "node:assert/strict";

/** Runs `check` on every row; it returns what is wrong with the row, in words. */
export async function everyRow<Row extends { readonly name: string }>(
  rows: readonly Row[],
  check: (row: Row) => Promise<string[]>,
): Promise<void> {
  assert.ok(rows.length > 0, "expected rows, found none");
  const wrong: string[] = [];
  for (const row of rows) {
    for (const fault of await check(row)) {
      wrong.push(`${row.name}: ${fault}`);
    }
  }
  assert.equal(wrong.length, 0, `${wrong.length} faults:\n${wrong.join("\n")}`);
}

/** "expected ..., found ..." unless they are equal as JSON. */
export function differs(what: string, found: unknown, expected: unknown): string[] {
  const [shownFound, shownExpected] = [JSON.stringify(found), JSON.stringify(expected)];
  return shownFound === shownExpected ? [] : [`${what}: expected ${shownExpected}, found ${shownFound}`];
}

/** What is wrong with a reply that should be JSON; and its body. */
export async function readJson(response: Response): Promise<{ body: Record<string, unknown>; faults: string[] }> {
  const faults = differs("content-type", response.headers.get("content-type"), "application/json");
  const text = await response.text();
  try {
    return { body: JSON.parse(text) as Record<string, unknown>, faults };
  } catch {
    return { body: {}, faults: [...faults, `expected JSON, found ${JSON.stringify(text.slice(0, 200))}`] };
  }
}
