// Putting things in words: they must stay true of the number, whatever it is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { faultInWords, inWords, milesInWords, newYorkNow, percent, rangeInWords, shareInWords, wallTimeInWords } from "../../www/words.ts";

test("minutes, miles and times are said as people say them", () => {
  assert.equal(inWords(13.6, "minutes"), "14 minutes");
  assert.equal(inWords(0.2, "minutes"), "1 minute");
  assert.equal(inWords(59.6, "minutes"), "1 hour");
  assert.equal(inWords(61.2, "minutes"), "1 hour 1 minute");
  assert.equal(inWords(12.345, "dollars"), "12.35 dollars");
  assert.equal(milesInWords(0.254), "0.25 miles");
  assert.equal(milesInWords(1.04), "1.0 mile");
  assert.equal(milesInWords(17.25), "17.3 miles");
  // ICU puts a narrow space before PM in some versions.
  assert.equal(wallTimeInWords("2021-02-03T18:30").replace(/\s/gu, " "), "Wed, Feb 3, 2021, 6:30 PM");
});

test("New York's time is New York's in summer and in winter", () => {
  assert.equal(newYorkNow(new Date("2021-02-03T13:30:59Z")), "2021-02-03T08:30");
  assert.equal(newYorkNow(new Date("2021-07-03T04:05:00Z")), "2021-07-03T00:05");
});

test("a fault names its field and what was found, cut where it gets long", () => {
  assert.match(faultInWords("distance", "-5"), /^Distance: .*“-5”/);
  assert.match(faultInWords("pu", ""), /^Pickup: choose a zone/);
  assert.ok(faultInWords("do", "x".repeat(1000)).length < 120);
});

test("an interval is rounded outward, so that what falls in it falls in its words", () => {
  const rows = [
    [11, 19, "minutes", "11 to 19 minutes"],
    [11.98, 18.02, "minutes", "11 to 19 minutes"],
    [0.2, 0.9, "minutes", "0 to 1 minute"],
    [44.6, 60, "minutes", "44 to 60 minutes"],
    [50.5, 69.1, "minutes", "50 minutes to 1 hour 10 minutes"],
    [59.2, 60.1, "minutes", "59 minutes to 1 hour 1 minute"],
    [120, 180, "minutes", "2 hours to 3 hours"],
    [0.5, 61, "minutes", "0 minutes to 1 hour 1 minute"],
    [9.999, 10.001, "dollars", "9.99 to 10.01 dollars"],
  ] as const;
  for (const [low, high, unit, words] of rows) {
    assert.equal(rangeInWords(low, high, { unit, high: 240 }), words);
  }
  // The model learnt from no ride above the hour, so it cannot promise that there is none.
  assert.equal(rangeInWords(44.6, 60, { unit: "minutes", high: 60 }), "44 to 60 minutes or more");
});

test("the estimate in words is never outside the interval in words", () => {
  for (let minutes = 1; minutes <= 60; minutes += 0.037) {
    const [from, to] = rangeInWords(minutes, minutes, { unit: "minutes", high: 60 }).match(/\d+/g) ?? [];
    const whole = Math.round(minutes);
    assert(Number(from) <= whole && whole <= Number(to), `${minutes}: ${whole} and ${from} to ${to}`);
    assert.equal(inWords(minutes, "minutes"), whole === 60 ? "1 hour" : whole === 1 ? "1 minute" : `${whole} minutes`);
  }
});

test("a share is told in rides where it is a fraction that one can picture", () => {
  const rows = [
    [0.8, "4 of 5 rides"],
    [0.6, "3 of 5 rides"],
    [0.9, "9 of 10 rides"],
    [0.5, "5 of 10 rides"],
    [0.7, "7 of 10 rides"],
    [0.95, "95\u{a0}% of rides"],
    [0.801, "80.1\u{a0}% of rides"],
    [0.999, "99.9\u{a0}% of rides"],
    [0.02, "2\u{a0}% of rides"],
  ] as const;
  for (const [share, words] of rows) {
    assert.equal(shareInWords(share), words);
  }
  assert.equal(percent(0.76849), "76.8\u{a0}%");
});
