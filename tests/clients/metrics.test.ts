// Prometheus' own Python library on GET /metrics: what it reads is what was done.

import assert from "node:assert/strict";
import { test } from "node:test";

import { HOSTS } from "./hosts.ts";
import { ask, missing } from "./python.ts";

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What there is, by its name without the ending that counters have. */
const TYPES = {
  curbside_requests: "counter",
  curbside_errors: "counter",
  curbside_request_duration_seconds: "histogram",
  curbside_rides: "counter",
  curbside_rides_refused: "counter",
  curbside_unseen_pairs: "counter",
  curbside_model_info: "gauge",
  curbside_model_sequence: "gauge",
  curbside_generation: "gauge",
  curbside_in_flight: "gauge",
  curbside_weights_state: "gauge",
  curbside_processes: "gauge",
} as const;

const RIDES = 24;

for (const host of HOSTS) {
  test(`Prometheus' own library reads the metrics of ${host.name}`, { skip: missing("clients") }, async () => {
    await using service = await host.start();
    for (let number = 0; number < RIDES; number += 1) {
      const body = JSON.stringify({ PULocationID: number === 0 ? 0 : 130, DOLocationID: 205, trip_distance: 3.66 });
      // A connection each, so that each process gets some where there are several.
      const headers = { "content-type": "application/json", connection: "close" };
      const response = await fetch(new URL("/predict", service.url), { method: "POST", body, headers });
      assert.equal(response.status, number === 0 ? 422 : 200, await response.text());
    }
    const response = await fetch(new URL("/metrics", service.url));
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const families = await ask<Record<string, Family>>("clients", "metrics_reader.py", [], await response.text());
    assert.deepEqual(Object.fromEntries(Object.entries(families).map(([name, { type }]) => [name, type])), TYPES);
    assert.ok(Object.values(families).every(({ help }) => help !== ""));
    const value = (family: keyof typeof TYPES, name: string, labels: Record<string, string> = {}): number | undefined =>
      families[family]?.samples.find((sample) => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text))?.value;
    const route = "/predict";
    assert.equal(value("curbside_requests", "curbside_requests_total", { route, code: "200" }), RIDES - 1);
    assert.equal(value("curbside_requests", "curbside_requests_total", { route, code: "422" }), 1);
    assert.equal(value("curbside_errors", "curbside_errors_total", { code: "PU_LOCATION_ID_RANGE" }), 1);
    assert.equal(value("curbside_rides", "curbside_rides_total"), RIDES - 1);
    assert.equal(value("curbside_request_duration_seconds", "curbside_request_duration_seconds_count", { route }), RIDES);
    assert.equal(value("curbside_request_duration_seconds", "curbside_request_duration_seconds_bucket", { route, le: "+Inf" }), RIDES);
    assert.ok((value("curbside_processes", "curbside_processes") ?? 0) >= 1);
  });
}
