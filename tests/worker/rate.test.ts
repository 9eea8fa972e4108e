// How often one caller may ask, by the platform's own counter as wrangler.toml has it, with its marks taken away and a lower limit.

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { eventually, type RunningWorker, startWorker } from "./harness.ts";
import { healthOf, RIDE } from "./health.ts";
import { makeSigner, publish, shippedBundle } from "./publication.ts";
import { signedHeaders } from "./signing.ts";
import { differs, everyRow } from "./table.ts";

const ROOT = new URL("../../", import.meta.url);
const CONFIG = ".curbside/wrangler.rate-limit.toml";
const LIMIT = 3;
const TOKEN = "kQ7pnGGK9zvPVF3RwI2cD1v7tYw0Ue5n";
const OTHER = "another-token-of-some-length";
const SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const signer = makeSigner();

/** wrangler.toml with the limit that it has in comments, read from where it is written to. */
async function configWithLimit(): Promise<void> {
  const text = await readFile(new URL("wrangler.toml", ROOT), "utf8");
  const marked = /^# (\[\[ratelimits\]\])\n# (name = "RATE_LIMIT")\n# (namespace_id = .*)\n# (simple = \{ limit = )\d+, period = 10 \}$/m;
  assert.match(text, marked, "wrangler.toml explains the limit");
  const changed = text
    .replace(marked, (_, ...parts) => `${parts.slice(0, 4).join("\n")}${LIMIT}, period = 60 }`)
    .replace('main = "worker/', 'main = "../worker/')
    .replace('directory = ".curbside/site"', 'directory = "site"');
  await mkdir(new URL(".curbside/", ROOT), { recursive: true });
  await writeFile(new URL(CONFIG, ROOT), changed);
}

async function start(secrets: Record<string, string>): Promise<RunningWorker> {
  await configWithLimit();
  const worker = await startWorker({ trusted: [signer], secrets, configPath: CONFIG });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
  return worker;
}

/** Statuses, and what was said with the last. */
interface Rides {
  readonly statuses: number[];
  readonly last: Response;
  readonly text: string;
}

/** What becomes of so many rides in a row. */
async function rides(worker: RunningWorker, count: number, headers: () => Record<string, string>, path = "/predict"): Promise<Rides> {
  const statuses: number[] = [];
  for (;;) {
    const last = await worker.fetch(path, { method: "POST", headers: { "content-type": "application/json", ...headers() }, body: RIDE });
    const text = await last.text();
    statuses.push(last.status);
    if (statuses.length === count) {
      return { statuses, last, text };
    }
  }
}

/** Counting begins anew with each minute of the clock: begins where none will soon end. */
async function earlyInAMinute(): Promise<void> {
  await eventually(async () => new Date().getSeconds(), (second) => second < 35);
}

// By its address, because the types of the Worker's world do not hold in Node's.
const { addressOf } = (await import(new URL("../../worker/http/rate.ts", import.meta.url).href)) as { addressOf(headers: Headers): string };

let worker: RunningWorker;

before(async () => {
  worker = await start({ API_TOKENS: `${TOKEN} ${OTHER}`, HMAC_KEYS: `backend:${SECRET}` });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

test("each token and each key has its own count; beyond it: 429, a code, and when to come again", async () => {
  await earlyInAMinute();
  const within = Array<number>(LIMIT).fill(200);
  const rows = [
    { name: "a token", headers: () => ({ authorization: `Bearer ${TOKEN}` }) },
    { name: "another token", headers: () => ({ authorization: `Bearer ${OTHER}` }) },
    { name: "a key", headers: () => signedHeaders([SECRET], { body: RIDE }) },
  ];
  await everyRow(rows, async ({ headers }) => {
    const { statuses, last, text } = await rides(worker, LIMIT + 1, headers);
    const { error } = JSON.parse(text) as { error?: { code: string } };
    return [
      ...differs("statuses", statuses, [...within, 429]),
      ...differs("code", error?.code, "RATE_LIMITED"),
      ...differs("Retry-After", last.headers.get("retry-after"), "10"),
      ...differs("nosniff", last.headers.get("x-content-type-options"), "nosniff"),
    ];
  });
  const limited = await rides(worker, 1, () => ({ authorization: `Bearer ${TOKEN}` }), "/v2/models/ride-duration/infer");
  assert.equal(limited.last.status, 429);
  assert.match(limited.text, /^\{"error":"expected fewer requests/);
});

test("who is refused counts by address, so that credentials cannot be tried faster than rides; health is not counted", async () => {
  await earlyInAMinute();
  const { statuses } = await rides(worker, LIMIT + 2, () => ({ authorization: `Bearer ${"x".repeat(20)}` }));
  assert.deepEqual(statuses, [...Array<number>(LIMIT).fill(401), 429, 429]);
  const bySignature = await rides(worker, 1, () => signedHeaders([Buffer.alloc(32).toString("base64")], { body: RIDE }));
  assert.deepEqual(bySignature.statuses, [429]);
  for (let count = 0; count < LIMIT + 2; count += 1) {
    assert.equal((await healthOf(worker)).http, 200);
  }
  assert.doesNotMatch(worker.log(), /127\.0\.0\.1|::1|address /);
});

test("where no credential is asked for, addresses are counted", async () => {
  await using open = await start({});
  await earlyInAMinute();
  const { statuses } = await rides(open, LIMIT + 1, () => ({}));
  assert.deepEqual(statuses, [...Array<number>(LIMIT).fill(200), 429]);
});

test("an address of IPv6 is counted by its network, of which whoever has one has many addresses", async () => {
  const rows = [
    { name: "192.0.2.1", counted: "192.0.2.1" },
    { name: "::ffff:192.0.2.1", counted: "192.0.2.1" },
    { name: "2001:db8:1:2:3:4:5:6", counted: "2001:db8:1:2" },
    { name: "2001:DB8:1:2:ffff::6", counted: "2001:db8:1:2" },
    { name: "2001:db8:1::6", counted: "2001:db8:1:0" },
    { name: "2001:db8::", counted: "2001:db8:0:0" },
    { name: "::1", counted: "0:0:0:0" },
    { name: "", counted: "unknown" },
  ];
  await everyRow(rows, async ({ name, counted }) => {
    const headers = new Headers(name === "" ? {} : { "cf-connecting-ip": name });
    return differs("counted", addressOf(headers), `address ${counted}`);
  });
});
