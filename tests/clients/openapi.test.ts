// GET /openapi.json: valid, complete, and as good as its word.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { openApi } from "../../worker/http/openapi/document.ts";
import { RIDE } from "../../worker/http/openapi/example.ts";
import { MAX_EXPLAINED } from "../../worker/http/openapi/predict-paths.ts";
import { CODES } from "../../worker/http/openapi/refusals.ts";
import { sha256, shippedBundle } from "../worker/publication.ts";
import { INSTANT, MAX_ROWS, WALL } from "../../worker/http/openapi/ride-schemas.ts";
import { estimate, MODEL, VERSION } from "./expected.ts";
import { HOSTS } from "./hosts.ts";
import { interpreter, missing, run, script } from "./python.ts";

// By their addresses, because the types of the Worker's world do not hold in Node's.
const at = (name: string): string => new URL(`../../worker/http/${name}.ts`, import.meta.url).href;
const { Bodies } = (await import(at("bodies"))) as { Bodies: new () => object };
const { Metrics } = (await import(at("metrics"))) as { Metrics: new () => object };
const { metricsRoute } = (await import(at("metrics-route"))) as { metricsRoute(metrics: object, peers: () => object): object };
const { routes } = (await import(at("routes"))) as { routes(shared: object, metrics: object): (path: string) => RouteFound | null };

interface RouteFound {
  readonly methods: readonly string[];
  readonly isGuarded: boolean;
}

type Examples = Record<string, { readonly value: unknown }>;
interface Media {
  readonly schema: object;
  readonly examples?: Examples;
}
interface Described {
  readonly content?: Record<string, Media>;
  readonly $ref?: string;
}
interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, Described>;
}
interface Description {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly responses: Record<string, Described> };
}

const description = JSON.parse(openApi()) as Description;

/** Every operation with its method and its path, models filled in. */
const OPERATIONS = Object.entries(description.paths).flatMap(([template, methods]) =>
  Object.entries(methods)
    .filter(([method]) => method !== "parameters")
    .map(([method, operation]) => ({ method: method.toUpperCase(), path: template.replace("{model}", MODEL).replace("{version}", VERSION), operation })),
);

test("a validator accepts it", { skip: missing("clients") }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "curbside-openapi-"));
  try {
    const file = join(folder, "openapi.json");
    await writeFile(file, openApi());
    assert.match(await run(interpreter("clients"), ["-m", "openapi_spec_validator", file]), /OK/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("operations have names of their own, and every example of a request has its answer", () => {
  const names = OPERATIONS.map(({ operation }) => operation.operationId);
  assert.deepEqual(names.length, new Set(names).size);
  for (const { operation } of OPERATIONS) {
    const answered = Object.keys(answersOf(operation));
    assert.deepEqual(Object.keys(examplesOf(operation.requestBody?.content)).filter((name) => !answered.includes(name)), [], operation.operationId);
  }
  // And none is the answer to nothing.
  const asked = OPERATIONS.flatMap(({ operation }) => Object.keys(examplesOf(operation.requestBody?.content)));
  const answers = OPERATIONS.flatMap(({ operation }) => Object.keys(answersOf(operation)));
  assert.deepEqual([...new Set(answers)].sort(), [...new Set(asked)].sort());
});

test("it has the Worker's routes with their methods, and says which of them may need credentials", async () => {
  const metrics = new Metrics();
  const find = routes({ bodies: new Bodies(), metrics }, metricsRoute(metrics, () => []));
  const paths = [...new Set(OPERATIONS.map(({ path }) => path))].filter((path) => path !== "/");
  for (const path of paths) {
    const route = find(path.replace("{alias}", "champion").replace("{sha256}", "0".repeat(64))) ?? assert.fail(`no route for ${path}`);
    const described = OPERATIONS.filter((each) => each.path === path);
    assert.deepEqual(described.map(({ method }) => method).sort(), [...route.methods].sort(), path);
    for (const { operation } of described) {
      assert.equal(operation.security.length > 0, route.isGuarded, path);
    }
  }
  // The other way round: what Cloudflare is told to leave to the Worker, `*` standing for anything.
  const configuration = await readFile(new URL("../../wrangler.toml", import.meta.url), "utf8");
  const listed = /run_worker_first = \[(.*?)\]/s.exec(configuration)?.[1] ?? assert.fail("no run_worker_first");
  const patterns = [...listed.matchAll(/"([^"]+)"/g)].map(([, pattern]) => pattern ?? "");
  const fits = (pattern: string, path: string): boolean => (pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern);
  assert.deepEqual(patterns.filter((pattern) => !paths.some((path) => fits(pattern, path))), []);
  assert.deepEqual(paths.filter((path) => !patterns.some((pattern) => fits(pattern, path))), []);
});

test("its codes are those of docs/errors.md", async () => {
  const documented = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const section = (title: string): string => documented.split(`## ${title}`)[1]?.split("\n## ")[0] ?? assert.fail(`no section ${title}`);
  const rows = (text: string): string[][] => [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row]) => (row ?? "").split(" | "));
  const code = (cell: string | undefined): string => cell?.replaceAll("`", "") ?? "";
  const transport = rows(section("A request that is not one")).flatMap(([name, status, when]) => (when === undefined ? [] : [`${status} ${code(name)}`]));
  const described = Object.entries(CODES).flatMap(([status, codes]) => codes.map((name) => `${status} ${name}`));
  // What storage did to /models/ has a table of its own, and so have rides.
  const isOfRequests = (entry: string): boolean => !/^(422|502) /.test(entry);
  // The Open Inference Protocol's errors have no codes; metrics and logs do.
  const spoken = transport.filter((entry) => /^\d/.test(entry) && entry !== "404 MODEL_NOT_FOUND");
  assert.deepEqual(spoken.sort(), described.filter(isOfRequests).sort());
  const rides = rows(section("A ride that cannot be scored")).filter(([, field]) => /^`/.test(field ?? ""));
  const told = rides.filter(([, , when]) => !/^reserved/.test(when ?? "")).map(([name]) => code(name));
  // The Worker has a clock, and an event's ride is no ride of /predict.
  const elsewhere = ["PICKUP_DATETIME_MISSING", "RIDE_ID_MISSING"];
  assert.deepEqual([...CODES[422]].sort(), told.filter((name) => !elsewhere.includes(name)).sort());
  for (const name of CODES[502]) {
    assert.ok(documented.includes(`| \`${name}\` |`), name);
  }
});

test("every time of pickup that it allows is read, and wall time on no other day", () => {
  const reads = (pickup_datetime: string): boolean => {
    try {
      return estimate({ ...RIDE, pickup_datetime }).duration > 0;
    } catch {
      return false;
    }
  };
  const [wall, instant] = [new RegExp(`^${WALL}$`), new RegExp(`^${INSTANT}$`)];
  const two = (number: number): string => String(number).padStart(2, "0");
  const wrong: string[] = [];
  for (let year = 2003; year <= 2101; year += 1) {
    // Months and days as the calendar has them, and the first that it has not.
    for (let day = 0; day < 13 * 32; day += 1) {
      const date = `${year}-${two(Math.floor(day / 32) + 1)}-${two((day % 32) + 1)}`;
      const time = `${date}T08:30`;
      if (wall.test(time) !== reads(time)) {
        wrong.push(time);
      }
      wrong.push(...[`${date}T00:00:00+23:59`, `${date}T23:59:59-23:59`].filter((at) => instant.test(at) && !reads(at)));
    }
  }
  assert.deepEqual(wrong, []);
});

test("schemathesis is told of the shipped model", async () => {
  const configuration = await readFile(script("schemathesis.toml"), "utf8");
  for (const [parameter, value] of Object.entries({ model: MODEL, version: VERSION, sha256: sha256(await shippedBundle()) })) {
    assert.ok(configuration.includes(`"path.${parameter}" = "${value}"`), `${parameter}: expected ${value}`);
  }
});

for (const host of HOSTS) {
  test(`what it says is true of ${host.name}`, async (context) => {
    await using service = await host.start();
    const ask = (method: string, path: string, type?: string, body?: string): Promise<Response> =>
      fetch(new URL(path, service.url), { method, ...(body === undefined ? {} : { body }), ...(type === undefined ? {} : { headers: { "content-type": type } }) });

    await context.test("it is served", async () => {
      const response = await ask("GET", "/openapi.json");
      assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/json"]);
      assert.ok((await response.text()) === openApi(), "another description than the source's: is the server of the same commit?");
    });

    await context.test("its examples are answered as they say", async () => {
      for (const { method, path, operation } of OPERATIONS) {
        const answers = answersOf(operation);
        for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
          for (const [name, { value }] of Object.entries(media.examples ?? {})) {
            const response = await ask(method, path, type, typeof value === "string" && type !== "application/json" ? value : JSON.stringify(value));
            const found = { status: response.status, body: (await response.json()) as unknown };
            assert.deepEqual(found, answers[name], `${operation.operationId}, ${name}`);
          }
        }
      }
    });

    await context.test("it knows each path's methods, and no other is answered", async () => {
      for (const path of new Set(OPERATIONS.map((each) => each.path).filter((each) => !/[{]|^\/$/.test(each)))) {
        const methods = OPERATIONS.filter((each) => each.path === path).map(({ method }) => method);
        const response = await ask("DELETE", path);
        assert.equal(response.status, 405, path);
        assert.deepEqual(response.headers.get("allow")?.split(", ").sort(), [...methods, "OPTIONS"].sort(), path);
        const asked = await ask("OPTIONS", path);
        assert.deepEqual([asked.status, asked.headers.get("allow")], [204, response.headers.get("allow")], path);
      }
    });

    await context.test("as many rides as it says are answered, and no more", async () => {
      for (const rows of [MAX_ROWS, MAX_ROWS + 1]) {
        const expected = rows > MAX_ROWS ? 413 : 200;
        for (const [path, body] of requestsOf(rows)) {
          const response = await ask("POST", path, "application/json", JSON.stringify(body));
          assert.equal(response.status, expected, `${rows} rows at ${path}: ${(await response.text()).slice(0, 300)}`);
        }
      }
      for (const [rows, expected] of [[MAX_EXPLAINED, 200], [MAX_EXPLAINED + 1, 413]] as const) {
        const rides = Array.from({ length: rows }, () => RIDE);
        assert.equal((await ask("POST", "/predict?explain=true", "application/json", JSON.stringify(rides))).status, expected, `${rows} explanations`);
      }
    });
  });
}

function examplesOf(content: Record<string, Media> | undefined): Record<string, unknown> {
  return Object.assign({}, ...Object.values(content ?? {}).map(({ examples }) => Object.fromEntries(Object.entries(examples ?? {}).map(([name, { value }]) => [name, value]))));
}

/** Examples of answers, by the name of the example that they answer. */
function answersOf(operation: Operation): Record<string, { status: number; body: unknown }> {
  const all = Object.entries(operation.responses).flatMap(([status, response]) =>
    Object.entries(examplesOf(resolved(response).content)).map(([name, body]) => [name, { status: Number(status), body }] as const),
  );
  return Object.fromEntries(all);
}

function resolved(response: Described): Described {
  const name = response.$ref?.replace("#/components/responses/", "");
  return name === undefined ? response : (description.components.responses[name] ?? assert.fail(name));
}

/** The same number of rides in every protocol's form. */
function requestsOf(rows: number): [path: string, body: object][] {
  const ride = { PULocationID: 130, DOLocationID: 205, trip_distance: 3.66 };
  const rides = Array.from({ length: rows }, () => ride);
  const data = Buffer.from(JSON.stringify({ ride, ride_id: 1 })).toString("base64");
  const tensor = (name: keyof typeof ride, datatype: string): object => ({ name, datatype, shape: [rows], data: rides.map((each) => each[name]) });
  return [
    ["/predict", rides],
    ["/invocations", { dataframe_records: rides }],
    [`/v2/models/${MODEL}/infer`, { inputs: [tensor("PULocationID", "INT64"), tensor("DOLocationID", "INT64"), tensor("trip_distance", "FP64")] }],
    ["/2015-03-31/functions/function/invocations", { Records: rides.map((_, row) => ({ kinesis: { data, sequenceNumber: String(row) } })) }],
  ];
}
