// The installed package in Chromium and Firefox: what depends on the platform's own cryptography, streams and WebAssembly.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { BROWSERS } from "../page/stage.ts";
import { envelopeOf, makeSigner, type Publication, sha256 } from "../worker/publication.ts";
import { askPage, packageAnswers, pageOf } from "./browser.ts";
import { bitsOf, type Installed, install, storedBundle } from "./packed.ts";
import { type Answer, serve, type Server } from "./server.ts";

const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };

const signer = makeSigner();
const stored = await storedBundle();
const cut = stored.subarray(0, stored.length - 500);
const bomb = gzipSync(Buffer.alloc(17 << 20));

/** Manifests by name, and the code with which each is refused. */
const REFUSED: Readonly<Record<string, readonly [Partial<Publication>, string]>> = {
  forged: [{ tamper: (envelope) => (envelope.signature = Buffer.alloc(64, 1).toString("base64")) }, "MANIFEST_SIGNATURE"],
  strange: [{ signer: makeSigner() }, "MANIFEST_KEY"],
  cut: [{ stored: cut }, "BLOB_GZIP"],
  bomb: [{ stored: bomb }, "BLOB_TOO_LARGE"],
  lost: [{ stored: Buffer.from("nowhere") }, "FETCH_STATUS"],
};

const PAGE = pageOf(`
  import { loadEstimator } from "/curbside/browser.js";
  import { initSync } from "/curbside/wasm/curbside.js";

  const trustedKeys = ["${signer.publicKey}"];
  const ride = ${JSON.stringify(RIDE)};
  const codes = {};
  for (const name of ${JSON.stringify(Object.keys(REFUSED))}) {
    codes[name] = await loadEstimator({ manifest: "/models/" + name + ".json", trustedKeys }).then(() => "loaded", (thrown) => thrown.code);
  }
  const reason = new Error("the rider left");
  const aborted = await loadEstimator({ manifest: "/models/champion.json", trustedKeys, signal: AbortSignal.abort(reason) }).catch((thrown) => thrown === reason);

  const first = await loadEstimator({ manifest: "/models/champion.json", trustedKeys });
  const second = await loadEstimator({ manifest: new URL("/models/champion.json", location.href), trustedKeys });
  const before = first.estimate(ride).duration;
  // Of everything that is not zero a wild pointer is made.
  const words = new Uint32Array(initSync().memory.buffer);
  for (let place = 0; place < words.length; place += 1) if (words[place] !== 0) words[place] = 0xfffffff0;
  const durations = [before, first.estimate(ride).duration, second.estimate(ride).duration];
  const { status } = first;
  second.dispose();
  const disposed = (() => { try { return second.estimate(ride); } catch (thrown) { return thrown.code; } })();
  export default { codes, aborted, durations, status, disposed };
`);

interface Found {
  readonly codes: Readonly<Record<string, string>>;
  readonly aborted: boolean;
  readonly durations: readonly number[];
  readonly status: { readonly generation: number; readonly lastTrap: string };
  readonly disposed: string;
}

let installed: Installed;
let server: Server;
before(async () => {
  installed = await install();
  const answers: Record<string, Answer> = {
    "/": { type: "text/html", body: PAGE.html },
    "/outcome.js": { type: "text/javascript", body: PAGE.module },
    "/models/champion.json": { body: envelopeOf({ stored, signer }) },
  };
  for (const [name, [change]] of Object.entries(REFUSED)) {
    answers[`/models/${name}.json`] = { body: envelopeOf({ stored, signer, ...change }) };
  }
  for (const blob of [stored, cut, bomb]) {
    answers[`/models/blobs/${sha256(blob)}.curb`] = { body: blob };
  }
  server = await serve({ ...answers, ...(await packageAnswers(installed)) });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await installed[Symbol.asyncDispose]();
});

for (const kind of BROWSERS) {
  test(`${kind.name} refuses what must not be trusted, and outlives a trap with the same bits`, async () => {
    const found = (await askPage(kind, server.url("/"))) as Found;
    assert.deepEqual(found.codes, Object.fromEntries(Object.entries(REFUSED).map(([name, [, code]]) => [name, code])));
    assert.equal(found.aborted, true);
    assert.equal(found.status.generation, 2);
    assert.match(found.status.lastTrap, /^RuntimeError: /);
    assert.equal(found.disposed, "ESTIMATOR_DISPOSED");
    const here = (await installed.curbside.loadEstimator({ bytes: stored })).estimate(RIDE).duration;
    assert.deepEqual(found.durations.map(bitsOf), Array(3).fill(bitsOf(here)));
  });
}
