// Signed requests, in the form of Standard Webhooks: signed here by the specification's own library and by Node's HMAC.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { type RunningWorker, startWorker } from "./harness.ts";
import { healthOf, RIDE } from "./health.ts";
import { makeSigner, publish, shippedBundle } from "./publication.ts";
import { freshId, now, signatureOf, signedHeaders } from "./signing.ts";
import { differs, everyRow } from "./table.ts";

/** Of 24 and of 64 bytes, the least and the most there may be. */
const [SECRET, OTHER] = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Buffer.alloc(64, 7).toString("base64")];
const STRANGER = Buffer.alloc(32, 9).toString("base64");
const TOKEN = "kQ7pnGGK9zvPVF3RwI2cD1v7tYw0Ue5n";
const CHALLENGE = 'Standard-Webhooks realm="curbside", version="v1"';
const BEARER = 'Bearer realm="curbside"';
const INVALID = `${BEARER}, error="invalid_token"`;
const signer = makeSigner();

let worker: RunningWorker;

before(async () => {
  const secrets = { API_TOKENS: TOKEN, HMAC_KEYS: `backend:whsec_${SECRET} batch:${OTHER}` };
  worker = await startWorker({ trusted: [signer], secrets, vars: { LOG_REQUESTS: "all" } });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
});

after(async () => {
  await worker?.[Symbol.asyncDispose]();
});

interface Reply {
  readonly status: number;
  readonly code: string | undefined;
  readonly challenge: string | null;
}

async function post(headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer> = RIDE): Promise<Reply> {
  const init = { "content-type": "application/json", ...headers };
  const response = await worker.fetch("/predict", { method: "POST", headers: init, body });
  const { error } = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: error?.code, challenge: response.headers.get("www-authenticate") };
}

test("this file signs as the specification's own vector has it", () => {
  const vector = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1614265330, body: '{"test": 2432232314}' };
  assert.equal(signatureOf(SECRET, vector), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("what the specification's own library signs is taken", async () => {
  for (const secret of [SECRET, OTHER]) {
    const [id, at] = [freshId(), new Date()];
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const signature = new Webhook(secret).sign(id, at, RIDE);
    const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
    assert.deepEqual(await post(headers), { status: 200, code: undefined, challenge: null });
  }
});

test("one right signature among others, of other keys and of other versions, is enough", async () => {
  const rows = [
    { name: "of two keys, one unknown here", change: (right: string) => `${signatureOf(STRANGER, { body: RIDE })} ${right}` },
    { name: "beside one of another version", change: (right: string) => `v1a,${"A".repeat(86)}== ${right} v2,x` },
    { name: "beside what is none", change: (right: string) => `nonsense v1, ${right} v1` },
    { name: "the last of sixteen", change: (right: string) => `${"v1,x ".repeat(15)}${right}` },
  ];
  await everyRow(rows, async ({ change }) => {
    const headers = signedHeaders([SECRET], { body: RIDE });
    const reply = await post({ ...headers, "webhook-signature": change(headers["webhook-signature"] ?? "") });
    return differs("reply", reply, { status: 200, code: undefined, challenge: null });
  });
});

test("times within five minutes either way are taken, and no others", async () => {
  const rows = [
    { name: "four minutes ago", offset: -240, code: undefined },
    { name: "in four minutes", offset: 240, code: undefined },
    { name: "six minutes ago", offset: -360, code: "SIGNATURE_EXPIRED" },
    { name: "in six minutes", offset: 360, code: "SIGNATURE_FUTURE" },
    { name: "in 1970", offset: 1 - now(), code: "SIGNATURE_EXPIRED" },
    { name: "in milliseconds", offset: 999 * now(), code: "SIGNATURE_MALFORMED" },
    { name: "in 30000 years", offset: 999_999_999_998 - now(), code: "SIGNATURE_FUTURE" },
  ];
  await everyRow(rows, async ({ offset, code }) => {
    const reply = await post(signedHeaders([SECRET], { body: RIDE, timestamp: now() + offset }));
    return code === undefined
      ? differs("reply", reply, { status: 200, code: undefined, challenge: null })
      : differs("reply", reply, { status: 401, code, challenge: CHALLENGE });
  });
});

test("what is missing, is none, was changed, or was signed by a stranger: 401 and a code", async () => {
  const right = (): Record<string, string> => signedHeaders([SECRET], { body: RIDE });
  const without = (name: string): Record<string, string> => Object.fromEntries(Object.entries(right()).filter(([header]) => header !== name));
  const rows: { name: string; headers: () => Record<string, string>; code: string; challenge?: string; body?: string }[] = [
    { name: "nothing", headers: () => ({}), code: "CREDENTIALS_MISSING", challenge: `${BEARER}, ${CHALLENGE}` },
    { name: "no id", headers: () => without("webhook-id"), code: "SIGNATURE_MALFORMED" },
    { name: "no time", headers: () => without("webhook-timestamp"), code: "SIGNATURE_MALFORMED" },
    { name: "no signature", headers: () => without("webhook-signature"), code: "SIGNATURE_MALFORMED" },
    { name: "an id alone", headers: () => ({ "webhook-id": "msg_1" }), code: "SIGNATURE_MALFORMED" },
    { name: "an id with a full stop", headers: () => signedHeaders([SECRET], { id: "a.1", body: RIDE }), code: "SIGNATURE_MALFORMED" },
    { name: "an id with a space", headers: () => signedHeaders([SECRET], { id: "a b", body: RIDE }), code: "SIGNATURE_MALFORMED" },
    { name: "an id of 129", headers: () => signedHeaders([SECRET], { id: "a".repeat(129), body: RIDE }), code: "SIGNATURE_MALFORMED" },
    { name: "two ids", headers: () => ({ ...right(), "webhook-id": "msg_1, msg_2" }), code: "SIGNATURE_MALFORMED" },
    { name: "two times", headers: () => ({ ...right(), "webhook-timestamp": `${now()}, ${now()}` }), code: "SIGNATURE_MALFORMED" },
    { name: "a time with a fraction", headers: () => ({ ...right(), "webhook-timestamp": `${now()}.5` }), code: "SIGNATURE_MALFORMED" },
    { name: "a time before 1970", headers: () => ({ ...right(), "webhook-timestamp": "-1" }), code: "SIGNATURE_MALFORMED" },
    { name: "a time in hexadecimal", headers: () => ({ ...right(), "webhook-timestamp": "0x6550" }), code: "SIGNATURE_MALFORMED" },
    { name: "a time and more", headers: () => ({ ...right(), "webhook-timestamp": `${now()}x` }), code: "SIGNATURE_MALFORMED" },
    { name: "a signature of no version", headers: () => ({ ...right(), "webhook-signature": "x" }), code: "SIGNATURE_MALFORMED" },
    { name: "of another version", headers: () => ({ ...right(), "webhook-signature": "v1a,AAAA" }), code: "SIGNATURE_MALFORMED" },
    { name: "of 8 characters", headers: () => ({ ...right(), "webhook-signature": "v1,dawfeoif" }), code: "SIGNATURE_MALFORMED" },
    { name: "of none", headers: () => ({ ...right(), "webhook-signature": "v1," }), code: "SIGNATURE_MALFORMED" },
    {
      name: "seventeen",
      headers: () => ({ ...right(), "webhook-signature": `${"v1,x ".repeat(16)}${right()["webhook-signature"]}` }),
      code: "SIGNATURE_MALFORMED",
    },
    { name: "without end", headers: () => ({ ...right(), "webhook-signature": "v1,x ".repeat(2000) }), code: "SIGNATURE_MALFORMED" },
    {
      name: "with a comma between, as of a header sent twice",
      headers: () => ({ ...right(), "webhook-signature": `v1,${"A".repeat(43)}=, v1,${"A".repeat(43)}=,` }),
      code: "SIGNATURE_MALFORMED",
    },
    { name: "a stranger's", headers: () => signedHeaders([STRANGER], { body: RIDE }), code: "SIGNATURE_WRONG" },
    { name: "of another body", headers: right, body: RIDE.replace("130", "131"), code: "SIGNATURE_WRONG" },
    { name: "of a body with a space less", headers: right, body: RIDE.replace(" ", ""), code: "SIGNATURE_WRONG" },
    { name: "of another id", headers: () => ({ ...right(), "webhook-id": freshId() }), code: "SIGNATURE_WRONG" },
    { name: "of another time", headers: () => ({ ...right(), "webhook-timestamp": String(now() - 60) }), code: "SIGNATURE_WRONG" },
    {
      name: "of a time with a zero before it",
      headers: () => ({ ...right(), "webhook-timestamp": `0${now()}` }),
      code: "SIGNATURE_WRONG",
    },
    { name: "all zeros", headers: () => ({ ...right(), "webhook-signature": `v1,${"A".repeat(43)}=` }), code: "SIGNATURE_WRONG" },
  ];
  await everyRow(rows, async ({ headers, code, challenge = CHALLENGE, body = RIDE }) =>
    differs("reply", await post(headers(), body), { status: 401, code, challenge }),
  );
});

test("the body's bytes are signed, whether they are a text or not", async () => {
  const [body, other] = [Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0x22, 0xfe, 0x22)];
  const wrong = await post(signedHeaders([SECRET], { body }), other);
  assert.deepEqual(wrong, { status: 401, code: "SIGNATURE_WRONG", challenge: CHALLENGE });
  const right = await post(signedHeaders([SECRET], { body }), body);
  assert.deepEqual([right.status, right.code], [400, "MALFORMED_JSON"]);
  const long = RIDE.padEnd(1024 * 1024);
  assert.equal((await post(signedHeaders([OTHER], { body: long }), long)).status, 200);
});

test("a request without a body is signed as an empty one", async () => {
  const rows = ["/metrics", "/v2", "/v2/models/ride-duration"].map((name) => ({ name }));
  await everyRow(rows, async ({ name }) => {
    const [right, wrong] = [
      await worker.fetch(name, { headers: signedHeaders([SECRET], {}) }),
      await worker.fetch(name, { headers: signedHeaders([SECRET], { body: "x" }) }),
    ];
    await Promise.all([right, wrong].map((response) => response.body?.cancel()));
    return [...differs("status", right.status, 200), ...differs("of another body", wrong.status, 401)];
  });
});

test("what was taken once is not taken again, on whichever path; signed anew it is", async () => {
  const id = freshId();
  const headers = signedHeaders([SECRET], { id, body: RIDE });
  assert.equal((await post(headers)).status, 200);
  assert.deepEqual(await post(headers), { status: 401, code: "SIGNATURE_REPLAYED", challenge: CHALLENGE });
  const elsewhere = await worker.fetch("/invocations", { method: "POST", headers, body: RIDE });
  assert.equal(elsewhere.status, 401);
  await elsewhere.body?.cancel();
  const again = signedHeaders([SECRET], { id, timestamp: now() + 1, body: RIDE });
  assert.equal((await post(again)).status, 200, "an attempt that is made again, as the specification has it");
});

test("of the same request many times at once one is taken", async () => {
  const headers = signedHeaders([OTHER], { body: RIDE });
  const replies = await Promise.all(Array.from({ length: 12 }, () => post(headers)));
  assert.deepEqual(replies.map(({ code }) => code ?? "taken").sort(), [...Array<string>(11).fill("SIGNATURE_REPLAYED"), "taken"]);
});

test("a wrong signature uses up nothing: the right one with the same id is taken", async () => {
  const [id, timestamp] = [freshId(), now()];
  assert.equal((await post(signedHeaders([STRANGER], { id, timestamp, body: RIDE }))).code, "SIGNATURE_WRONG");
  assert.equal((await post(signedHeaders([SECRET], { id, timestamp, body: RIDE }))).status, 200);
});

test("whatever a request carries must hold", async () => {
  const rows = [
    { name: "both", token: TOKEN, secret: SECRET, reply: { status: 200, code: undefined, challenge: null } },
    { name: "a wrong token", token: "x".repeat(32), secret: SECRET, reply: { status: 401, code: "TOKEN_UNKNOWN", challenge: INVALID } },
    { name: "a wrong signature", token: TOKEN, secret: STRANGER, reply: { status: 401, code: "SIGNATURE_WRONG", challenge: CHALLENGE } },
  ];
  await everyRow(rows, async ({ token, secret, reply }) => {
    const headers = { authorization: `Bearer ${token}`, ...signedHeaders([secret], { body: RIDE }) };
    return differs("reply", await post(headers), reply);
  });
  assert.equal((await post({ authorization: `Bearer ${TOKEN}` })).status, 200, "a token alone");
});

test("keys are neither in /health nor in the log", async () => {
  await post(signedHeaders([SECRET], { body: RIDE }));
  assert.deepEqual((await healthOf(worker)).configuration, []);
  assert.ok(worker.events("request").length > 0, "requests are logged");
  const told = worker.log() + (await (await worker.fetch("/health")).text());
  for (const secret of [SECRET, OTHER, STRANGER, TOKEN, "backend", "msg_"]) {
    assert.ok(!told.includes(secret), secret);
  }
});

test("keys that are none are told without showing them, and where no good one is left nobody gets in", async () => {
  const short = Buffer.alloc(23, 1).toString("base64");
  const secrets = { HMAC_KEYS: `${SECRET} x:${short} y:${Buffer.alloc(65).toString("base64")} z:not*base64 na.me:${SECRET}` };
  await using closed = await startWorker({ trusted: [signer], secrets });
  await publish(closed.bucket, { stored: await shippedBundle(), signer });
  const { configuration } = await healthOf(closed);
  const found = configuration.map(({ code, message }) => `${code} ${/found (.*) as number \d/.exec(message)?.[1]}`);
  const expected = ["something else", "a secret of 23 bytes", "a secret of 65 bytes", "something else", "something else"];
  assert.deepEqual(found, expected.map((what) => `HMAC_KEYS ${what}`));
  assert.ok(!JSON.stringify(configuration).includes(SECRET) && !JSON.stringify(configuration).includes(short));
  const headers = signedHeaders([short], { body: RIDE });
  const response = await closed.fetch("/predict", { method: "POST", body: RIDE, headers });
  assert.equal(response.status, 401);
  assert.match(await response.text(), /"SIGNATURE_WRONG"/);
});

test("a name may stand for one key only, and the first of two counts", async () => {
  const secrets = { HMAC_KEYS: `backend:${SECRET} backend:${OTHER}` };
  await using doubtful = await startWorker({ trusted: [signer], secrets });
  await publish(doubtful.bucket, { stored: await shippedBundle(), signer });
  assert.match((await healthOf(doubtful)).configuration[0]?.message ?? "", /found a name for the second time as number 2/);
  for (const [secret, status] of [[SECRET, 200], [OTHER, 401]] as const) {
    const headers = { "content-type": "application/json", ...signedHeaders([secret], { body: RIDE }) };
    const response = await doubtful.fetch("/predict", { method: "POST", body: RIDE, headers });
    await response.body?.cancel();
    assert.equal(response.status, status);
  }
});
