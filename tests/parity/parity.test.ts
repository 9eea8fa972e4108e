// The parity ledger on every JavaScript host: the packed package gives exactly the ledger's bits in Node, workerd, Chromium
// and Firefox, by numbers, in columns and through JSON text, by the walk and by tables. The native side of the same ledger is tests/native/parity.rs.
//
// Every host fetches the shipped bundle under a signed manifest, so that its own WebCrypto and inflation are in play too.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { transform } from "esbuild";

import { askPage, packageAnswers, pageOf } from "../package/browser.ts";
import { type Installed, install } from "../package/packed.ts";
import { type Answer, serve, type Server } from "../package/server.ts";
import { startInWorkerd } from "../package/workerd.ts";
import { BROWSERS } from "../page/stage.ts";
import { envelopeOf, makeSigner, sha256 } from "../worker/publication.ts";
import { type Outcome, score } from "./score.ts";

/** What the ledger was made with, so nothing else will do here. */
const BUNDLE = new URL("../../models/green-tripdata-duration.curb", import.meta.url);
const LEDGER = new URL("ledger.csv", import.meta.url);
const SCORE = new URL("score.ts", import.meta.url);
/** So many rides the ledger has at least. */
const RIDES = 2000;

const signer = makeSigner();
const MANIFEST = "/models/champion.json";
let installed: Installed;
let server: Server;
let ledger: string;

before(async () => {
  installed = await install();
  ledger = await readFile(LEDGER, "utf8");
  const stored = await readFile(BUNDLE);
  const answers: Record<string, Answer> = {
    [MANIFEST]: { type: "application/json", body: envelopeOf({ stored, signer }) },
    [`/models/blobs/${sha256(stored)}.curb`]: { body: stored },
    "/ledger.csv": { type: "text/csv", body: ledger },
    "/score.js": { type: "text/javascript", body: (await transform(await readFile(SCORE, "utf8"), { loader: "ts" })).code },
    "/": { type: "text/html", body: PAGE.html },
    "/outcome.js": { type: "text/javascript", body: PAGE.module },
  };
  server = await serve({ ...answers, ...(await packageAnswers(installed)) });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await installed[Symbol.asyncDispose]();
});

function check(outcome: Outcome): void {
  assert.deepEqual(outcome.differences, [], outcome.host);
  assert(outcome.rides >= RIDES, `the ledger has ${outcome.rides} rides, and at least ${RIDES} are wanted`);
  // Once by the walk, once by tables.
  const each = 2 * outcome.rides;
  const all = { estimate: each, estimateBatch: each, predict: each };
  assert.deepEqual(outcome.agreed, all, outcome.host);
}

test("Node gives the ledger's bits", async () => {
  const estimator = await installed.curbside.loadEstimator({ manifest: server.url(MANIFEST), trustedKeys: [signer.publicKey] });
  check(score(estimator, ledger));
});

const WORKER = `
import { loadEstimator } from "curbside";
import { score } from "./score.ts";

export default {
  async fetch(request) {
    const { options, ledger } = await request.json();
    return Response.json(score(await loadEstimator(options), ledger));
  },
};
`;

test("workerd gives the ledger's bits", async () => {
  await installed.write("score.ts", await readFile(SCORE));
  await using worker = await startInWorkerd(installed, WORKER);
  const options = { manifest: server.url(MANIFEST), trustedKeys: [signer.publicKey] };
  check((await worker.ask({ options, ledger })) as Outcome);
});

const PAGE = pageOf(`
  import { loadEstimator } from "/curbside/browser.js";
  import { score } from "/score.js";

  const estimator = await loadEstimator({ manifest: "${MANIFEST}", trustedKeys: ["${signer.publicKey}"] });
  const ledger = await (await fetch("/ledger.csv")).text();
  export default score(estimator, ledger);
`);

for (const kind of BROWSERS) {
  test(`${kind.name} gives the ledger's bits`, async () => {
    const outcome = (await askPage(kind, server.url("/"))) as Outcome;
    assert.match(outcome.host, kind.name === "Firefox" ? /Firefox\// : /Chrome\//);
    check(outcome);
  });
}
