// The image, run by `cargo xtask image --image ID --run PORT`: the command that people use, stopped as they stop it.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

import { setting } from "./built.ts";

/** Far more than a busy machine takes: a test gives up only where nothing will come. */
const PATIENCE_MS = 130_000;

/** A port of loopback that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  server.close();
  await once(server, "close");
  return address.port;
}

/** The image at work. */
export class Running {
  readonly url: string;
  /** The server's process, as the machine counts. */
  readonly process: number;
  readonly port: number;
  readonly #command: ChildProcess;
  readonly #said: () => string;

  private constructor(command: ChildProcess, said: () => string, port: number, process: number) {
    this.#command = command;
    this.#said = said;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.process = process;
  }

  /** Starts it, and waits until it is ready. Another program may take a free port before it does: then there are other ports. */
  static async start(): Promise<Running> {
    try {
      return await Running.#startAt(await freePort());
    } catch (error) {
      console.warn(`once more, at another port: ${(error as Error).message}`);
      return Running.#startAt(await freePort());
    }
  }

  static async #startAt(port: number): Promise<Running> {
    const command = spawn(setting("CURBSIDE_XTASK"), ["image", "--image", setting("CURBSIDE_IMAGE"), "--run", String(port)], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const process = await new Promise<number>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why}:\n${said}`));
      const patience = setTimeout(() => {
        command.kill("SIGTERM");
        fail("the image was not ready in time");
      }, PATIENCE_MS);
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        const ready = /The image is at .*, process (\d+);/.exec(said);
        if (ready) {
          clearTimeout(patience);
          resolve(Number(ready[1]));
        }
      };
      command.stdout.on("data", hear);
      command.stderr.on("data", hear);
      command.once("error", (error) => fail(error.message));
      command.once("exit", (code) => {
        clearTimeout(patience);
        fail(`the command ended (${code})`);
      });
    });
    return new Running(command, () => said, port, process);
  }

  /** All that the command and the server have said so far. */
  get said(): string {
    return this.#said();
  }

  /** Stops it as Ctrl-C would, and returns the command's exit code. */
  async stop(): Promise<number | null> {
    if (this.#command.exitCode === null) {
      const ended = once(this.#command, "exit");
      this.#command.kill("SIGINT");
      await ended;
    }
    return this.#command.exitCode;
  }
}
