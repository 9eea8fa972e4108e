// What it costs a rider's browser to believe and open weights, beside what fetching them costs: printed, from a real store through a
// real Worker into real Chromium. `cargo xtask test registry` prints it; a busy machine makes every number larger.

import assert from "node:assert/strict";
import { test } from "node:test";

import { askPage, packageAnswers, pageOf } from "../package/browser.ts";
import { install } from "../package/packed.ts";
import { serve } from "../package/server.ts";
import { BROWSERS } from "../page/stage.ts";
import { blobKey, makeSigner, MANIFEST_KEY, publish, shippedBundle } from "../worker/publication.ts";
import { startEdge } from "./edge.ts";
import { bucketOf, sharedPlace } from "./servers.ts";

const ROUNDS = 15;

/** The median of each step, in milliseconds. */
type Steps = Readonly<Record<"fetchManifest" | "signature" | "fetchBlob" | "digest" | "open" | "prepare" | "whole", number>>;

/** Each step by itself, as the package does it, and then all of it by the package. */
function measuring(manifest: string, blob: string, publicKey: string): string {
  return `
    import { loadEstimator } from "/curbside/browser.js";
    const [manifest, blob, publicKey] = ${JSON.stringify([manifest, blob, publicKey])};
    const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const times = {};
    const timed = async (step, work) => {
      const began = performance.now();
      const result = await work();
      (times[step] ??= []).push(performance.now() - began);
      return result;
    };
    const get = async (url) => (await fetch(url, { cache: "no-store" })).arrayBuffer();
    const key = await crypto.subtle.importKey("raw", bytesOf(publicKey), "Ed25519", false, ["verify"]);
    for (let round = 0; round < ${ROUNDS} + 1; round += 1) {
      const envelope = JSON.parse(new TextDecoder().decode(await timed("fetchManifest", () => get(manifest))));
      const payload = bytesOf(envelope.payload);
      const isSigned = await timed("signature", () => crypto.subtle.verify("Ed25519", key, bytesOf(envelope.signature), payload));
      if (!isSigned) throw new Error("expected a signature by the key");
      const stored = await timed("fetchBlob", () => get(blob));
      const digest = new Uint8Array(await timed("digest", () => crypto.subtle.digest("SHA-256", stored))).toHex?.();
      if (digest !== undefined && digest !== JSON.parse(new TextDecoder().decode(payload)).sha256) throw new Error("expected the digest of the manifest");
      const estimator = await timed("open", () => loadEstimator({ bytes: stored }));
      await timed("prepare", async () => estimator.prepare());
      estimator[Symbol.dispose]();
      const whole = await timed("whole", () => loadEstimator({ manifest, trustedKeys: [publicKey], fetch: (url, init) => fetch(url, { ...init, cache: "no-store" }) }));
      whole[Symbol.dispose]();
    }
    // The first round starts the module, and is not of the weights.
    const median = (all) => all.slice(1).sort((a, b) => a - b)[${Math.floor(ROUNDS / 2)}];
    export default Object.fromEntries(Object.entries(times).map(([step, all]) => [step, median(all)]));
  `;
}

test("opening and verifying the shipped bundle, 300 trees of 31 leaves, beside the fetch", async () => {
  const [place, signer, stored] = [sharedPlace("opening"), makeSigner(), await shippedBundle()];
  await publish(bucketOf(place), { stored, signer });
  await using worker = await startEdge(place, { trusted: [signer.publicKey] });
  await using installed = await install();
  const [manifest, blob] = [MANIFEST_KEY, blobKey(stored)].map((key) => new URL(key, worker.url).href);
  const { html, module } = pageOf(measuring(manifest ?? "", blob ?? "", signer.publicKey));
  await using server = await serve({
    ...(await packageAnswers(installed)),
    "/": { type: "text/html", body: html },
    "/outcome.js": { type: "text/javascript", body: module },
  });
  const [chromium] = BROWSERS;
  assert.ok(chromium?.name === "Chromium");
  const steps = (await askPage(chromium, server.url("/"))) as Steps;
  const ms = (step: keyof Steps): string => `${steps[step].toFixed(1)} ms`;
  console.log(
    [
      `Opening ${stored.byteLength} bytes in Chromium, medians of ${ROUNDS}:`,
      `  fetch      manifest ${ms("fetchManifest")}, weights ${ms("fetchBlob")}, of a store and a Worker on this machine`,
      `  verify     signature ${ms("signature")}, digest ${ms("digest")}`,
      `  open       inflate, validate, golden rides ${ms("open")}`,
      `  prepare    tables and golden rides again ${ms("prepare")}, when the page is idle`,
      `  all of it  from the manifest to the first estimate ${ms("whole")}`,
    ].join("\n"),
  );
  for (const [step, took] of Object.entries(steps)) {
    assert.ok(took >= 0 && took < 60_000, `${step}: expected a time, found ${took} ms`);
  }
});
