// Clients that ask without pause, and what became of each of their requests.

import { Agent } from "node:http";

import { estimate, type Server, until } from "./server.ts";

/** What clients saw. */
export interface Seen {
  /** Answers by status. */
  readonly answers: Map<number, number>;
  /** Connections that could not be made. */
  refused: number;
  /** Requests that were sent and came to nothing, by the fault. */
  readonly lost: string[];
}

/** Clients at work. */
export interface Load {
  readonly seen: Seen;
  /** Waits until so many requests are answered, counted from now. */
  more(answers: number): Promise<void>;
  /** Lets them end. */
  stop(): Promise<void>;
}

/** Starts so many clients, each of which has one request under way; with a connection for each request, or one that is kept. */
export function load(server: Server, clients: number, connections: "new" | "kept"): Load {
  const url = server.url;
  const seen: Seen = { answers: new Map(), refused: 0, lost: [] };
  let isWanted = true;
  const one = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: connections === "kept", maxSockets: 1 });
    while (isWanted) {
      try {
        const { status } = await estimate(url, { agent });
        seen.answers.set(status, (seen.answers.get(status) ?? 0) + 1);
      } catch (thrown) {
        const { code, syscall } = thrown as { code?: string; syscall?: string };
        if (syscall === "connect") {
          seen.refused += 1;
          // Nobody there: asking without pause would only heat the machine.
          await new Promise((resolve) => setTimeout(resolve, 20));
        } else {
          seen.lost.push(`${code} ${String(thrown)}`);
        }
      }
    }
    agent.destroy();
  };
  const all = Array.from({ length: clients }, one);
  const answered = (): number => [...seen.answers.values()].reduce((sum, number) => sum + number, 0);
  return {
    seen,
    async more(answers) {
      const before = answered();
      await until(() => answered() - before >= answers, () => `${answers} more answers than ${before}, found ${answered() - before}; ${JSON.stringify(seen.lost)}`);
    },
    async stop() {
      isWanted = false;
      await Promise.all(all);
    },
  };
}
