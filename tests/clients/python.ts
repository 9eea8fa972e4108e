// Python's clients: each a script of its own, run by an interpreter that has the client installed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Who has which clients. */
export type Environment = "clients" | "mlflow";

const VARIABLES: Readonly<Record<Environment, string>> = {
  clients: "CURBSIDE_TEST_CLIENTS_PYTHON",
  mlflow: "CURBSIDE_TEST_MLFLOW_PYTHON",
};

/** The interpreter, whether it has been installed or not. */
export function interpreter(environment: Environment): string {
  return process.env[VARIABLES[environment]] ?? fileURLToPath(new URL(`../../target/tools/${environment}/bin/python`, import.meta.url));
}

/** `false`, or what to tell where a client is not installed. */
export function missing(environment: Environment): string | false {
  const path = interpreter(environment);
  return existsSync(path) ? false : `SKIPPED: no ${path}; \`cargo xtask test clients\` installs it`;
}

/** A script of this folder. */
export function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Runs a script with something to read, and returns what it prints, as JSON. Fails with its own words where it fails. */
export async function ask<T>(environment: Environment, name: string, args: readonly (string | number)[], input: unknown): Promise<T> {
  return JSON.parse(await run(interpreter(environment), [script(name), ...args.map(String)], JSON.stringify(input))) as T;
}

/** Runs a program to its end and returns what it printed. */
export async function run(program: string, args: readonly string[], input = "", cwd?: string): Promise<string> {
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "true", no_proxy: "127.0.0.1,localhost", PYTHONDONTWRITEBYTECODE: "1" },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  child.stdin.on("error", () => undefined).end(input);
  const [code] = (await once(child, "close")) as [number | null];
  assert.equal(code, 0, `${program} ${args.join(" ")} failed:\n${said.stdout}${said.stderr}`);
  return said.stdout;
}
