// Where a request goes, by its address and its Host: what a runtime makes of bytes that no library would send.

import assert from "node:assert/strict";
import { test } from "node:test";

import { placeOf } from "../../worker/http/place.ts";
import { requestId } from "../../worker/http/request-id.ts";
import { differs, everyRow } from "./table.ts";

test("a path is what stands in the request line", async () => {
  const rows: { name: string; host?: string | null; path: string; query?: string }[] = [
    { name: "http://h/predict", path: "/predict" },
    { name: "https://h:9696/predict?explain=true", host: "h:9696", path: "/predict", query: "explain=true" },
    { name: "http://h/predict?", path: "/predict" },
    { name: "http://h/predict?a?b", path: "/predict", query: "a?b" },
    { name: "http://h/predict#x?y", path: "/predict" },
    { name: "http://h/predict?y#x", path: "/predict", query: "y" },
    { name: "http://h/x/../predict", path: "/x/../predict" },
    { name: "http://h/%2e%2e/predict", path: "/%2e%2e/predict" },
    { name: "http://h//predict", path: "//predict" },
    { name: "http://h", path: "/" },
    { name: "http://[::1]:80/v2", host: "[::1]:80", path: "/v2" },
    { name: "http://h/internal, without a Host", host: null, path: "/internal" },
  ];
  await everyRow(rows, async ({ name, host, path, query = "" }) => {
    const url = name.split(",")[0] ?? "";
    return differs("place", placeOf(url, host === undefined ? "h" : host), { path, query });
  });
});

test("a Host that is none has no place", async () => {
  const hosts = [
    ...["", " ", "a b", "a, b", "[::1", "x:y", "x:123456", "%00", "<script>", "x^"],
    ...["x/health", "x?", "x#", "x\\y", "http://x", "u:p@x", "x/predict?"],
  ];
  const rows = hosts.map((host) => ({ name: JSON.stringify(host), host }));
  await everyRow(rows, async ({ host }) => [
    ...differs("as the header", placeOf("http://h/predict", host), null),
    ...differs("in the address", placeOf(`http://${host}/predict`, host), null),
  ]);
  // The one that was taken last is not taken for granted in part.
  assert.deepEqual(placeOf("http://known.example/a", "known.example"), { path: "/a", query: "" });
  assert.equal(placeOf("http://known.example?/a", "known.example"), null);
  assert.equal(placeOf("ftp://known.example/a", "known.example"), null);
  assert.equal(placeOf("known.example/a", "known.example"), null);
});

test("a caller's own id is kept if it can stand in a header and a log, and fresh ones differ", () => {
  for (const id of ["a", "A.b_c-9", "x".repeat(128)]) {
    assert.equal(requestId(id), id);
  }
  const unfit = [null, "", "x".repeat(129), "a b", "a\n", "é", 'a"', "a/b", "a;b"];
  const fresh = unfit.map(requestId);
  assert.equal(new Set(fresh).size, unfit.length);
  for (const id of fresh) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-z]+$/);
  }
});
