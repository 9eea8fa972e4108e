// Many connections at once that want to keep a server busy, and the question whether others are served all the while.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { faultOfGood } from "./good.ts";
import { type RunningServer, startServer } from "./server.ts";
import { Line, PATIENCE_MS, Reader, type Reply } from "./wire.ts";

const MIB = 1024 * 1024;
/** What a siege may cost: bodies and as many on their way, the kernel's buffers, and what a heap lets lie until it is collected. */
const MAX_GROWTH = 512 * MIB;

/** Fails where a siege has cost more memory than it may; prints what it has cost. */
export function judgeGrowth(what: string, growth: number): void {
  const found = Math.round(growth / MIB);
  assert.ok(growth < MAX_GROWTH, `${what}: expected less than ${MAX_GROWTH / MIB} MiB more, found ${found}`);
  console.log(`${what}: ${found} MiB more`);
}

/** Starts a server for a file's tests, once the machine has the files that they need, and ends it after them; returns what gives it. */
export function besieged(): () => RunningServer {
  let server: RunningServer | undefined;
  before(async () => {
    await requireFiles();
    server = await startServer();
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return () => {
    if (server === undefined) {
      throw new Error("expected a server that runs, found none: its tests have not begun");
    }
    return server;
  };
}

/** Asks the good request again and again until `attack` is over; returns what was wrong with any answer. */
export async function faultsMeanwhile(port: number, attack: Promise<unknown>): Promise<string[]> {
  let isOver = false;
  const ended = attack.finally(() => (isOver = true));
  const faults: string[] = [];
  let asked = 0;
  do {
    faults.push(...(await faultOfGood(port)));
    asked += 1;
    await Promise.race([sleep(20), ended.catch(() => undefined)]);
  } while (!isOver && faults.length === 0);
  await ended;
  return asked > 1 ? faults : [...faults, "expected an attack that takes some time, found one that was over at once"];
}

/** Asks the good request until it is answered rightly; what was wrong with it last, if it is not after a long time. */
export async function faultsWhenCalm(port: number): Promise<string[]> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const faults = await faultOfGood(port).catch((thrown: unknown) => [String(thrown)]);
    if (faults.length === 0 || Date.now() > deadline) {
      return faults;
    }
    await sleep(50);
  }
}

/** Opens so many connections, a hundred at a time. */
export async function openMany(port: number, count: number): Promise<Line[]> {
  const opened: Line[] = [];
  while (opened.length < count) {
    opened.push(...(await Promise.all(Array.from({ length: Math.min(100, count - opened.length) }, () => Line.open(port)))));
  }
  return opened;
}

/** Sends `pieces` with a second between them until the server answers or closes; returns the answer, if there was one. */
export async function drip(line: Line, pieces: Iterable<string>): Promise<Reply | null> {
  const answer = replyOf(line);
  let isOver = false;
  void answer.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  for (const piece of pieces) {
    if (isOver) {
      break;
    }
    line.write(piece);
    await Promise.race([sleep(1000), answer.catch(() => null)]);
  }
  return answer;
}

/** The first final response; null if the server closes without. */
export async function replyOf(line: Line, reader = new Reader()): Promise<Reply | null> {
  for (;;) {
    const [reply] = reader.replies;
    if (reply !== undefined) {
      return reply;
    }
    const chunk = await line.read();
    if (chunk === null) {
      return reader.atEnd().replies[0] ?? null;
    }
    reader.take(chunk);
  }
}

/** Waits for `100 Continue`, by which a server says that it reads the body. */
export async function continued(line: Line, reader: Reader): Promise<void> {
  while (reader.interim.length === 0 && reader.replies.length === 0) {
    const chunk = await line.read();
    if (chunk === null) {
      return;
    }
    reader.take(chunk);
  }
}

/** Files that these tests need at both ends: a connection takes one here and two in the server. */
const NEEDED_FILES = 8192;

/** Refuses to begin where the system lets a process have too few files open, which would look like the server's fault. */
async function requireFiles(): Promise<void> {
  const limits = await readFile("/proc/self/limits", "utf8");
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (soft !== undefined && Number(soft) < NEEDED_FILES) {
    throw new Error(`expected at least ${NEEDED_FILES} files that may be open, found ${soft}; raise the hard limit (ulimit -Hn)`);
  }
}
