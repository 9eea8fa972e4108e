// Weights that must not be used, from a real server: each failure by its code, and with a message that helps.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { altered, CALIBRATION, envelopeOf, makeSigner, placeOfSection, sha256 } from "../worker/publication.ts";
import { bitsOf, type Installed, install, storedBundle } from "./packed.ts";
import { type Answer, serve } from "./server.ts";

const signer = makeSigner();
const stored = await storedBundle();
const RIDE = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" };
const MANIFEST = "/models/champion.json";
const blobPath = (bytes: Uint8Array): string => `/models/blobs/${sha256(bytes)}.curb`;

let installed: Installed;
before(async () => {
  installed = await install();
});
after(() => installed[Symbol.asyncDispose]());

/** Loads by manifest from a server with these answers. */
async function load(answers: Record<string, Answer>, trustedKeys: readonly string[] = [signer.publicKey]) {
  await using server = await serve(answers);
  return await installed.curbside.loadEstimator({ manifest: server.url(MANIFEST), trustedKeys });
}

interface Case {
  readonly name: string;
  readonly code: string;
  /** What the message must say beside the URL. */
  readonly says: RegExp;
  readonly answers: Record<string, Answer>;
  readonly keys?: readonly string[];
}

/** A right publication of `bytes`, with the blob answered otherwise if told. */
function publication(bytes: Buffer, blob: Answer = { body: bytes }): Record<string, Answer> {
  return { [MANIFEST]: { body: envelopeOf({ stored: bytes, signer }) }, [blobPath(bytes)]: blob };
}

function manifest(change: Omit<Parameters<typeof envelopeOf>[0], "stored" | "signer">): Record<string, Answer> {
  return { [MANIFEST]: { body: envelopeOf({ stored, signer, ...change }) }, [blobPath(stored)]: { body: stored } };
}

const stranger = makeSigner();
const html = { type: "text/html", body: "<!doctype html><p>Please sign in to the network" };
const bomb = gzipSync(Buffer.alloc(17 << 20));
const otherBits = Buffer.from(stored);
otherBits.writeUInt8(stored.readUInt8(stored.length - 20) ^ 1, stored.length - 20);

const CASES: readonly Case[] = [
  { name: "no manifest", code: "FETCH_STATUS", says: /status 200, found 404/, answers: {} },
  { name: "a server that fails", code: "FETCH_STATUS", says: /found 500/, answers: { [MANIFEST]: { status: 500, body: "oh" } } },
  { name: "no content", code: "FETCH_STATUS", says: /found 204/, answers: { [MANIFEST]: { status: 204 } } },
  { name: "an empty manifest", code: "MANIFEST_MALFORMED", says: /found an empty body/, answers: { [MANIFEST]: {} } },
  { name: "a page in the manifest's place", code: "MANIFEST_MALFORMED", says: /text\/html/, answers: { [MANIFEST]: html } },
  { name: "JSON of another kind", code: "MANIFEST_MALFORMED", says: /payload/, answers: { [MANIFEST]: { body: "[1]" } } },
  { name: "JSON null", code: "MANIFEST_MALFORMED", says: /payload/, answers: { [MANIFEST]: { body: "null" } } },
  {
    name: "an endless manifest",
    code: "MANIFEST_MALFORMED",
    says: /at most 65536 bytes/,
    answers: { [MANIFEST]: { body: " ".repeat(1 << 20) } },
  },
  {
    name: "a manifest without its signature",
    code: "MANIFEST_MALFORMED",
    says: /signature/,
    answers: manifest({ tamper: (envelope) => Reflect.deleteProperty(envelope, "signature") }),
  },
  {
    name: "a signature over something else",
    code: "MANIFEST_SIGNATURE",
    says: /that key [0-9a-f]{16} signed/,
    answers: manifest({ tamper: (envelope) => (envelope.signature = Buffer.alloc(64, 7).toString("base64")) }),
  },
  {
    name: "a payload that was changed after signing",
    code: "MANIFEST_SIGNATURE",
    says: /do not use it/,
    answers: manifest({
      tamper: (envelope) => {
        const payload = Buffer.from(envelope.payload, "base64").toString().replace('"sequence":1', '"sequence":2');
        envelope.payload = Buffer.from(payload).toString("base64");
      },
    }),
  },
  {
    name: "a key that is not trusted",
    code: "MANIFEST_KEY",
    says: new RegExp(`${signer.keyid}.*found one by key "${stranger.keyid}"`),
    answers: manifest({ signer: stranger } as object),
  },
  {
    name: "a stranger's signature under a trusted key's name",
    code: "MANIFEST_SIGNATURE",
    says: new RegExp(signer.keyid),
    answers: manifest({ signer: { ...stranger, keyid: signer.keyid } } as object),
  },
  { name: "a newer layout", code: "MANIFEST_SCHEMA", says: /schema 1, found 2/, answers: manifest({ amend: (m) => (m["schema"] = 2) }) },
  {
    name: "a manifest without a length",
    code: "MANIFEST_MALFORMED",
    says: /field bytes: expected a whole number/,
    answers: manifest({ amend: (m) => Reflect.deleteProperty(m, "bytes") }),
  },
  {
    name: "a manifest that promises too much",
    code: "MANIFEST_MALFORMED",
    says: /field bytes: .*found 16777217/,
    answers: manifest({ amend: (m) => (m["bytes"] = (16 << 20) + 1) }),
  },
  {
    name: "a manifest with half a digest",
    code: "MANIFEST_MALFORMED",
    says: /field sha256/,
    answers: manifest({ amend: (m) => (m["sha256"] = "abc") }),
  },
  { name: "no weights", code: "FETCH_STATUS", says: /weights at .*found 404/, answers: publication(stored, { status: 404 }) },
  { name: "a page in the weights' place", code: "BLOB_LENGTH", says: /text\/html/, answers: publication(stored, html) },
  { name: "empty weights", code: "BLOB_LENGTH", says: /found 0 /, answers: publication(stored, {}) },
  {
    name: "weights with an end cut off",
    code: "BLOB_LENGTH",
    says: new RegExp(`expected ${stored.length} bytes, found ${stored.length - 1} `),
    answers: publication(stored, { body: stored.subarray(0, -1) }),
  },
  {
    name: "weights with something behind",
    code: "BLOB_LENGTH",
    says: /found more/,
    answers: publication(stored, { body: Buffer.concat([stored, stored]) }),
  },
  {
    name: "weights with one bit changed",
    code: "BLOB_DIGEST",
    says: new RegExp(`SHA-256 ${sha256(stored)}, found ${sha256(otherBits)}`),
    answers: publication(stored, { body: otherBits }),
  },
  {
    name: "gzip that ends too soon",
    code: "BLOB_GZIP",
    says: /a whole gzip file/,
    answers: publication(stored.subarray(0, stored.length - 500)),
  },
  { name: "a gzip bomb", code: "BLOB_TOO_LARGE", says: /at most 16777216 bytes once inflated/, answers: publication(bomb) },
  {
    name: "weights that break off",
    code: "FETCH_FAILED",
    says: /weights at .*expected a reply/,
    answers: publication(stored, (response) => {
      response.writeHead(200, { "content-length": String(stored.length) });
      response.write(stored.subarray(0, 100), () => response.destroy());
    }),
  },
  { name: "no key", code: "TRUSTED_KEYS", says: /found none/, answers: {}, keys: [] },
  { name: "a key that is too short", code: "TRUSTED_KEYS", says: /key 0 of 3 bytes/, answers: {}, keys: ["AAAA"] },
  { name: "a key that is no base64", code: "TRUSTED_KEYS", says: /key 1 of another form/, answers: {}, keys: [signer.publicKey, "{}"] },
];

for (const { name, code, says, answers, keys } of CASES) {
  test(`refuses ${name}`, async () => {
    await assert.rejects(load(answers, keys), (thrown) => {
      assert(thrown instanceof installed.curbside.WeightsError, String(thrown));
      assert.equal(thrown.name, "WeightsError");
      assert.equal(thrown.code, code, thrown.message);
      assert.match(thrown.message, says);
      assert.match(thrown.message, /expected .*found .*; /s, "what was expected, what was found, what to do");
      if (code !== "TRUSTED_KEYS") {
        assert(thrown.url !== null && thrown.message.includes(thrown.url), "the URL");
      }
      return true;
    });
  });
}

test("a bundle that was changed and packed again is refused by its own digest and its golden rides", async () => {
  const flipped = (bundle: Buffer): Buffer => {
    bundle.writeUInt8(bundle.readUInt8(bundle.length - 1) ^ 1, bundle.length - 1);
    return bundle;
  };
  // A minute more for every ride.
  const moved = (bundle: Buffer): Buffer => {
    const intercept = placeOfSection(bundle, CALIBRATION);
    bundle.writeDoubleLE(bundle.readDoubleLE(intercept) + 1, intercept);
    return bundle;
  };
  const rows = [
    [altered(stored, flipped, false), "BUNDLE_DIGEST", null],
    [altered(stored, moved, true), "BUNDLE_GOLDEN", "golden"],
    [altered(stored, (bundle) => bundle.subarray(0, 40), false), "BUNDLE_TRUNCATED", null],
    [Buffer.from("not a bundle at all"), "BUNDLE_NOT_RECOGNISED", null],
  ] as const;
  for (const [bytes, code, section] of rows) {
    await assert.rejects(load(publication(bytes)), (thrown) => {
      assert(thrown instanceof installed.curbside.BundleError, String(thrown));
      assert.deepEqual({ code: thrown.code, section: thrown.section }, { code, section }, thrown.message);
      return true;
    });
  }
});

test("either of two trusted keys will do, and the manifest is told", async () => {
  const other = makeSigner();
  const first = await load(publication(stored), [signer.publicKey, other.publicKey]);
  const second = await load(publication(stored), [other.publicKey, signer.publicKey]);
  assert.equal(first.manifest?.sha256, sha256(stored));
  assert.equal(bitsOf(first.estimate(RIDE).duration), bitsOf(second.estimate(RIDE).duration));
});

test("a key that is no point of the curve verifies nothing", async () => {
  const raw = Buffer.alloc(32, 0xff);
  const odd = { ...makeSigner(), publicKey: raw.toString("base64"), keyid: sha256(raw).slice(0, 16) };
  await assert.rejects(load(manifest({ signer: odd } as object), [odd.publicKey]), { code: "MANIFEST_SIGNATURE" });
});

test("a key of another kind is refused by its length", async () => {
  const { publicKey } = generateKeyPairSync("ed448");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-57);
  await assert.rejects(load({}, [raw.toString("base64")]), { code: "TRUSTED_KEYS" });
});

test("a URL with its digest, bytes, and inflated bytes give the same bits as a manifest", async () => {
  await using server = await serve({ ...publication(stored), "/weights": { body: stored } });
  const { loadEstimator } = installed.curbside;
  const estimators = [
    await loadEstimator({ manifest: server.url(MANIFEST), trustedKeys: [signer.publicKey] }),
    await loadEstimator({ url: server.url("/weights"), sha256: sha256(stored) }),
    await loadEstimator({ bytes: stored }),
    await loadEstimator({ bytes: gunzipSync(stored) }),
  ];
  assert.equal(new Set(estimators.map((estimator) => bitsOf(estimator.estimate(RIDE).duration))).size, 1);
  assert.deepEqual(estimators.map(({ manifest: found }) => found === null), [false, true, true, true]);
  await assert.rejects(loadEstimator({ url: server.url("/weights"), sha256: "0".repeat(64) }), { code: "BLOB_DIGEST" });
});

test("an injected fetch is asked for the manifest and what it names, and nothing else is", async () => {
  const asked: string[] = [];
  const estimator = await installed.curbside.loadEstimator({
    manifest: "https://bucket.invalid/models/champion.json",
    trustedKeys: [signer.publicKey],
    fetch: async (url) => {
      asked.push(url);
      return new Response(url.endsWith(".json") ? envelopeOf({ stored, signer }) : new Uint8Array(stored));
    },
  });
  assert(Number.isFinite(estimator.estimate(RIDE).duration));
  assert.deepEqual(asked, ["https://bucket.invalid/models/champion.json", `https://bucket.invalid${blobPath(stored)}`]);
});

test("a server that cannot be reached and a fetch that breaks are told with their cause", async () => {
  const gone = await serve({});
  const url = gone.url(MANIFEST);
  await gone[Symbol.asyncDispose]();
  const { loadEstimator } = installed.curbside;
  const trustedKeys = [signer.publicKey];
  await assert.rejects(loadEstimator({ manifest: url, trustedKeys }), { code: "FETCH_FAILED", url });
  const cause = new Error("no such bucket");
  const fetch = (): Promise<Response> => Promise.reject(cause);
  await assert.rejects(loadEstimator({ manifest: url, trustedKeys, fetch }), { code: "FETCH_FAILED", cause });
});

test("an abort rejects with its reason, before and during the download", async () => {
  const { loadEstimator } = installed.curbside;
  const hangs = (response: import("node:http").ServerResponse): void => {
    response.writeHead(200);
    response.write("{");
  };
  await using server = await serve({ "/hangs": hangs });
  const trustedKeys = [signer.publicKey];
  const reason = new Error("the rider left");
  const aborted = AbortSignal.abort(reason);
  const isReason = (thrown: unknown): boolean => thrown === reason;
  await assert.rejects(loadEstimator({ manifest: server.url("/hangs"), trustedKeys, signal: aborted }), isReason);
  assert.deepEqual(server.asked, []);
  const controller = new AbortController();
  const loading = loadEstimator({ manifest: server.url("/hangs"), trustedKeys, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(loading, isReason);
  const slow = loadEstimator({ manifest: server.url("/hangs"), trustedKeys, signal: AbortSignal.timeout(50) });
  await assert.rejects(slow, { name: "TimeoutError" });
});

test("options that say nothing, too much or nonsense are refused", async () => {
  const loadEstimator = installed.curbside.loadEstimator as (options: unknown) => Promise<unknown>;
  const rows = [
    [undefined, /found none of them/],
    [{}, /found none of them/],
    [{ bytes: stored, url: "https://example.invalid" }, /found url and bytes/],
    [{ url: "https://example.invalid/w.curb" }, /sha256/],
    [{ manifest: "/models/champion.json", trustedKeys: [signer.publicKey] }, /absolute/],
  ] as const;
  for (const [options, message] of rows) {
    await assert.rejects(loadEstimator(options), { name: "WeightsError", code: "OPTIONS", message });
  }
});
