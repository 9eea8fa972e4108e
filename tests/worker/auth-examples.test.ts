// The commands of docs/security.md, run as they stand there against a Worker that wants credentials.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { type RunningWorker, startWorker } from "./harness.ts";
import { makeSigner, publish, shippedBundle } from "./publication.ts";

const TOKEN = "kQ7pnGGK9zvPVF3RwI2cD1v7tYw0Ue5n";
const SECRET = Buffer.alloc(32, 5).toString("base64");
const signer = makeSigner();
const document = await readFile(new URL("../../docs/security.md", import.meta.url), "utf8");

let worker: RunningWorker;

before(async () => {
  worker = await startWorker({ trusted: [signer], secrets: { API_TOKENS: TOKEN, HMAC_KEYS: `backend:${SECRET}` } });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

/** The document's one block in this language that contains a text, for the Worker of this test. */
function block(language: string, text: string): string {
  const blocks = [...document.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of, code]) => of === language && code?.includes(text));
  assert.equal(blocks.length, 1, `blocks of ${language} with ${text}`);
  const code = blocks[0]?.[2] ?? "";
  assert.match(code, /http:\/\/localhost:9696/);
  return code.replaceAll("http://localhost:9696", worker.url.origin);
}

/** What a program prints; fails with what it complains of. */
async function run(program: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env } });
  let [out, complaints] = ["", ""];
  child.stdout.on("data", (chunk) => void (out += String(chunk)));
  child.stderr.on("data", (chunk) => void (complaints += String(chunk)));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  assert.equal(code, 0, `${complaints}\n${out}`);
  return out;
}

/** Why these programs cannot be run here; false if they can. */
function lacks(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => spawnSync(program, ["--version"]).error !== undefined);
  return missing.length > 0 && `this machine has no ${missing.join(" and no ")}`;
}

test("a token by curl", { skip: lacks("curl") }, async () => {
  assert.match(await run("sh", ["-c", block("sh", "authorization: Bearer")], { TOKEN }), /"duration":\d/);
  await assert.rejects(run("sh", ["-c", block("sh", "authorization: Bearer")], { TOKEN: "x".repeat(32) }), /TOKEN_UNKNOWN/);
});

test("a signature by openssl and curl", { skip: lacks("curl", "openssl") }, async () => {
  assert.match(await run("sh", ["-c", block("sh", "webhook-signature")], { SECRET }), /"duration":\d/);
  await assert.rejects(run("sh", ["-c", block("sh", "webhook-signature")], { SECRET: btoa("x".repeat(32)) }), /SIGNATURE_WRONG/);
});

test("a signature by Python", { skip: lacks("python3") }, async () => {
  assert.match(await run("python3", ["-c", block("python", "webhook-signature")], { SECRET }), /'duration': \d/);
});
