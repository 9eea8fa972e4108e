// What a route is given and what it is.

import type { Env } from "../env.ts";
import type { Settings } from "../settings.ts";
import type { Weights } from "../weights/weights.ts";
import type { Answer } from "./answer.ts";
import type { Audience } from "./cors.ts";
import type { Dialect, Refusal } from "./refusal.ts";

/** One request on its way through a route. */
export interface Exchange {
  readonly request: Request;
  readonly method: string;
  /** As it stands in the request line: nothing is decoded and no dots are followed. */
  readonly path: string;
  /** Without the question mark; empty if there is none. */
  readonly query: string;
  readonly env: Env;
  readonly settings: Settings;
  readonly context: ExecutionContext;
  readonly weights: Weights;
  /** Judges the body where the caller has signed it; null where there is nothing to judge. */
  readonly verify: null | ((body: Uint8Array) => Promise<Refusal | null>);
}

/** A path's answer to the methods it knows. */
export interface Route {
  /** What metrics and logs call it: one of few. */
  readonly label: string;
  /** In the order in which `Allow` lists them. */
  readonly methods: readonly string[];
  readonly dialect: Dialect;
  readonly audience: Audience;
  /** Whether it needs credentials where the operator wants them. */
  readonly isGuarded: boolean;
  /** Answers its own methods; never OPTIONS. */
  answer(exchange: Exchange): Promise<Answer | Refusal>;
}

/** What most routes of ours have in common. */
export const OPEN = { dialect: "curbside", audience: "scoring", isGuarded: false } as const;

/** Methods of a route that only tells. */
export const READING = ["GET", "HEAD"] as const;
