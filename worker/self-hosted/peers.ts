// What the processes on one machine have counted: each counts for itself, and whichever is asked sums them up.

import type { Env } from "../env.ts";
import { merge, type Snapshot } from "../http/metrics.ts";
import { type Host, snapshot } from "../http/service.ts";

/** What curbside-server gives a process beside the Worker's own variables. */
export interface ProcessEnv extends Env {
  /** What private sockets ask for. */
  readonly PRIVATE_TOKEN: string;
  /** This process's number among its peers, `PEER_0`, `PEER_1` and so on. */
  readonly PROCESS: string;
  /** Counts of the processes whose place this one has taken, as JSON: so that sums go on where they left them. */
  readonly EARLIER_COUNTS: string | null;
  readonly [peer: `PEER_${number}`]: Fetcher;
}

/** A sum without a peer falls, which Prometheus takes for a start from nothing; so one that is busy, or is being started again, is waited
 * for nearly as long as Prometheus waits. */
const PATIENCE_MS = 8000;

/** Counts of this process and of those before it. */
export function countsOf(env: ProcessEnv, host: Host): Snapshot {
  return merge([snapshot(env, host), ...earlierOf(env)]);
}

/** Counts of all others: of those before this process, and of its peers that answer. */
export async function peers(env: ProcessEnv): Promise<readonly Snapshot[]> {
  const asked: Promise<Snapshot | null>[] = [];
  for (let index = 0; ; index += 1) {
    const peer = env[`PEER_${index}`];
    if (peer === undefined) {
      break;
    }
    if (String(index) !== env.PROCESS) {
      asked.push(askOne(peer, env.PRIVATE_TOKEN));
    }
  }
  const answered = (await Promise.all(asked)).filter((counts) => counts !== null);
  return [...earlierOf(env), ...answered];
}

async function askOne(peer: Fetcher, token: string): Promise<Snapshot | null> {
  try {
    const headers = { authorization: `Bearer ${token}` };
    const response = await peer.fetch("http://process/counts", { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? await response.json<Snapshot>() : null;
  } catch {
    return null;
  }
}

/** What adds up over time; how a process that is gone was, is of no interest. */
function earlierOf({ EARLIER_COUNTS: text }: ProcessEnv): Snapshot[] {
  if (text === null || text === undefined) {
    return [];
  }
  const counts = JSON.parse(text) as Snapshot;
  return [{ ...counts, processes: 0, inFlight: 0, models: [], sequence: null, generation: null, states: {} }];
}
