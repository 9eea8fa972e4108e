// The production server in its own process, with one workerd: what was attacked is what must answer next.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What `cargo xtask serve --build-only` makes. */
export const TREE = fileURLToPath(new URL("../../target/server", import.meta.url));

const PATIENCE_MS = 120_000;

/** A server that runs. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  /** Bytes of memory that the server and all its processes hold. */
  memory(): Promise<number>;
  /** Asks it to end; returns its exit code once it has. */
  stop(): Promise<number | null>;
  /** The events of this name among its log's lines. */
  events(name: string): Record<string, unknown>[];
  /** What it has said so far. */
  log(): string;
}

/** How it is started otherwise than usual. */
export interface Setting {
  /** Variables; there are no others but `PATH`. */
  readonly variables?: Record<string, string>;
  /** The program of another tree. */
  readonly program?: string;
  /** How many files each of its processes may have open. */
  readonly files?: number;
}

/** Starts it on a free port of loopback. */
export async function startServer({ variables = {}, program = join(TREE, "bin/curbside-server"), files }: Setting = {}): Promise<RunningServer> {
  if (!existsSync(program)) {
    throw new Error(`expected the server at ${program}, found nothing; run \`cargo xtask serve --build-only\` first`);
  }
  const line = [program, "--listen", "127.0.0.1:0", "--processes", "1"];
  const limited = files === undefined ? line : ["sh", "-c", `ulimit -n ${files}; exec "$0" "$@"`, ...line];
  const child = spawn(String(limited[0]), limited.slice(1), {
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
      stop: () => stop(child),
      [Symbol.asyncDispose]: async () => void (await stop(child)),
    };
  } catch (thrown) {
    await stop(child);
    throw thrown;
  } finally {
    clearTimeout(patience);
  }
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  return child.exitCode;
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
