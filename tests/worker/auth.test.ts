// Bearer tokens: who gets in, who is told what, and what stays open.

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";

import { type RunningWorker, startWorker } from "./harness.ts";
import { healthOf, RIDE } from "./health.ts";
import { makeSigner, MANIFEST_KEY, publish, shippedBundle } from "./publication.ts";
import { differs, everyRow, readJson } from "./table.ts";

const [TOKEN, OTHER] = ["kQ7pnGGK9zvPVF3RwI2cD1v7tYw0Ue5n", "0123456789ABCDEF.~_+/-0123456789=="];
const CHALLENGE = 'Bearer realm="curbside"';
const INVALID = `${CHALLENGE}, error="invalid_token"`;
const signer = makeSigner();

let worker: RunningWorker;

before(async () => {
  const secrets = { API_TOKENS: ` ${TOKEN}\n${OTHER} ` };
  worker = await startWorker({ trusted: [signer], secrets, vars: { LOG_REQUESTS: "all" } });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

/** POSTs a ride with exactly these headers, in this order, a name as often as it stands there. */
function post(headers: readonly string[], body = RIDE): Promise<{ status: number; challenge: string | undefined; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; challenge: string | undefined; text: string }>();
  const host = ["host", worker.url.host, "content-length", String(Buffer.byteLength(body))];
  const request = httpRequest(new URL("/predict", worker.url), { method: "POST", headers: [...host, ...headers], agent: false }, async (response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString();
    resolve({ status: response.statusCode ?? 0, challenge: response.headers["www-authenticate"], text });
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

test("each token opens, whatever the case of its scheme", async () => {
  const rows = [`Bearer ${TOKEN}`, `Bearer ${OTHER}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN}`].map((name) => ({ name }));
  await everyRow(rows, async ({ name }) => {
    const { status, challenge } = await post(["authorization", name]);
    return [...differs("status", status, 200), ...differs("challenge", challenge, undefined)];
  });
});

test("no token, a wrong one, one that is none, two of them: 401, a code and what would be taken", async () => {
  const rows = [
    { name: "none", headers: [], code: "CREDENTIALS_MISSING", challenge: CHALLENGE },
    { name: "in the address", headers: ["x-token", TOKEN], code: "CREDENTIALS_MISSING", challenge: CHALLENGE },
    { name: "another", headers: ["authorization", `Bearer ${"x".repeat(32)}`], code: "TOKEN_UNKNOWN", challenge: INVALID },
    { name: "its beginning", headers: ["authorization", `Bearer ${TOKEN.slice(0, -1)}`], code: "TOKEN_UNKNOWN", challenge: INVALID },
    { name: "more than it", headers: ["authorization", `Bearer ${TOKEN}x`], code: "TOKEN_UNKNOWN", challenge: INVALID },
    { name: "in another case", headers: ["authorization", `Bearer ${TOKEN.toLowerCase()}`], code: "TOKEN_UNKNOWN", challenge: INVALID },
    { name: "a very long one", headers: ["authorization", `Bearer ${"x".repeat(10_000)}`], code: "TOKEN_UNKNOWN", challenge: INVALID },
    { name: "no scheme", headers: ["authorization", TOKEN], code: "TOKEN_MALFORMED", challenge: INVALID },
    { name: "an empty header", headers: ["authorization", ""], code: "CREDENTIALS_MISSING", challenge: CHALLENGE },
    { name: "a scheme alone", headers: ["authorization", "Bearer"], code: "TOKEN_MALFORMED", challenge: INVALID },
    { name: "another scheme", headers: ["authorization", `Basic ${btoa(`curbside:${TOKEN}`)}`], code: "TOKEN_MALFORMED", challenge: INVALID },
    { name: "two tokens in one", headers: ["authorization", `Bearer ${TOKEN} ${OTHER}`], code: "TOKEN_MALFORMED", challenge: INVALID },
    { name: "in quotes", headers: ["authorization", `Bearer "${TOKEN}"`], code: "TOKEN_MALFORMED", challenge: INVALID },
    { name: "beyond ASCII", headers: ["authorization", `Bearer ${TOKEN}\u00e9`], code: "TOKEN_MALFORMED", challenge: INVALID },
    {
      name: "the header twice",
      headers: ["authorization", `Bearer ${TOKEN}`, "authorization", `Bearer ${TOKEN}`],
      code: "TOKEN_MALFORMED",
      challenge: INVALID,
    },
    {
      name: "a right one after a wrong one",
      headers: ["authorization", `Bearer ${"x".repeat(32)}`, "Authorization", `Bearer ${TOKEN}`],
      code: "TOKEN_MALFORMED",
      challenge: INVALID,
    },
  ];
  await everyRow(rows, async ({ headers, code, challenge }) => {
    const answer = await post(headers);
    const { error } = JSON.parse(answer.text) as { error?: { code: string; message: string } };
    return [
      ...differs("status", answer.status, 401),
      ...differs("code", error?.code, code),
      ...differs("challenge", answer.challenge, challenge),
      ...(/^(Authorization: expected|expected the header Authorization)/.test(error?.message ?? "") ? [] : ["no remedy"]),
    ];
  });
});

test("every way to score, and the metrics, need one; each refuses in its own words", async () => {
  const rows = [
    { name: "/predict", method: "POST", form: /^\{"error":\{"code":"CREDENTIALS_MISSING","message":/ },
    { name: "/predict?explain=true", method: "POST", form: /^\{"error":\{"code":"CREDENTIALS_MISSING","message":/ },
    { name: "/2015-03-31/functions/function/invocations", method: "POST", form: /^\{"error":\{"code":"CREDENTIALS_MISSING","message":/ },
    { name: "/invocations", method: "POST", form: /^\{"error_code":"UNAUTHENTICATED","message":"expected / },
    { name: "/v2/models/ride-duration/infer", method: "POST", form: /^\{"error":"expected / },
    { name: "/v2/models/ride-duration/versions/1/infer", method: "POST", form: /^\{"error":"expected / },
    { name: "/v2", method: "GET", form: /^\{"error":"expected / },
    { name: "/v2/models/ride-duration", method: "GET", form: /^\{"error":"expected / },
    { name: "/metrics", method: "GET", form: /^\{"error":\{"code":"CREDENTIALS_MISSING","message":/ },
  ];
  await everyRow(rows, async ({ name, method, form }) => {
    const ask = (headers: Record<string, string>): Promise<Response> =>
      worker.fetch(name, { method, headers, ...(method === "POST" ? { body: RIDE } : {}) });
    const [refused, admitted] = [await ask({}), await ask({ authorization: `Bearer ${TOKEN}` })];
    const text = await refused.text();
    await admitted.body?.cancel();
    return [
      ...differs("status", refused.status, 401),
      ...differs("challenge", refused.headers.get("www-authenticate"), CHALLENGE),
      ...differs("content-type", refused.headers.get("content-type"), "application/json"),
      ...differs("cache-control", refused.headers.get("cache-control"), "no-store"),
      ...(form.test(text) ? [] : [`body: found ${text}`]),
      ...(admitted.status === 401 ? ["with a token: found 401"] : []),
    ];
  });
});

test("the page's needs, probes, questions of methods and what is not there stay open", async () => {
  const rows = [
    { name: "GET /config.json", status: 200 },
    { name: `GET /${MANIFEST_KEY}`, status: 200 },
    { name: "GET /openapi.json", status: 200 },
    { name: "GET /health", status: 200 },
    { name: "GET /health/live", status: 200 },
    { name: "GET /health/ready", status: 200 },
    { name: "GET /ping", status: 200 },
    { name: "GET /version", status: 200 },
    { name: "GET /v2/health/live", status: 200 },
    { name: "GET /v2/health/ready", status: 200 },
    { name: "OPTIONS /predict", status: 204 },
    { name: "GET /predict", status: 405 },
    { name: "POST /nowhere", status: 404 },
  ];
  await everyRow(rows, async ({ name, status }) => {
    const [method = "", path = ""] = name.split(" ");
    const response = await worker.fetch(path, { method });
    await response.body?.cancel();
    return [...differs("status", response.status, status), ...differs("challenge", response.headers.get("www-authenticate"), null)];
  });
});

test("a path written otherwise is another path, and not a way around", async () => {
  const paths = ["//predict", "/predict/", "/predict;x", "/./predict", "/x/../predict", "/%70redict", "/PREDICT", "/metrics/", "/v2/models/../../predict"];
  await everyRow(paths.map((name) => ({ name })), async ({ name }) => {
    const status = await new Promise<number>((resolve, reject) => {
      // As it stands here: `fetch` would tidy it up.
      const request = httpRequest({ host: worker.url.hostname, port: worker.url.port, path: name, method: "POST", agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
      request.end(RIDE);
    });
    return [404, 405, 401].includes(status) ? [] : [`expected no estimate, found ${status}`];
  });
});

test("tokens are neither in /health nor in the log", async () => {
  await post(["authorization", `Bearer ${TOKEN}`]);
  await post(["authorization", `Bearer ${"wrong".repeat(7)}`]);
  assert.deepEqual((await healthOf(worker)).configuration, []);
  assert.ok(worker.events("request").length > 0, "requests are logged");
  for (const secret of [TOKEN, OTHER, "wrongwrong"]) {
    assert.ok(!worker.log().includes(secret));
    assert.ok(!(await (await worker.fetch("/health")).text()).includes(secret));
  }
});

test("tokens that are none are told without showing them, and where no good one is left nobody gets in", async () => {
  const secrets = { API_TOKENS: "short p\u00e4ssword-of-some-length ,,,,,,,,,,,,,,,,,," };
  await using closed = await startWorker({ trusted: [signer], secrets });
  await publish(closed.bucket, { stored: await shippedBundle(), signer });
  const { configuration } = await healthOf(closed);
  assert.deepEqual(configuration.map(({ code }) => code), ["API_TOKENS", "API_TOKENS", "API_TOKENS"]);
  assert.match(configuration[0]?.message ?? "", /^API_TOKENS: expected tokens of 16 to 256 characters .*, found a shorter one as number 1; it is left out/);
  assert.match(configuration[1]?.message ?? "", /found other characters as number 2/);
  assert.doesNotMatch(JSON.stringify(configuration) + closed.log(), /short\b(?!er)|ssword|,,,/);
  const response = await closed.fetch("/predict", { method: "POST", body: RIDE, headers: { authorization: "Bearer short" } });
  const { body } = await readJson(response);
  assert.equal(response.status, 401);
  assert.equal((body["error"] as { code: string }).code, "TOKEN_UNKNOWN");
});
