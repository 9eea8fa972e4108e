// The command line as people use it, with everything it says kept: no secret may be in it.

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Place, setting } from "./servers.ts";

/** All that was printed, logged or served where others see it, with its source. */
export const TOLD: { readonly by: string; readonly text: string }[] = [];

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command with an environment and a folder of its own. */
export interface Desk {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A desk with a signing key, which publishes into the place. */
export async function openDesk(place: Place, env: Readonly<Record<string, string>> = {}): Promise<Desk & { readonly key: string }> {
  const folder = await mkdtemp(join(tmpdir(), "curbside-desk-"));
  const desk = {
    folder,
    env: {
      ...environmentOf(place),
      // Any token will do for a server that asks for none; this one must be seen nowhere.
      MLFLOW_TRACKING_TOKEN: `token-${randomBytes(16).toString("hex")}`,
      ...env,
    },
  };
  const key = join(folder, "key.json");
  await succeed(desk, ["keys", "new", "--out", key]);
  return { ...desk, key };
}

/** The public half of a desk's key, as readers are given it. */
export async function publicKeyOf(desk: { readonly key: string }): Promise<string> {
  return (JSON.parse(await readFile(desk.key, "utf8")) as { public: string }).public;
}

/** What must be seen nowhere: the store's secret, the signing key's, and the token. */
export async function secretsOf(desk: Desk & { readonly key: string }): Promise<Record<string, string>> {
  const { secret } = JSON.parse(await readFile(desk.key, "utf8")) as { secret: string };
  return {
    "the store's secret key": desk.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    "the signing key": secret,
    "the tracking server's token": desk.env["MLFLOW_TRACKING_TOKEN"] ?? "",
  };
}

/** The variables by which the command finds a store. */
export function environmentOf({ endpoint, region, accessKeyId, secretAccessKey }: Place): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

/** Starts the command. */
export function start(desk: Desk, args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|MLFLOW|R2)_/.test(name));
  const child = spawn(setting("CURBSIDE_TEST_CLI"), args, {
    cwd: desk.folder,
    env: { ...Object.fromEntries(inherited), ...desk.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      TOLD.push({ by: `curbside ${args[0] ?? ""}`, text: said.stdout + said.stderr });
      resolve({ code, ...said });
    });
  });
  return { child, ended };
}

/** Runs the command to its end. */
export function run(desk: Desk, args: readonly string[]): Promise<Ended> {
  return start(desk, args).ended;
}

/** Runs the command, which must succeed; what it printed. */
export async function succeed(desk: Desk, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(desk, args);
  if (code !== 0) {
    throw new Error(`curbside ${args.join(" ")}: expected success, found ${code}:\n${stderr}${stdout}`);
  }
  return stdout;
}

/** The same with `--json`, parsed. */
export async function answer(desk: Desk, args: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await succeed(desk, [...args, "--json"])) as Record<string, unknown>;
}
