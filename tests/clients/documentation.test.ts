// docs/protocols.md: its examples are run as they stand, and print what stands below them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { BODY_DEADLINE_SECONDS, MAX_BODY_BYTES } from "../../worker/http/limits.ts";
import { MAX_ROWS } from "../../worker/http/openapi/ride-schemas.ts";
import { hasServer, startServer } from "./hosts.ts";
import { interpreter, missing, run } from "./python.ts";

interface Example {
  readonly language: "sh" | "python";
  readonly code: string;
  /** What stands below it. */
  readonly printed: string;
}

const FENCED = /^```(sh|python)\n(.*?)^```\n\n```(?:json|text)\n(.*?)^```$/gms;

const documented = await readFile(new URL("../../docs/protocols.md", import.meta.url), "utf8");

const examples = [...documented.matchAll(FENCED)].map(
  ([, language, code, printed]): Example => ({ language: language as Example["language"], code: code ?? "", printed: printed ?? "" }),
);

test("its limits are the Worker's", () => {
  for (const limit of [`${MAX_BODY_BYTES / 2 ** 20} MiB`, MAX_ROWS.toLocaleString("en"), `${BODY_DEADLINE_SECONDS} s`]) {
    assert.ok(documented.includes(`| ${limit}`), limit);
  }
});

const skip = hasServer ? missing("clients") || missing("mlflow") : "SKIPPED: the server has not been built";

test("every example of docs/protocols.md prints what stands below it", { skip }, async () => {
  assert.equal(examples.length, documented.match(/^```(sh|python)$/gm)?.length, "examples without anything below them");
  await using service = await startServer();
  for (const { language, code, printed } of examples) {
    const here = code.replaceAll("localhost:9696", service.url.host).replaceAll('"localhost", 9696', `"${service.url.hostname}", ${service.port}`);
    const python = interpreter(code.includes("mlflow") ? "mlflow" : "clients");
    const found = language === "sh" ? await run("sh", ["-euc", here]) : await run(python, ["-"], here);
    assert.equal(found.trim(), printed.trim(), code);
  }
});
