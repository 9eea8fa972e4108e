// Where the clients' service runs: the server as people start it, and the Worker as it is developed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { startWorker } from "../worker/harness.ts";
import { makeSigner } from "../worker/publication.ts";

/** A service that runs. Both serve the shipped model. */
export interface Service extends AsyncDisposable {
  /** Without a path. */
  readonly url: URL;
  readonly port: number;
}

/** A way to run it. */
export interface Host {
  readonly name: string;
  start(): Promise<Service>;
}

/** The server's tree, as `cargo xtask serve --build-only` makes it. */
const SERVER = process.env["CURBSIDE_TEST_SERVER"] ?? fileURLToPath(new URL("../../target/server/bin/curbside-server", import.meta.url));

/** A busy machine is no fault. */
const PATIENCE_MS = 120_000;

/** Whether the server has been built; `cargo xtask test clients` builds it. */
export const hasServer = existsSync(SERVER);

/** Starts the server on a free port, or on this one. */
export async function startServer(options: { readonly port?: number; readonly env?: Record<string, string> } = {}): Promise<Service> {
  const child = spawn(SERVER, ["--listen", `127.0.0.1:${options.port ?? 0}`, "--processes", "2"], {
    // Nothing of the user's own that the server would be set up by.
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  const url = await listening(child, lines).catch((fault: unknown) => {
    child.kill("SIGKILL");
    throw fault;
  });
  return {
    url,
    port: Number(url.port),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        await ended;
      }
    },
  };
}

/** Where it listens, once it does. */
async function listening(child: ChildProcess, lines: readonly string[]): Promise<URL> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const told = lines.find((line) => line.includes('"event":"listening"'));
    if (told !== undefined) {
      return new URL((JSON.parse(told) as { url: string }).url);
    }
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      throw new Error(`expected the server to listen, found that it ${child.exitCode === null ? "does not" : "ended"}:\n${lines.join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const SERVER_HOST: Host = { name: "curbside-server", start: () => startServer() };

const WORKER_HOST: Host = {
  name: "the Worker",
  async start() {
    const worker = await startWorker({ trusted: [makeSigner()], fallback: "shipped" });
    return { url: worker.url, port: Number(worker.url.port), [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose]() };
  },
};

/** All that can be run here. */
export const HOSTS: readonly Host[] = hasServer ? [SERVER_HOST, WORKER_HOST] : [WORKER_HOST];

if (!hasServer) {
  console.log(`NOTE: SKIPPED on curbside-server, which is not at ${SERVER}: \`cargo xtask test clients\` builds it`);
}

/** Whether nothing listens on a port of loopback. */
export async function isFree(port: number): Promise<boolean> {
  // Asked, and not only bound: one who listens on all addresses leaves loopback's to others.
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
  return !answered;
}
