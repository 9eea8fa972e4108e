// Variables and what is said of them, from Node: every way of saying nothing usable. What becomes of it in a Worker is the fallback's test.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeSigner } from "./publication.ts";
import { differs, everyRow } from "./table.ts";

interface Settings {
  readonly trustedKeys: readonly string[];
  readonly ttlSeconds: number;
  readonly usesFallback: boolean;
  readonly source: { readonly kind: string } | null;
  readonly blocked: { readonly code: string } | null;
  readonly faults: readonly { readonly code: string; readonly message: string }[];
}

// By its address, because the types of the Worker's world do not hold in Node's.
const address = new URL("../../worker/settings.ts", import.meta.url).href;
const { readSettings } = (await import(address)) as { readSettings(env: object): Settings };

const [key, other] = [makeSigner().publicKey, makeSigner().publicKey];
const RIGHT = { WEIGHTS: {}, MODEL_NAME: "ride-duration", MODEL_ALIAS: "champion", TRUSTED_KEYS: key, MANIFEST_TTL_SECONDS: 5 };
const S3 = { WEIGHTS_SOURCE: "s3://bucket", S3_ENDPOINT: "https://s3.example", S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "hunter2" };

test("variables that name storage are understood", async () => {
  const rows = [
    { name: "the bucket that is bound", env: {}, kind: "r2" },
    { name: "the bucket, said with an empty text", env: { WEIGHTS_SOURCE: " ", S3_ENDPOINT: "" }, kind: "r2" },
    { name: "S3", env: S3, kind: "s3" },
    { name: "S3 with a prefix", env: { ...S3, WEIGHTS_SOURCE: "s3://bucket/a/b.c/" }, kind: "s3" },
    { name: "S3 without a bucket bound", env: { ...S3, WEIGHTS: undefined }, kind: "s3" },
    { name: "S3 on this machine", env: { ...S3, S3_ENDPOINT: "http://127.0.0.1:3900/" }, kind: "s3" },
    { name: "HTTPS", env: { WEIGHTS_SOURCE: "https://cdn.example/weights/" }, kind: "https" },
    { name: "HTTP on this machine", env: { WEIGHTS_SOURCE: "http://localhost:8000" }, kind: "https" },
    { name: "HTTP on this machine, by the other IP", env: { WEIGHTS_SOURCE: "http://[::1]:8000" }, kind: "https" },
  ];
  await everyRow(rows, async ({ env, kind }) => {
    const { source, faults } = readSettings({ ...RIGHT, ...env });
    return [...differs("source", source?.kind, kind), ...differs("faults", faults, [])];
  });
});

test("what keeps a manifest from being followed is told by name, without a secret", async () => {
  const rows: { name: string; env: object; code?: string; says: RegExp }[] = [
    { name: "no storage", env: { WEIGHTS: undefined }, says: /found neither; set WEIGHTS_SOURCE/ },
    { name: "S3 alone", env: { WEIGHTS_SOURCE: "s3://b" }, says: /found no S3_ENDPOINT and no S3_ACCESS_KEY_ID and no S3_SECRET_ACCESS_KEY; set/ },
    { name: "S3 without a secret", env: { ...S3, S3_SECRET_ACCESS_KEY: " " }, says: /found no S3_SECRET_ACCESS_KEY; set/ },
    { name: "S3 without a bucket", env: { ...S3, WEIGHTS_SOURCE: "s3://" }, says: /expected s3:\/\/bucket/ },
    { name: "S3 with a climb in its prefix", env: { ...S3, WEIGHTS_SOURCE: "s3://bucket/../other" }, says: /expected s3:\/\/bucket/ },
    { name: "S3 with a query", env: { ...S3, WEIGHTS_SOURCE: "s3://bucket?x=hunter2" }, says: /expected s3:\/\/bucket/ },
    { name: "an endpoint with a bucket", env: { ...S3, S3_ENDPOINT: "https://s3.example/b" }, says: /expected https:\/\/host alone/ },
    { name: "an endpoint without a scheme", env: { ...S3, S3_ENDPOINT: "s3.example" }, says: /S3_ENDPOINT: expected https:\/\/host, found something else/ },
    { name: "an endpoint by plain HTTP", env: { ...S3, S3_ENDPOINT: "http://s3.example" }, says: /found http:\/\/ to s3\.example/ },
    { name: "a key of two lines", env: { ...S3, S3_ACCESS_KEY_ID: "hunter2\r\nx: y" }, says: /S3_ACCESS_KEY_ID: expected letters, digits and signs/ },
    { name: "a secret beyond ASCII", env: { ...S3, S3_SECRET_ACCESS_KEY: "hunter2\u00e9" }, says: /S3_SECRET_ACCESS_KEY: expected letters/ },
    { name: "an endpoint, no S3", env: { S3_ENDPOINT: "https://s3.example" }, says: /because S3_ENDPOINT is set, found none; set WEIGHTS_SOURCE/ },
    { name: "an endpoint beside HTTPS", env: { ...S3, WEIGHTS_SOURCE: "https://cdn.example" }, says: /found an address that is not S3/ },
    { name: "plain HTTP", env: { WEIGHTS_SOURCE: "http://cdn.example/weights" }, says: /expected https:\/\/, found http:\/\/ to cdn\.example/ },
    { name: "HTTP to what only begins as this machine", env: { WEIGHTS_SOURCE: "http://127.0.0.1.example" }, says: /found http:\/\// },
    { name: "a password", env: { WEIGHTS_SOURCE: "https://user:hunter2@cdn.example" }, says: /without name, password and query/ },
    { name: "a token", env: { WEIGHTS_SOURCE: "https://cdn.example/?sig=hunter2" }, says: /without name, password and query/ },
    { name: "another scheme", env: { WEIGHTS_SOURCE: "gs://hunter2" }, says: /expected https:\/\/host, found something else/ },
    { name: "no model", env: { MODEL_NAME: undefined }, code: "MODEL_NAME", says: /found ""/ },
    { name: "a model that climbs", env: { MODEL_NAME: "../x" }, code: "MODEL_NAME", says: /found "\.\.\/x"/ },
    { name: "an alias that is a path", env: { MODEL_ALIAS: "champion.history/1" }, code: "MODEL_ALIAS", says: /found "champion\.history\/1"/ },
    { name: "no key", env: { TRUSTED_KEYS: "" }, code: "TRUSTED_KEYS", says: /expected at least one.*found none; set the variable/ },
    { name: "a key that is none", env: { TRUSTED_KEYS: "hunter2" }, code: "TRUSTED_KEYS", says: /found none among what is there/ },
  ];
  await everyRow(rows, async ({ env, code = "WEIGHTS_SOURCE", says }) => {
    const { blocked, faults } = readSettings({ ...RIGHT, ...env });
    const message = faults[0]?.message ?? "";
    return [
      ...differs("blocked", blocked?.code, code),
      ...differs("faults", faults.map((fault) => fault.code), [code]),
      ...(says.test(message) ? [] : [`message: expected ${says}, found ${message}`]),
      ...(JSON.stringify(faults).includes("hunter2") ? ["expected no secret, found one"] : []),
    ];
  });
});

test("what is wrong beside the way to the weights is told, and something is taken in its place", async () => {
  const rows = [
    ...["soon", "", 0, "-1", "Infinity", NaN].map((seconds) => ({
      name: `${JSON.stringify(seconds)} seconds`,
      env: { MANIFEST_TTL_SECONDS: seconds },
      codes: ["MANIFEST_TTL_SECONDS"],
      found: { ttlSeconds: 5 },
    })),
    { name: "seconds in a text", env: { MANIFEST_TTL_SECONDS: "7.5" }, codes: [], found: { ttlSeconds: 7.5 } },
    { name: "no seconds", env: { MANIFEST_TTL_SECONDS: undefined }, codes: [], found: { ttlSeconds: 5 } },
    { name: "another fallback", env: { FALLBACK: "yes" }, codes: ["FALLBACK"], found: { usesFallback: true } },
    { name: "no fallback", env: { FALLBACK: "none" }, codes: [], found: { usesFallback: false } },
    { name: "two keys", env: { TRUSTED_KEYS: ` ${key}\n${other} ` }, codes: [], found: { trustedKeys: [key, other] } },
    { name: "one key of two", env: { TRUSTED_KEYS: `hunter2 ${other}` }, codes: ["TRUSTED_KEYS"], found: { trustedKeys: [other] } },
  ];
  await everyRow(rows, async ({ env, codes, found }) => {
    const settings = readSettings({ ...RIGHT, ...env });
    const entries = Object.entries(found) as [keyof Settings, unknown][];
    return [
      ...differs("blocked", settings.blocked, null),
      ...differs("faults", settings.faults.map((fault) => fault.code), codes),
      ...entries.flatMap(([name, expected]) => differs(name, settings[name], expected)),
      ...(JSON.stringify(settings.faults).includes("hunter2") ? ["expected nothing of what is no key, found it"] : []),
    ];
  });
});

test("everything wrong at once is told at once, what blocks first", () => {
  const { blocked, faults } = readSettings({ MANIFEST_TTL_SECONDS: "x", FALLBACK: "x" });
  const codes = ["WEIGHTS_SOURCE", "MODEL_NAME", "MODEL_ALIAS", "TRUSTED_KEYS", "MANIFEST_TTL_SECONDS", "FALLBACK"];
  assert.deepEqual(faults.map((fault) => fault.code), codes);
  assert.equal(blocked?.code, "WEIGHTS_SOURCE");
});
