// The self-hosted server as people start it: target/server/bin/curbside-server, which `cargo xtask serve --build-only` makes.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Everything that is waited for may take so long: a machine that has much to do is no fault. */
export const PATIENCE_MS = 120_000;

/** The program. */
export const PROGRAM = fileURLToPath(new URL("../../target/server/bin/curbside-server", import.meta.url));

/** A line of the log. */
export type Event = Readonly<Record<string, unknown>>;

/** A server, or what is left of it. */
export interface Server extends AsyncDisposable {
  readonly child: ChildProcess;
  /** `http://127.0.0.1:port`; empty before the server listens. */
  readonly url: string;
  readonly port: number;
  /** The log so far. */
  readonly lines: readonly string[];
  /** The events of this name so far. */
  events(name: string): readonly Event[];
  /** Waits until there are so many. */
  waitFor(name: string, count?: number): Promise<readonly Event[]>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts the program and waits for nothing. `env` is its whole environment. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Server {
  if (!existsSync(PROGRAM)) {
    throw new Error(`expected the server at ${PROGRAM}, found none; run \`cargo xtask serve --build-only\``);
  }
  // In a process group of its own, as a shell starts what is run at a terminal.
  const child = spawn(PROGRAM, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const lines: string[] = [];
  const events: Event[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      events.push(parsed(line));
    });
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const of = (name: string): readonly Event[] => events.filter((event) => event["event"] === name);
  const url = (): string => String(of("listening")[0]?.["url"] ?? "");
  return {
    child,
    lines,
    ended,
    events: of,
    get url() {
      return url();
    },
    get port() {
      return Number(new URL(url()).port);
    },
    async waitFor(name, count = 1) {
      await until(() => of(name).length >= count || child.exitCode !== null, () => `${count} of ${name} in:\n${lines.join("\n")}`);
      if (of(name).length < count) {
        throw new Error(`expected ${name}, found the end of the server (${child.exitCode}):\n${lines.join("\n")}`);
      }
      return of(name);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
      }
      await ended;
    },
  };
}

/** Starts a server on a free port, and waits until all its processes answer. */
export async function serve(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const server = start(["--listen", "127.0.0.1:0", "--processes", "2", ...args], env);
  try {
    await server.waitFor("listening");
    return server;
  } catch (thrown) {
    await server[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** Lines that are no JSON are worth a failure: the log is said to hold none. */
function parsed(line: string): Event {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return { event: "NOT JSON", line };
  }
}

/** Waits until something is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const started = Date.now();
  while (!(await isSo())) {
    if (Date.now() - started > PATIENCE_MS) {
      throw new Error(`expected within ${PATIENCE_MS / 1000} s: ${what()}`);
    }
    await sleep(50);
  }
}

/** Ids of the workerd processes that serve. */
export async function processesOf({ child }: Server): Promise<number[]> {
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
  return children.split(" ").filter(Boolean).map(Number);
}

/** Whether a process is there and not just waiting to be buried. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    return !/^State:\s*Z/m.test(await readFile(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** What came of a request. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** How a request differs from a GET on a connection of its own. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: import("node:http").Agent;
  /** Certificates to believe. */
  readonly ca?: string;
}

/** Sends one request; rejects if the connection fails. */
export function ask(url: string, { method = "GET", headers = {}, body, agent, ca }: Asking = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: agent ?? false, ...(ca === undefined ? {} : { ca }) } as const;
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const asked = send(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** A ride that the shipped model knows. */
export const RIDE = JSON.stringify({ PULocationID: 130, DOLocationID: 205, trip_distance: 3.66, pickup_datetime: "2021-02-03T08:30" });

/** Asks for an estimate. */
export function estimate(server: Server | string, asking: Asking = {}): Promise<Reply> {
  const url = typeof server === "string" ? server : server.url;
  return ask(`${url}/predict`, { method: "POST", body: RIDE, ...asking, headers: { "content-type": "application/json", ...asking.headers } });
}

/** A reply's JSON. */
export function json(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.body.toString()) as Record<string, unknown>;
}

/** Waits until GET /health says so. */
export async function untilHealth(server: Server, isSo: (health: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  let last: Record<string, unknown> = {};
  await until(
    async () => isSo((last = json(await ask(`${server.url}/health`)))),
    () => `another /health than ${JSON.stringify(last)}\n${server.lines.join("\n")}`,
  );
  return last;
}

/** Runs the program to its end. */
export async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number | null; lines: readonly string[]; events: Event[] }> {
  const server = start(args, env);
  const code = await server.ended;
  return { code, lines: server.lines, events: server.lines.map(parsed) };
}
