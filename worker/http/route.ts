// What a route is given and what it is.

import type { Settings } from "../settings.ts";
import type { Weights } from "../weights/weights.ts";

/** One request on its way through a route. */
export interface Exchange {
  readonly request: Request;
  readonly settings: Settings;
  readonly context: ExecutionContext;
  readonly weights: Weights;
  readonly pathname: string;
}

/** A path's answer to the methods it knows. */
export interface Route {
  /** In the order in which `Allow` lists them. */
  readonly methods: readonly string[];
  /** Answers any method but OPTIONS. */
  answer(exchange: Exchange): Promise<Response>;
}
