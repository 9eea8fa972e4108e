// Finding zones, and a ride as a link: no browser is needed for these.

import assert from "node:assert/strict";
import { test } from "node:test";

import { loadEstimator } from "curbside";

import { readLink, writeLink } from "../../www/link.ts";
import { zoneDetail, ZoneIndex, zoneName } from "../../www/zones.ts";
import { shippedBundle } from "../worker/publication.ts";

const { zones } = await loadEstimator({ bytes: await shippedBundle() });
const index = new ZoneIndex(zones);
const names = (query: string) => index.search(query).map(({ name }) => name);

test("a zone is found by what riders type", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["jfk", "JFK Airport"],
    ["la guardia", "LaGuardia Airport"],
    ["times square", "Times Sq/Theatre District"],
    ["theater", "Times Sq/Theatre District"],
    ["st albans", "Saint Albans"],
    ["dumbo", "DUMBO/Vinegar Hill"],
    ["co op", "Co-Op City"],
    ["governors island", "Governor's Island/Ellis Island/Liberty Island"],
    ["prince’s bay", "Eltingville/Annadale/Prince's Bay"],
    ["132", "JFK Airport"],
    ["  SOHO ", "SoHo"],
    ["airport queens", "JFK Airport"],
  ];
  const wrong = rows.filter(([query, name]) => names(query)[0] !== name).map(([query]) => `${query}: ${names(query).slice(0, 3).join(", ")}`);
  assert.deepEqual(wrong, []);
});

test("a borough finds its zones, nothing finds all, and nonsense finds none", () => {
  const inStatenIsland = zones.filter(({ borough }) => borough === "Staten Island").length;
  assert.equal(index.search("staten island").length, inStatenIsland);
  assert.equal(index.search("").length, 265);
  assert.equal(index.search("  ").length, 265);
  assert.deepEqual(names("zzzz"), []);
});

test("the two zones without a place have names for people, and are listed last", () => {
  const last = index.search("").slice(-2);
  assert.deepEqual(last.map(zoneName), ["Outside of NYC", "Unknown"]);
  assert.deepEqual(last.map(zoneDetail), ["zone 265 · no place on the map", "zone 264 · no place on the map"]);
  assert.equal(index.only("unknown")?.id, 264);
});

test("a text means a zone only if it means no other", () => {
  assert.equal(index.only("jfk")?.id, 132);
  assert.equal(index.only("Astoria")?.id, 7, "the name itself goes before names that begin with it");
  assert.equal(index.only("Corona"), null, "two zones have that name");
  assert.equal(index.only("heights"), null);
  assert.equal(index.only(""), null);
  assert.equal(index.only("--"), null);
});

test("a link keeps what it does not know and what the rider left out", () => {
  const address = "http://localhost/?from=mail&pu=1#top";
  const ride = readLink(address);
  assert.deepEqual(ride, { pu: "1", do: null, distance: null, at: null });
  const written = writeLink(address, { pu: null, do: "205", distance: "3.66", at: "2021-02-03T08:30" });
  assert.equal(written, "http://localhost/?from=mail&do=205&distance=3.66&at=2021-02-03T08:30#top");
});
