// Whose pages may read what the Worker answers: nobody's unless listed, but for what is public.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { type RunningWorker, startWorker } from "./harness.ts";
import { healthOf, RIDE } from "./health.ts";
import { makeSigner, MANIFEST_KEY, publish, shippedBundle } from "./publication.ts";
import { differs, everyRow } from "./table.ts";

const signer = makeSigner();
const TOKEN = "kQ7pnGGK9zvPVF3RwI2cD1v7tYw0Ue5n";
const BOOKING = "https://booking.example";
const EXPOSED = "etag, retry-after, x-request-id, inference-header-content-length, www-authenticate";
const PUBLIC = ["/config.json", `/${MANIFEST_KEY}`, "/openapi.json"];
const GOVERNED = ["/health", "/health/ready", "/ping", "/v2", "/metrics", "/nowhere"];
const SCORING = ["/predict", "/invocations", "/v2/models/ride-duration/infer", "/2015-03-31/functions/function/invocations"];

/** What CORS is about in a reply. */
interface Cors {
  readonly origin: string | null;
  readonly vary: string | null;
  readonly exposed: string | null;
}

function corsOf({ headers }: Response): Cors {
  return {
    origin: headers.get("access-control-allow-origin"),
    vary: headers.get("vary"),
    exposed: headers.get("access-control-expose-headers"),
  };
}

async function startListing(origins: string | undefined, secrets: Record<string, string> = {}): Promise<RunningWorker> {
  const worker = await startWorker({ trusted: [signer], secrets, vars: origins === undefined ? {} : { ALLOWED_ORIGINS: origins } });
  await publish(worker.bucket, { stored: await shippedBundle(), signer });
  return worker;
}

/** Asks for a path as a page of this origin does; POSTs what is posted. */
async function ask(worker: RunningWorker, path: string, origin: string | null, extra: Record<string, string> = {}): Promise<Response> {
  const headers = { ...(origin === null ? {} : { origin }), "content-type": "application/json", ...extra };
  const response = await worker.fetch(path, SCORING.includes(path) ? { method: "POST", headers, body: RIDE } : { headers });
  await response.body?.cancel();
  return response;
}

/** Asks as a browser does before it sends what a page could not send by itself. */
async function preflight(worker: RunningWorker, path: string, origin: string): Promise<Response> {
  const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type" };
  return worker.fetch(path, { method: "OPTIONS", headers });
}

describe("with a list", () => {
  let worker: RunningWorker;
  before(async () => {
    worker = await startListing(` ${BOOKING}  http://localhost:8080 `, { API_TOKENS: TOKEN });
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
  });

  test("an origin that is on it reads every reply, refusals too; no other reads any; and caches are told", async () => {
    const rows = [...GOVERNED, ...SCORING].flatMap((path) =>
      [
        { origin: BOOKING, allowed: true },
        { origin: "http://localhost:8080", allowed: true },
        { origin: "https://other.example", allowed: false },
        { origin: `${BOOKING}.evil.example`, allowed: false },
        { origin: `${BOOKING}:8443`, allowed: false },
        { origin: "http://booking.example", allowed: false },
        { origin: "https://a.booking.example", allowed: false },
        { origin: "HTTPS://BOOKING.EXAMPLE", allowed: false },
        { origin: "null", allowed: false },
        { origin: "__proto__", allowed: false },
        { origin: null, allowed: false },
      ].map((row) => ({ ...row, name: `${path} for ${row.origin}`, path })),
    );
    await everyRow(rows, async ({ path, origin, allowed }) => {
      const refused = corsOf(await ask(worker, path, origin));
      const answered = corsOf(await ask(worker, path, origin, { authorization: `Bearer ${TOKEN}` }));
      const expected = { origin: allowed ? origin : null, vary: "Origin", exposed: allowed ? EXPOSED : null };
      return [...differs("without a token", refused, expected), ...differs("with one", answered, expected)];
    });
  });

  test("a preflight lets those on it send, with what tokens and signatures need, and nobody else", async () => {
    const rows = SCORING.map((name) => ({ name }));
    await everyRow(rows, async ({ name }) => {
      const [listed, other] = [await preflight(worker, name, BOOKING), await preflight(worker, name, "https://other.example")];
      const sent = listed.headers.get("access-control-allow-headers")?.split(", ") ?? [];
      const needed = ["content-type", "authorization", "webhook-id", "webhook-timestamp", "webhook-signature", "inference-header-content-length"];
      return [
        ...differs("statuses", [listed.status, other.status], [204, 204]),
        ...differs("origins", [corsOf(listed).origin, corsOf(other).origin], [BOOKING, null]),
        ...differs("vary", [corsOf(listed).vary, corsOf(other).vary], ["Origin", "Origin"]),
        ...differs("methods", listed.headers.get("access-control-allow-methods"), "POST, OPTIONS"),
        ...differs("of others", other.headers.get("access-control-allow-methods"), null),
        ...differs("missing headers", needed.filter((header) => !sent.includes(header)), []),
        ...differs("Allow", [listed.headers.get("allow"), other.headers.get("allow")], ["POST, OPTIONS", "POST, OPTIONS"]),
        ...differs("cookies", listed.headers.get("access-control-allow-credentials"), null),
      ];
    });
  });

  test("what is public is anybody's", async () => {
    const origins = [BOOKING, "https://other.example", "null", null];
    const rows = PUBLIC.flatMap((path) => origins.map((origin) => ({ name: `${path} for ${origin}`, path, origin })));
    await everyRow(rows, async ({ path, origin }) => {
      const response = await ask(worker, path, origin);
      return [
        ...differs("reply", corsOf(response), { origin: "*", vary: null, exposed: EXPOSED }),
        ...differs("resource policy", response.headers.get("cross-origin-resource-policy"), "cross-origin"),
      ];
    });
    assert.equal((await preflight(worker, `/${MANIFEST_KEY}`, "https://other.example")).headers.get("access-control-allow-origin"), "*");
  });
});

test("without a list no other origin reads or sends anything but what is public", async () => {
  for (const unset of [undefined, "", "  "]) {
    await using worker = await startListing(unset);
    for (const path of [...GOVERNED, ...SCORING]) {
      assert.deepEqual(corsOf(await ask(worker, path, BOOKING)), { origin: null, vary: null, exposed: null }, path);
    }
    const asked = await preflight(worker, "/predict", BOOKING);
    assert.deepEqual([asked.status, corsOf(asked).origin, asked.headers.get("access-control-allow-headers")], [204, null, null]);
    assert.equal(corsOf(await ask(worker, "/config.json", BOOKING)).origin, "*");
    assert.deepEqual((await healthOf(worker)).configuration, []);
  }
});

test("with * every origin reads everything, and nothing depends on which", async () => {
  await using worker = await startListing("*");
  for (const path of [...PUBLIC, ...GOVERNED, ...SCORING]) {
    assert.deepEqual(corsOf(await ask(worker, path, "https://any.example")), { origin: "*", vary: null, exposed: EXPOSED }, path);
  }
  const asked = await preflight(worker, "/predict", "null");
  assert.deepEqual([asked.status, corsOf(asked).origin], [204, "*"]);
  assert.match(asked.headers.get("access-control-allow-headers") ?? "", /authorization/);
});

test("what is no origin is told and left out, and the others stay", async () => {
  const wrong = [
    ...["*", "null", "a.example", "HTTPS://a.example", "https://A.example", "https://*.a.example"],
    ...["https://a.example/", "https://a.example/path", "https://u:p@a.example", "ftp://a.example", "https://a.example:443"],
  ];
  await using worker = await startListing(`${wrong.join(" ")} ${BOOKING}`);
  const { configuration } = await healthOf(worker);
  const told = configuration.map(({ code, message }) => `${code} ${/found (.*); it is left out/.exec(message)?.[1]}`);
  assert.deepEqual(told, wrong.map((_, index) => `ALLOWED_ORIGINS something else as number ${index + 1}`));
  assert.equal(corsOf(await ask(worker, "/predict", BOOKING)).origin, BOOKING);
  assert.equal(corsOf(await ask(worker, "/predict", "https://a.example")).origin, null);
});
