// Settings that cannot be served by: told all at once, with the remedy, before anything listens; and never a secret among it.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ask, estimate, type Event, processesOf, run, serve, start, until } from "./server.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "curbside-settings-"));
  await writeFile(join(folder, "empty"), "");
});
after(() => rm(folder, { recursive: true }));

const KEY = "1DO4bVFzveyOe7LNH0r2PADXq+sXJWiqhcAC99urwfU=";
const SECRET = "a-secret-that-must-not-be-seen";

interface Case {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What the refusal's field names. */
  readonly field: string;
  /** What it says was found. */
  readonly found: RegExp;
}

const S3 = { WEIGHTS_SOURCE: "s3://bucket", TRUSTED_KEYS: KEY, S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: SECRET };

const CASES: readonly Case[] = [
  { args: ["--listen", "9696"], field: "--listen", found: /9696/ },
  { args: ["--listen", "127.0.0.1"], field: "--listen", found: /127\.0\.0\.1/ },
  { env: { CURBSIDE_LISTEN: "example.com:80" }, field: "CURBSIDE_LISTEN", found: /example/ },
  { args: ["--processes", "0"], field: "--processes", found: /"0"/ },
  { env: { CURBSIDE_PROCESSES: "many" }, field: "CURBSIDE_PROCESSES", found: /many/ },
  { args: ["--weights", "/nowhere/at/all", "--trusted-keys", KEY], field: "--weights", found: /No such file/ },
  { args: ["--weights", "EMPTY", "--trusted-keys", KEY], field: "--weights", found: /a file/ },
  { args: ["--weights", "ftp://host", "--trusted-keys", KEY], field: "--weights", found: /ftp/ },
  { args: ["--weights", "https://weights.example", "--trusted-keys", KEY, "--weights-network", "all"], field: "--weights-network", found: /all/ },
  { args: ["--weights", "https://weights.example", "--trusted-keys", KEY, "--weights-authorities", "EMPTY"], field: "--weights-authorities", found: /no PEM/ },
  { args: ["--weights-network", "private"], field: "--weights-network", found: /private/ },
  { args: ["--trusted-keys", KEY], field: "--weights", found: /none/ },
  { env: { S3_ENDPOINT: "https://s3.example" }, field: "--weights", found: /none/ },
  { args: ["--tls-certificate", "EMPTY"], field: "--tls-key", found: /none/ },
  { args: ["--tls-key", "EMPTY"], field: "--tls-certificate", found: /none/ },
  { args: ["--tls-certificate", "EMPTY", "--tls-key", "EMPTY"], field: "--tls-certificate", found: /no PEM/ },
  { args: ["--behind-proxy", "maybe"], field: "--behind-proxy", found: /maybe/ },
  { env: { API_TOKENS_FILE: "/nowhere/tokens" }, field: "API_TOKENS_FILE", found: /No such file/ },
  { env: { API_TOKENS: SECRET, API_TOKENS_FILE: "EMPTY" }, field: "API_TOKENS", found: /two/ },
  { env: { HMAC_KEYS_FILE: "EMPTY" }, field: "HMAC_KEYS_FILE", found: /nothing in it/ },
  // What only the Worker can judge.
  { args: ["--model", "no/name"], field: "MODEL_NAME", found: /no\/name/ },
  { args: ["--alias", "no.alias"], field: "MODEL_ALIAS", found: /no\.alias/ },
  { args: ["--model", "another"], field: "FALLBACK_NAME", found: /ride-duration/ },
  { args: ["--fallback", "perhaps"], field: "FALLBACK", found: /perhaps/ },
  { env: { MANIFEST_TTL_SECONDS: "-1" }, field: "MANIFEST_TTL_SECONDS", found: /-1/ },
  { args: ["--weights", "https://weights.example"], field: "TRUSTED_KEYS", found: /none/ },
  { args: ["--weights", "https://weights.example", "--trusted-keys", `${KEY} ${SECRET}`], field: "TRUSTED_KEYS", found: /number 2/ },
  { args: ["--weights", "http://weights.example", "--trusted-keys", KEY], field: "WEIGHTS_SOURCE", found: /http:\/\// },
  { args: ["--weights", `https://name:${SECRET}@weights.example`, "--trusted-keys", KEY], field: "WEIGHTS_SOURCE", found: /more/ },
  { env: S3, field: "WEIGHTS_SOURCE", found: /S3_ENDPOINT/ },
  { env: { ...S3, S3_ENDPOINT: "https://s3.example/bucket" }, field: "WEIGHTS_SOURCE", found: /path/ },
  { env: { API_TOKENS: `short ${SECRET}` }, field: "API_TOKENS", found: /./ },
  { env: { HMAC_KEYS: `name:${SECRET}` }, field: "HMAC_KEYS", found: /./ },
  { args: ["--allowed-origins", "not an origin"], field: "ALLOWED_ORIGINS", found: /./ },
];

for (const { args = [], env = {}, field, found } of CASES) {
  test(`refused: ${[...args, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)].join(" ")}`, async () => {
    const own = (text: string): string => (text === "EMPTY" ? join(folder, "empty") : text);
    const listen = args.includes("--listen") || "CURBSIDE_LISTEN" in env ? [] : ["--listen", "127.0.0.1:0"];
    const processes = args.includes("--processes") || "CURBSIDE_PROCESSES" in env ? [] : ["--processes", "1"];
    const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, own(value)]));
    const { code, lines, events } = await run([...listen, ...processes, ...args.map(own)], variables);
    assert.equal(code, 2, lines.join("\n"));
    const refused = events.filter((event) => event["event"] === "refused");
    const one = refused.find((event) => String(event["field"]).includes(field));
    assert.ok(one, lines.join("\n"));
    assert.match(String(one["found"]), found, lines.join("\n"));
    for (const part of ["expected", "remedy"]) {
      assert.ok(String(one[part]).length > 3, `${part} in ${JSON.stringify(one)}`);
    }
    assert.ok(!events.some((event) => event["event"] === "listening"), "it never listened");
    assert.ok(!lines.join("\n").includes(SECRET), lines.join("\n"));
  });
}

test("all that is wrong is told at once", async () => {
  const { code, events } = await run(["--listen", "x", "--processes", "x", "--behind-proxy", "x"]);
  assert.equal(code, 2);
  assert.equal(events.filter((event) => event["event"] === "refused").length, 3);
});

test("an option that there is none of is refused with the one that was meant", async () => {
  const { code, lines } = await run(["--procesess", "2"]);
  assert.equal(code, 2);
  assert.match(lines.join("\n"), /--processes/);
});

test("a port that something listens on is told, and how to go on", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const { code, lines, events } = await run(["--listen", `127.0.0.1:${port}`]);
  other.close();
  assert.equal(code, 1, lines.join("\n"));
  const [failed] = events.filter((event: Event) => event["event"] === "failed");
  assert.match(String(failed?.["message"]), new RegExp(`127\\.0\\.0\\.1:${port}.*--listen`));
});

test("a second server on a port is refused, although processes of one share it", async () => {
  await using server = await serve();
  const { code } = await run(["--listen", `127.0.0.1:${server.port}`]);
  assert.equal(code, 1);
});

test("secrets come from files too, and are in no process's arguments", async () => {
  const file = join(folder, "tokens");
  await writeFile(file, `${SECRET}\n`, { mode: 0o600 });
  await using server = start(["--listen", "127.0.0.1:0", "--processes", "1"], { API_TOKENS_FILE: file });
  await server.waitFor("listening");
  assert.equal((await estimate(server)).status, 401);
  assert.equal((await estimate(server, { headers: { authorization: `Bearer ${SECRET}` } })).status, 200);
  assert.equal((await ask(`${server.url}/metrics`)).status, 401);
  assert.match(await answerToABeginning(server.port), /^HTTP\/1\.1 401 /, "before the body is there");
  assert.equal((await ask(`${server.url}/`)).status, 200, "the page needs no token");
  for (const pid of [server.child.pid, ...(await processesOf(server))]) {
    assert.ok(!(await readFile(`/proc/${pid}/cmdline`, "utf8")).includes(SECRET));
  }
  assert.ok(!server.lines.join("\n").includes(SECRET));
});

test("SIGHUP takes secrets that were changed, and keeps those of before where no word of the new ones can be used", async () => {
  const file = join(folder, "changing-tokens");
  const [old, renewed] = [SECRET, `renewed-${SECRET}`];
  await writeFile(file, old);
  await using server = await serve([], { API_TOKENS_FILE: file });
  const taken = async (token: string): Promise<number[]> => {
    const asked = Array.from({ length: 8 }, () => estimate(server, { headers: { authorization: `Bearer ${token}` } }));
    return [...new Set((await Promise.all(asked)).map(({ status }) => status))];
  };
  assert.deepEqual(await taken(old), [200]);
  await writeFile(file, renewed);
  server.child.kill("SIGHUP");
  await server.waitFor("renewed");
  assert.deepEqual([await taken(old), await taken(renewed)], [[401], [200]]);
  await writeFile(file, "short");
  server.child.kill("SIGHUP");
  await server.waitFor("renewal_failed");
  assert.deepEqual(server.events("refused").map((event) => event["field"]), ["API_TOKENS"]);
  await until(async () => (await taken(renewed)).every((status) => status === 200), () => "the token of before");
  assert.ok(!server.lines.join("\n").includes(SECRET));
});

/** What a server says to a request whose body does not go on. */
function answerToABeginning(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write("POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n0123456789");
    });
    socket.once("data", (chunk: Buffer) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
