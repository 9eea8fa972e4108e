// Several publishers on a real Garage, which ignores conditional writes, and publishers that are killed: whatever happens, the manifest
// names a whole, readable blob, no publication that was reported is lost, and the loser is told.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import type { Manifest } from "curbside";

import { type Desk, type Ended, openDesk, publicKeyOf, run, start, succeed } from "./command.ts";
import { findMonths, type Months, trainLinear } from "./months.ts";
import { startProxy } from "./proxy.ts";
import { historyOf, wholePublication } from "./published.ts";
import { addressOf, ask, list, type Place, sharedPlace } from "./servers.ts";

const ROUNDS = 5;
const PUBLISHERS = 3;

let [desk, publicKey] = [undefined as unknown as Desk & { readonly key: string }, ""];
let months: Months;
let bundles: readonly string[];
before(async () => {
  desk = await openDesk(sharedPlace("publishers"));
  publicKey = await publicKeyOf(desk);
  months = await findMonths(desk);
  bundles = await Promise.all(["first", "second", "third"].slice(0, PUBLISHERS).map((version) => trainLinear(desk, months, version)));
});

function publishing(place: Place, bundle: string): readonly string[] {
  return ["publish", bundle, "--to", addressOf(place), "--alias", "champion", "--key", desk.key, "--json"];
}

/** What a publisher that succeeded says it wrote. */
function manifestOf({ stdout }: Ended): Manifest & { readonly unchanged: boolean } {
  const { manifest, unchanged } = JSON.parse(stdout) as { manifest: Manifest; unchanged: boolean };
  return { ...manifest, unchanged };
}

describe("publishers at once", () => {
  test("nothing is lost, and whoever did not publish is told", async () => {
    const place = sharedPlace("publishers-at-once");
    const reported = new Map<number, string>();
    let losers = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const ends = await Promise.all(bundles.map((bundle) => run(desk, publishing(place, bundle))));
      for (const end of ends) {
        if (end.code === 0) {
          const { sequence, sha256, unchanged } = manifestOf(end);
          assert.ok(unchanged || !reported.has(sequence), `sequence ${sequence} was given twice`);
          reported.set(sequence, sha256);
        } else {
          losers += 1;
          const { code, message } = (JSON.parse(end.stderr) as { error: { code: string; message: string } }).error;
          assert.equal(code, "MANIFEST_CONFLICT", message);
        }
      }
      assert.ok(ends.some(({ code }) => code === 0), `expected one publisher of each round to succeed, found ${ends.map(({ stderr }) => stderr).join("\n")}`);
      const current = await wholePublication(place, publicKey);
      assert.equal(current.sequence, Math.max(...reported.keys()), "the newest that was reported stands");
      assert.equal(current.sha256, reported.get(current.sequence));
      // Every other one is in the history, as it was reported.
      const history = await historyOf(place, publicKey);
      for (const [sequence, sha256] of reported) {
        const kept = sequence === current.sequence ? current : history.get(sequence);
        assert.equal(kept?.sha256, sha256, `sequence ${sequence} was reported and is not there`);
      }
    }
    console.log(`${ROUNDS} rounds of ${PUBLISHERS} publishers at once: ${reported.size} publications, ${losers} told that they lost`);
    assert.deepEqual((await list(place, "models/ride-duration/champion.claims/")).length, 0, "no claim outlives its publisher");
  });
});

/** Takes away what a dead publisher leaves, for which the next would wait half a minute. */
async function forgetClaims(place: Place): Promise<void> {
  for (const key of await list(place, "models/ride-duration/champion.claims/")) {
    await ask(place, "DELETE", key);
  }
}

describe("a publisher that is killed", () => {
  test("at any request to the store: the manifest names a whole blob, and the next publisher goes on from there", async () => {
    const place = sharedPlace("publishers-killed");
    await using proxy = await startProxy(place.endpoint);
    const away: Desk = { ...desk, env: { ...desk.env, AWS_ENDPOINT_URL_S3: proxy.url } };
    const [first = "", second = ""] = bundles;
    await succeed(desk, publishing(place, first));
    // How many requests one publication takes.
    await succeed(away, publishing(place, second));
    const requests = proxy.asked.length;
    assert.ok(requests >= 4, `expected a publication to take some requests, found ${proxy.asked.join(", ")}`);
    const found = { before: 0, after: 0 };
    for (let point = 0; point < 2 * requests; point += 1) {
      const [number, isAnswered] = [Math.floor(point / 2) + 1, point % 2 === 1];
      const held = await wholePublication(place, publicKey);
      // The one that does not serve, so that there is something to publish.
      const bundle = held.version === "first" ? second : first;
      const seen = proxy.asked.length;
      const { child, ended } = start(away, publishing(place, bundle));
      const hook = ({ number: asked }: { number: number }): boolean => {
        const isTime = asked - seen === number;
        if (isTime) {
          child.kill("SIGKILL");
        }
        return !isTime || isAnswered;
      };
      [proxy.onAsked, proxy.onAnswered] = isAnswered ? [() => true, hook] : [hook, () => true];
      await ended;
      [proxy.onAsked, proxy.onAnswered] = [() => true, () => true];
      await forgetClaims(place);
      const now = await wholePublication(place, publicKey);
      found[now.sequence === held.sequence ? "before" : "after"] += 1;
      assert.ok(now.sequence >= held.sequence, `killed at request ${number}: the sequence went back from ${held.sequence} to ${now.sequence}`);
    }
    const began = performance.now();
    await succeed(desk, publishing(place, (await wholePublication(place, publicKey)).version === "first" ? second : first));
    const took = performance.now() - began;
    await wholePublication(place, publicKey);
    console.log(
      `killed at ${2 * requests} moments of ${requests} requests: ${found.before} times nothing had changed, ${found.after} times the new one stood; ` +
        `the next publisher took ${(took / 1000).toFixed(1)} s`,
    );
    assert.ok(found.before > 0 && found.after > 0, "publishers were killed before their manifest and after it");
  });
});
