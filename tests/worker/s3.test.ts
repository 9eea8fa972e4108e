// The source that speaks S3, from Node and in the Worker: on a real store where there is one, and when clocks differ.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, mock, test, type TestContext } from "node:test";

import { WeightsFault } from "../../worker/weights/fault.ts";
import { type S3Bucket, s3Source } from "../../worker/weights/s3.ts";
import { eventually, type RunningWorker, startWorker } from "./harness.ts";
import { estimate, healthOf } from "./health.ts";
import { blobKey, makeSigner, MANIFEST_KEY, publish, sha256, shippedBundle, smallBundle } from "./publication.ts";
import { NO_STORE, requireNoSecret, type TestStore, testStore } from "./store.ts";
import { differs, everyRow } from "./table.ts";

const KEY = MANIFEST_KEY;
const signer = makeSigner();
const HOUR_MS = 3_600_000;

async function faultOf(work: Promise<unknown>): Promise<WeightsFault> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof WeightsFault) {
      return thrown;
    }
    throw thrown;
  }
  return assert.fail("expected a refusal, found none");
}

/** Counts what is sent, and sends it. */
function countRequests(context: TestContext): () => number {
  const spy = context.mock.method(globalThis, "fetch");
  return () => spy.mock.callCount();
}

/** The Worker on a store. */
function startOn(place: S3Bucket): Promise<RunningWorker> {
  return startWorker({
    trusted: [signer],
    fallback: "shipped",
    ttlSeconds: 0.3,
    vars: { WEIGHTS_SOURCE: `s3://${place.bucket}/${place.prefix}`, S3_ENDPOINT: place.endpoint, S3_REGION: place.region ?? "" },
    secrets: { S3_ACCESS_KEY_ID: place.accessKeyId, S3_SECRET_ACCESS_KEY: place.secretAccessKey },
  });
}

const skip = testStore() === null ? NO_STORE : false;

describe("a real store", { skip }, () => {
  // Null where all of this is skipped.
  const store = testStore() as TestStore;
  const bucket = store?.place;
  after(() => store?.[Symbol.asyncDispose]());

  test("an object is read, asked for by its head, by its etag, and not found", async () => {
    await store.put(KEY, "signed");
    const source = s3Source(bucket);
    const response = await source.get(KEY);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "signed");
    const etag = response.headers.get("etag") ?? assert.fail("expected an etag");
    assert.equal(response.headers.get("content-length"), "6");
    const head = await source.get(KEY, { headOnly: true });
    assert.deepEqual([head.status, head.headers.get("etag"), head.headers.get("content-length"), await head.text()], [200, etag, "6", ""]);
    assert.equal((await source.get(KEY, { etag })).status, 304);
    assert.equal((await source.get(KEY, { etag: '"other"' })).status, 200);
    assert.equal((await source.get("models/ride-duration/none.json")).status, 404);
    assert.equal((await source.get("models/ride-duration/none.json", { headOnly: true })).status, 404);
    // None of the store's own headers goes on.
    assert.deepEqual([...response.headers.keys()].sort(), ["content-length", "etag", "last-modified"]);
  });

  test("a store that refuses is told in our words, and nothing of the credentials with it", async () => {
    const rows = [
      { name: "a wrong secret", place: { ...bucket, secretAccessKey: "0".repeat(64) }, says: /found 403: access denied; check S3_ACCESS_KEY_ID/ },
      { name: "an unknown key", place: { ...bucket, accessKeyId: `GK${"0".repeat(24)}` }, says: /found 403: access denied/ },
      { name: "another region", place: { ...bucket, region: "eu-nowhere-1" }, says: /found 400: another region; set S3_REGION/ },
      { name: "another bucket", place: { ...bucket, bucket: "no-such-bucket" }, says: /found 40[34]: (no such bucket; check WEIGHTS_SOURCE|access denied)/ },
    ];
    await everyRow(rows, async ({ place, says }) => {
      const { code, message } = await faultOf(s3Source(place).get(KEY));
      requireNoSecret(message, place);
      return [...differs("code", code, "FETCH_STATUS"), ...(says.test(message) ? [] : [`message: expected ${says}, found ${message}`])];
    });
  });

  // Real stores allow a quarter of an hour or a day; this is beyond both.
  for (const hours of [-25, 25, -24 * 365]) {
    test(`a clock that is wrong by ${hours} hours is set right once, and stays so`, async (context) => {
      await store.put(KEY, "signed");
      const requests = countRequests(context);
      const source = s3Source(bucket);
      mock.timers.enable({ apis: ["Date"], now: Date.now() + hours * HOUR_MS });
      try {
        assert.equal(await (await source.get(KEY)).text(), "signed");
        const first = requests();
        // A store may take a clock that is ahead; one that is behind is refused once.
        assert.ok(hours < 0 ? first === 2 : first <= 2, `expected 2 requests, found ${first}`);
        assert.equal(await (await source.get(KEY)).text(), "signed");
        assert.equal((await source.get(KEY, { headOnly: true })).status, 200);
        assert.equal(requests(), first + 2);
      } finally {
        mock.timers.reset();
      }
    });
  }

  test("a wrong clock does not hide a wrong secret", async () => {
    mock.timers.enable({ apis: ["Date"], now: Date.now() - 48 * HOUR_MS });
    try {
      const place = { ...bucket, secretAccessKey: "0".repeat(64) };
      const { message } = await faultOf(s3Source(place).get(KEY));
      assert.match(message, /found 403: access denied/);
      requireNoSecret(message, place);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("a Worker on a real store", { skip }, () => {
  // Null where all of this is skipped.
  const own = testStore() as TestStore;
  after(() => own?.[Symbol.asyncDispose]());

  /** All that the Worker shows to anybody, and its log. */
  async function seenOf(worker: RunningWorker): Promise<string> {
    const paths = ["/health", "/config.json", `/${MANIFEST_KEY}`, "/models/ride-duration/none.json"];
    const replies = await Promise.all(
      paths.map(async (path) => {
        const response = await worker.fetch(path);
        return `${path} ${JSON.stringify([...response.headers])} ${await response.text()}`;
      }),
    );
    return [...replies, worker.log()].join("\n");
  }

  test("it serves what is published there, and changes over when something else is", async () => {
    const { place } = own;
    const [first, second] = [await shippedBundle(), await smallBundle("with an interval")];
    await publish(own, { stored: first, signer, sequence: 1 });
    await using worker = await startOn(place);
    const before = await estimate(worker);
    const health = await healthOf(worker);
    assert.deepEqual([health.status, health.source, health.sequence, health.sha256], ["ok", "s3", 1, sha256(first)]);
    await publish(own, { stored: second, signer, sequence: 2 });
    await eventually(() => healthOf(worker), (now) => now.sequence === 2);
    const after = await estimate(worker);
    assert.notEqual(after.model_version, before.model_version);
    const blob = await worker.fetch(`/${blobKey(second)}`);
    assert.equal(sha256(new Uint8Array(await blob.arrayBuffer())), sha256(second));
    requireNoSecret(await seenOf(worker), place);
  });

  test("a store that refuses leaves the shipped bundle answering, and nobody sees a credential", async () => {
    const { place } = own;
    await publish(own, { stored: await smallBundle("with an interval"), signer, sequence: 3 });
    await everyRow(
      [
        { name: "a wrong secret", wrong: { secretAccessKey: "5".repeat(64) }, says: /found 403: access denied/ },
        { name: "an unknown key", wrong: { accessKeyId: `GK${"5".repeat(24)}` }, says: /found 403: access denied/ },
        { name: "a wrong region", wrong: { region: "nowhere-1" }, says: /found 400: another region/ },
      ],
      async ({ wrong, says }) => {
        const used = { ...place, ...wrong };
        await using worker = await startOn(used);
        await estimate(worker);
        const health = await healthOf(worker);
        const reply = await worker.fetch(`/${MANIFEST_KEY}`);
        requireNoSecret(await seenOf(worker), used);
        return [
          ...differs("health", [health.http, health.status, health.last_error?.code], [200, "fallback", "FETCH_STATUS"]),
          ...(says.test(health.last_error?.message ?? "") ? [] : [`message: expected ${says}, found ${health.last_error?.message}`]),
          ...differs("/models/", reply.status, 502),
        ];
      },
    );
  });
});

describe("a store that goes by its own clock", () => {
  const servers: Server[] = [];
  after(() => servers.forEach((server) => server.close()));

  /** Refuses requests signed more than a quarter of an hour from its time, as Amazon's store does, quoting them. */
  async function startStrict(aheadMs: number, seen: number[], objects: ReadonlyMap<string, Buffer>): Promise<S3Bucket> {
    const server = createServer(({ headers, url }, response) => {
      const now = Date.now() + aheadMs;
      const signedAt = Date.parse(String(headers["x-amz-date"]).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
      seen.push(signedAt - now);
      response.sendDate = false;
      response.setHeader("date", new Date(now).toUTCString());
      if (Math.abs(signedAt - now) > 15 * 60_000) {
        response.writeHead(403, { "content-type": "application/xml" });
        response.end(`<Error><Code>RequestTimeTooSkewed</Code><AWSAccessKeyId>${headers.authorization}</AWSAccessKeyId></Error>`);
        return;
      }
      const object = objects.get((url ?? "").replace("/bucket/", ""));
      response.writeHead(object === undefined ? 404 : 200, object === undefined ? {} : { "content-length": object.byteLength });
      response.end(object);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { endpoint, bucket: "bucket", prefix: "", accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI" };
  }

  test("whichever way the clocks differ, one refusal is enough", async () => {
    for (const hours of [-24, -1, 0, 1, 24]) {
      const seen: number[] = [];
      const source = s3Source(await startStrict(hours * HOUR_MS, seen, new Map([[KEY, Buffer.from("signed")]])));
      for (let time = 0; time < 3; time += 1) {
        assert.equal(await (await source.get(KEY)).text(), "signed");
      }
      assert.equal(seen.length, hours === 0 ? 3 : 4, `${hours} h: ${seen}`);
      assert.ok(Math.abs(seen.at(-1) ?? NaN) < 60_000, `${hours} h: ${seen}`);
    }
  });

  test("a Worker whose clock is wrong by a day serves what is there", async () => {
    const objects = new Map<string, Buffer>();
    const bundle = await smallBundle("with an interval");
    const put = async (key: string, value: string | ArrayBuffer): Promise<void> => {
      objects.set(key, typeof value === "string" ? Buffer.from(value) : Buffer.from(new Uint8Array(value)));
    };
    await publish({ put }, { stored: bundle, signer, sequence: 5 });
    const seen: number[] = [];
    const place = await startStrict(24 * HOUR_MS, seen, objects);
    await using worker = await startOn(place);
    const health = await healthOf(worker);
    assert.deepEqual([health.status, health.sequence, health.sha256, health.last_error], ["ok", 5, sha256(bundle), null]);
    await publish({ put }, { stored: bundle, signer, sequence: 6 });
    await eventually(() => healthOf(worker), (now) => now.sequence === 6);
    assert.equal(seen.filter((difference) => Math.abs(difference) > 60_000).length, 1, "expected one request by the wrong clock");
    requireNoSecret(JSON.stringify(health) + worker.log(), place);
  });

  test("a store that names another time and refuses that as well is asked twice, and not quoted", async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      response.sendDate = false;
      response.writeHead(403, { date: new Date(Date.now() + asked * HOUR_MS).toUTCString() });
      response.end(`<Error><Code>RequestTimeTooSkewed</Code><StringToSign>${request.headers.authorization}</StringToSign></Error>`);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const place = { endpoint, bucket: "bucket", prefix: "", accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI" };
    const { message } = await faultOf(s3Source(place).get(KEY));
    assert.equal(asked, 2);
    assert.match(message, /found 403: clocks too far apart/);
    requireNoSecret(message, place);
  });
});
