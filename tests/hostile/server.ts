// The production server in its own process, with one workerd: what was attacked is what must answer next.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";

/** The tree that `cargo xtask serve --build-only` makes; `CURBSIDE_SERVER` names another program with the same flags. */
const PROGRAM = process.env["CURBSIDE_SERVER"] ?? new URL("../../target/server/bin/curbside-server", import.meta.url).pathname;

const PATIENCE_MS = 120_000;

/** A server that runs. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  /** Bytes of memory that the server and all its processes hold. */
  memory(): Promise<number>;
  /** The events of this name among its log's lines. */
  events(name: string): Record<string, unknown>[];
  /** What it has said so far. */
  log(): string;
}

/** Starts it on a free port of loopback, with these variables and no others of its own. */
export async function startServer(variables: Record<string, string> = {}): Promise<RunningServer> {
  if (!existsSync(PROGRAM)) {
    throw new Error(`expected the server at ${PROGRAM}, found nothing; run \`cargo xtask serve --build-only\` first`);
  }
  const child = spawn(PROGRAM, ["--listen", `127.0.0.1:${await freePort()}`, "--processes", "1"], {
    env: { PATH: process.env["PATH"] ?? "", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  const { promise: port, resolve, reject } = Promise.withResolvers<number>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      const event = parsed(line);
      if (event?.["event"] === "listening") {
        resolve(Number(/:(\d+)$/.exec(String(event["address"]))?.[1]));
      }
    });
  }
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`expected a server, found the end of it (${code}):\n${said.join("\n")}`)));
  const patience = setTimeout(() => reject(new Error(`expected a server within ${PATIENCE_MS / 1000} s, found:\n${said.join("\n")}`)), PATIENCE_MS);
  try {
    return {
      port: await port,
      memory: () => memoryOf(child),
      events: (name) => said.map(parsed).filter((event) => event?.["event"] === name) as Record<string, unknown>[],
      log: () => said.join("\n"),
      [Symbol.asyncDispose]: () => stop(child),
    };
  } catch (thrown) {
    await stop(child);
    throw thrown;
  } finally {
    clearTimeout(patience);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** The resident memory of a process and of all below it. */
async function memoryOf(child: ChildProcess): Promise<number> {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    const status = /^\d+$/.test(name) ? await readFile(`/proc/${name}/status`, "utf8").catch(() => "") : "";
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes !== undefined) {
      parents.set(Number(name), Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]));
      resident.set(Number(name), 1024 * Number(kilobytes));
    }
  }
  const isBelow = (pid: number | undefined): boolean => pid === child.pid || (pid !== undefined && pid > 1 && isBelow(parents.get(pid)));
  return [...resident].filter(([pid]) => isBelow(pid)).reduce((sum, [, bytes]) => sum + bytes, 0);
}
