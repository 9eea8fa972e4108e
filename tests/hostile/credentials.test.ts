// Where tokens and signatures are asked for: everything that is neither, or almost one, gets 401 in the dialect of its path.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { PLAIN } from "../worker/ride.ts";
import { everyRow } from "../worker/table.ts";
import { faultOfGoodReply } from "./good.ts";
import { type Answer, ESTIMATE, type Hostile, inference, mlflow, ours, plain, row } from "./hostile.ts";
import { faultsOf, faultsOfReply } from "./judge.ts";
import { ask, post, times } from "./request.ts";
import { type RunningServer, startServer } from "./server.ts";
import { exchange } from "./wire.ts";

const TOKEN = "a-token-of-the-tests-0123456789";
const SECRET = randomBytes(32);

let server: RunningServer;
before(async () => {
  server = await startServer({ variables: { API_TOKENS: TOKEN, HMAC_KEYS: `tests:${SECRET.toString("base64")}` } });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
});

const now = (): number => Math.floor(Date.now() / 1000);

function signature(id: string, timestamp: number | string, body: string, secret = SECRET): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** The three headers. */
const signed = (id: string, timestamp: number | string, words: string): string[] => [`webhook-id: ${id}`, `webhook-timestamp: ${timestamp}`, `webhook-signature: ${words}`];

const ride = (...headers: readonly string[]): Buffer => post("/predict", PLAIN, ...headers);
const refused = (name: string, code: string, ...headers: readonly string[]): Hostile => row(name, ride(...headers), ours(401, code));
const bearer = (name: string, value: string, code = "TOKEN_MALFORMED"): Hostile => refused(`token: ${name}`, code, `Authorization: ${value}`);

/** Made when they are sent: times are of now. */
const rowsOfNow = (): readonly Hostile[] => [
  refused("nothing", "CREDENTIALS_MISSING"),
  refused("a token in the body's place", "CREDENTIALS_MISSING", `X-Api-Key: ${TOKEN}`),
  refused("a token in a cookie", "CREDENTIALS_MISSING", `Cookie: token=${TOKEN}`),
  row("a token in the query", post(`/predict?access_token=${TOKEN}`, PLAIN), ours(401, "CREDENTIALS_MISSING")),
  row("a token in the address", post(`http://${TOKEN}@curbside.test/predict`, PLAIN), ours(401, "CREDENTIALS_MISSING")),
  refused("an inner address", "CREDENTIALS_MISSING", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Original-URL: /health"),
  bearer("none behind the scheme", "Bearer"),
  bearer("of blanks", "Bearer    "),
  bearer("without its scheme", TOKEN),
  bearer("of another scheme", `Basic ${Buffer.from(`user:${TOKEN}`).toString("base64")}`),
  bearer("with another behind it", `Bearer ${TOKEN} ${TOKEN}`),
  bearer("with a comma", `Bearer ${TOKEN},`),
  bearer("in quotes", `Bearer "${TOKEN}"`),
  bearer("behind an equals sign", `Bearer token=${TOKEN}`),
  bearer("with a byte beyond ASCII", `Bearer ${TOKEN}\u00e9`),
  bearer("cut by a letter", `Bearer ${TOKEN.slice(0, -1)}`, "TOKEN_UNKNOWN"),
  bearer("with a letter more", `Bearer ${TOKEN}x`, "TOKEN_UNKNOWN"),
  bearer("in capitals", `Bearer ${TOKEN.toUpperCase()}`, "TOKEN_UNKNOWN"),
  bearer("padded", `Bearer ${TOKEN}====`, "TOKEN_UNKNOWN"),
  bearer("of 100,000 letters", `Bearer ${times(100_000, "a")}`, "TOKEN_UNKNOWN"),
  bearer("that begins rightly and goes on for 50,000 letters", `Bearer ${TOKEN}${times(50_000, "a")}`, "TOKEN_UNKNOWN"),
  refused("token: two headers, the first right", "TOKEN_MALFORMED", `Authorization: Bearer ${TOKEN}`, "Authorization: Bearer x"),
  refused("token: two headers, both right", "TOKEN_MALFORMED", `Authorization: Bearer ${TOKEN}`, `Authorization: Bearer ${TOKEN}`),
  refused("a right token and a wrong signature", "SIGNATURE_WRONG", `Authorization: Bearer ${TOKEN}`, ...signed("a", now(), signature("b", now(), PLAIN))),
  refused("a wrong token and a right signature", "TOKEN_UNKNOWN", `Authorization: Bearer ${TOKEN}x`, ...signed("c", now(), signature("c", now(), PLAIN))),

  refused("signature: no id", "SIGNATURE_MALFORMED", ...signed("a", now(), signature("a", now(), PLAIN)).slice(1)),
  refused("signature: no time", "SIGNATURE_MALFORMED", "webhook-id: a", `webhook-signature: ${signature("a", now(), PLAIN)}`),
  refused("signature: none", "SIGNATURE_MALFORMED", ...signed("a", now(), "").slice(0, 2)),
  refused("signature: of another version", "SIGNATURE_MALFORMED", ...signed("a", now(), signature("a", now(), PLAIN).replace("v1", "v2"))),
  refused("signature: cut", "SIGNATURE_MALFORMED", ...signed("a", now(), signature("a", now(), PLAIN).slice(0, -5))),
  refused("signature: in hexadecimal", "SIGNATURE_MALFORMED", ...signed("a", now(), `v1,${times(64, "a")}`)),
  refused("signature: 10,000 of them", "SIGNATURE_MALFORMED", ...signed("a", now(), times(10_000, "v1,AAAA "))),
  refused("signature: an id with a full stop", "SIGNATURE_MALFORMED", ...signed("a.1", now(), signature("a", `1.${now()}`, PLAIN))),
  refused("signature: an id of 10,000 letters", "SIGNATURE_MALFORMED", ...signed(times(10_000, "a"), now(), signature(times(10_000, "a"), now(), PLAIN))),
  refused("signature: two ids", "SIGNATURE_MALFORMED", "webhook-id: a", ...signed("b", now(), signature("b", now(), PLAIN))),
  refused("signature: a time that is none", "SIGNATURE_MALFORMED", ...signed("a", "NaN", signature("a", "NaN", PLAIN))),
  refused("signature: a negative time", "SIGNATURE_MALFORMED", ...signed("a", "-1", signature("a", "-1", PLAIN))),
  refused("signature: a fraction of a time", "SIGNATURE_MALFORMED", ...signed("a", `${now()}.5`, signature("a", `${now()}.5`, PLAIN))),
  refused("signature: a time in exponents", "SIGNATURE_MALFORMED", ...signed("a", "1e400", signature("a", "1e400", PLAIN))),
  refused("signature: of an hour ago", "SIGNATURE_EXPIRED", ...signed("a", now() - 3600, signature("a", now() - 3600, PLAIN))),
  refused("signature: of 1970", "SIGNATURE_EXPIRED", ...signed("a", 0, signature("a", 0, PLAIN))),
  refused("signature: of tomorrow", "SIGNATURE_FUTURE", ...signed("a", now() + 86_400, signature("a", now() + 86_400, PLAIN))),
  refused("signature: by another key", "SIGNATURE_WRONG", ...signed("a", now(), signature("a", now(), PLAIN, randomBytes(32)))),
  refused("signature: of another ride", "SIGNATURE_WRONG", ...signed("a", now(), signature("a", now(), `${PLAIN} `))),
  refused("signature: of another time", "SIGNATURE_WRONG", ...signed("a", now(), signature("a", now() - 1, PLAIN))),
  refused("signature: of nothing", "SIGNATURE_WRONG", ...signed("a", now(), `v1,${Buffer.alloc(32).toString("base64")}`)),

  ...guarded("/invocations", mlflow(401, "UNAUTHENTICATED")),
  ...guarded("/v2/models/ride-duration/infer", inference(401)),
  ...guarded("/v2/models/x/infer", inference(401)),
  ...guarded("/2015-03-31/functions/function/invocations", ours(401, "CREDENTIALS_MISSING")),
  row("GET /metrics", ask("GET", "/metrics"), ours(401, "CREDENTIALS_MISSING")),
  row("GET /v2", ask("GET", "/v2"), inference(401)),
  row("GET /v2/models/ride-duration", ask("GET", "/v2/models/ride-duration"), inference(401)),
  row("GET /metrics by another's Host", Buffer.from("GET /health HTTP/1.1\r\nHost: x/metrics?\r\n\r\n"), ours(400, "HOST")),
  row("GET //metrics", ask("GET", "//metrics"), ours(404, "NOT_FOUND")),
  row("GET /health/../metrics", ask("GET", "/health/../metrics"), ours(404, "NOT_FOUND")),
  row("GET /%6detrics", ask("GET", "/%6detrics"), ours(404, "NOT_FOUND")),
  row("GET /METRICS", ask("GET", "/METRICS"), ours(404, "NOT_FOUND")),
  row("/v2/health/live/../../models/ride-duration/infer", post("/v2/health/live/../../models/ride-duration/infer", "{}"), inference(401)),
  // Only HEAD's body is not there.
  row("HEAD /metrics", ask("HEAD", "/metrics"), plain(401), { isHead: true }),
  row("a right token", ride(`Authorization: Bearer ${TOKEN}`), ESTIMATE),
  row("a right token, its scheme in capitals", ride(`Authorization: BEARER  ${TOKEN}`), ESTIMATE),
  row("a right signature among wrong ones", ride(...signed(randomBytes(8).toString("hex"), now(), `v1,AAAA v2,x ${signature("x", 1, PLAIN)}`)), ours(401, "SIGNATURE_WRONG")),
];

/** A path that asks for credentials before it reads a body, which is no JSON here. */
function guarded(path: string, answer: Answer): Hostile[] {
  return [row(`POST ${path}`, post(path, "{"), answer)];
}

test("what is no token and no signature is told so, and a right one is answered after each", async () => {
  const rows = rowsOfNow();
  await everyRow(rows, async (hostile) => {
    const faults = await faultsOf(server.port, hostile).catch((thrown: unknown) => [String(thrown)]);
    return [...faults, ...(await faultOfSigned())];
  });
  console.log(`${rows.length} requests`);
});

async function faultOfSigned(): Promise<string[]> {
  const id = randomBytes(8).toString("hex");
  const { replies } = await exchange(server.port, { bytes: ride(...signed(id, now(), signature(id, now(), PLAIN))), replies: 1 });
  return replies.flatMap(faultOfGoodReply);
}

test("every 401 says what is asked for", async () => {
  for (const headers of [[], ["Authorization: Bearer x"], signed("a", 0, signature("a", 0, PLAIN))]) {
    const { replies } = await exchange(server.port, { bytes: ride(...headers), replies: 1 });
    assert.match(replies[0]?.headers.get("www-authenticate") ?? "", /^(Bearer|Standard-Webhooks) realm="curbside"/);
  }
});

test("of a hundred requests with one signature at the same time, one is answered", async () => {
  const timestamp = now();
  const bytes = ride(...signed("once", timestamp, signature("once", timestamp, PLAIN)));
  const heard = await Promise.all(Array.from({ length: 100 }, () => exchange(server.port, { bytes, replies: 1 })));
  const replies = heard.flatMap(({ replies: [reply] }) => reply ?? []);
  assert.equal(replies.length, 100);
  assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  const others = replies.filter(({ status }) => status !== 200);
  assert.deepEqual(others.flatMap((reply) => faultsOfReply(ours(401, "SIGNATURE_REPLAYED"), reply)), []);
});

test("a body without credentials is not waited for", async () => {
  // A length of 1 MiB and not a byte of it: answered at once, and the connection is of no more use.
  const bytes = Buffer.from("POST /predict HTTP/1.1\r\nHost: curbside.test\r\nContent-Length: 1048576\r\n\r\n");
  const { replies, isClosedByServer } = await exchange(server.port, { bytes, replies: 0 });
  assert.deepEqual(replies.flatMap((reply) => faultsOfReply(ours(401, "CREDENTIALS_MISSING"), reply)), []);
  assert.deepEqual([replies.length, isClosedByServer], [1, true]);
});

test("no credential is in what the server says of itself", async () => {
  const said = `${server.log()}${await (await fetch(`http://127.0.0.1:${server.port}/health`)).text()}`;
  for (const secret of [TOKEN, SECRET.toString("base64"), TOKEN.slice(0, 16)]) {
    assert.ok(!said.includes(secret));
  }
});
