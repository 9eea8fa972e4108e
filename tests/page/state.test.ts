// What the page says of its weights' standing, in words: no browser is needed for these.

import assert from "node:assert/strict";
import { test } from "node:test";

import type { CurbsideError, LookError } from "curbside";

import { type Standing, standingInWords, whenInWords } from "../../www/state.ts";

const NOW = new Date(2026, 10, 23, 15, 12);
const TODAY = new Date(2026, 10, 23, 14, 5).toISOString();
const YESTERDAY = new Date(2026, 10, 22, 9, 30).toISOString();

function told(code: CurbsideError["code"] | null, otherwise: Partial<Standing> = {}): string {
  const lastError: LookError | null = code === null ? null : { code, message: "", at: TODAY };
  return standingInWords({ lastError, confirmedAt: TODAY, isOffline: false, isLasting: true, now: NOW, ...otherwise });
}

test("while all is well nothing is said, and a short silence is no matter", () => {
  assert.equal(told(null), "");
  assert.equal(told(null, { isOffline: true }), "");
  assert.equal(told("FETCH_FAILED", { isLasting: false }), "");
  assert.equal(told("FETCH_STATUS", { isLasting: false }), "");
});

test("why newer weights cannot be looked for, and since when", () => {
  const since = "Estimates come from the model that was the newest at 2:05 PM.";
  assert.equal(told("FETCH_FAILED", { isOffline: true, isLasting: false }), `This device is offline. ${since}`);
  assert.equal(told("FETCH_FAILED"), `This site does not answer. ${since}`);
  assert.equal(told("FETCH_TIMEOUT"), `This site does not answer. ${since}`);
  assert.equal(told("FETCH_STATUS"), `This site does not give its model at the moment. ${since}`);
  assert.match(told("FETCH_FAILED", { confirmedAt: YESTERDAY }), / that was the newest on Nov 22 at 9:30 AM\.$/);
  assert.equal(told("FETCH_FAILED", { confirmedAt: null }), "This site does not answer. Estimates come from the copy of the model on this device.");
});

test("what was refused is told at once, online or not; what this page is too old for, with the remedy", () => {
  for (const code of ["MANIFEST_SIGNATURE", "MANIFEST_SEQUENCE", "BLOB_DIGEST", "BUNDLE_GOLDEN", "UNEXPECTED"]) {
    const words = told(code, { isLasting: false });
    assert.equal(words, "Another model was published, but did not pass this page’s checks. Estimates come from the model that was the newest at 2:05 PM.", code);
  }
  assert.match(told("BUNDLE_VERSION"), /^A newer model needs a newer version of this page: reload it\./);
  assert.match(told("MANIFEST_SCHEMA", { isOffline: true }), /^A newer model needs a newer version of this page: reload it\./);
});

test("a time of today is a time; of another day it is told with its day, and of another year with that", () => {
  assert.equal(whenInWords(TODAY, NOW), "at 2:05 PM");
  assert.equal(whenInWords(YESTERDAY, NOW), "on Nov 22 at 9:30 AM");
  assert.equal(whenInWords(new Date(2025, 10, 23, 15, 12).toISOString(), NOW), "on Nov 23, 2025 at 3:12 PM");
});
