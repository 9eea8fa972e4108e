// The good request, and its answer to the bit: by the package in Node, from the same bundle as the server's.

import { loadEstimator } from "curbside";

import { PLAIN } from "../worker/ride.ts";
import { shippedBundle } from "../worker/publication.ts";
import { exchange, type Reply } from "./wire.ts";
import { post } from "./request.ts";

/** The numbers of an answer, which must be the same whoever asks and whatever was asked before. */
interface Numbers {
  readonly duration: number;
  readonly duration_low?: number;
  readonly duration_high?: number;
  readonly model_version: string;
}

const GOOD = post("/predict", PLAIN);

const estimator = await loadEstimator({ bytes: new Uint8Array(await shippedBundle()) });
const expected = numbersOf(JSON.parse(estimator.predict({ body: PLAIN }).body as string) as Numbers);
estimator.dispose();

function numbersOf({ duration, duration_low, duration_high, model_version }: Numbers): string {
  // JSON's digits are the shortest that give the same double back: equal texts are equal bits.
  return JSON.stringify({ duration, duration_low, duration_high, model_version });
}

/** What is wrong with an answer to the plain ride; empty if it is right to the bit. */
export function faultOfEstimate(value: unknown): string[] {
  const found = numbersOf(Object(value) as Numbers);
  return found === expected ? [] : [`expected ${expected}, found ${found}`];
}

/** What is wrong with the answer to the good request on a connection of its own. */
export async function faultOfGood(port: number): Promise<string[]> {
  const { replies, rest } = await exchange(port, { bytes: GOOD, replies: 1 });
  const [reply] = replies;
  if (reply === undefined || replies.length > 1) {
    return [`the good request: expected one answer, found ${replies.length}, and ${JSON.stringify(rest.toString().slice(0, 100))}`];
  }
  return faultOfGoodReply(reply);
}

/** What is wrong with a response to the good request. */
export function faultOfGoodReply(reply: Reply): string[] {
  if (reply.status !== 200) {
    return [`the good request: expected 200, found ${reply.status} ${reply.body.toString().slice(0, 200)}`];
  }
  return faultOfEstimate(JSON.parse(reply.body.toString())).map((fault) => `the good request: ${fault}`);
}

/** A GET's JSON. */
export async function read(port: number, path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readText(port, path)) as Record<string, unknown>;
}

/** A GET's text, of status 200. */
export async function readText(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  const text = await response.text();
  if (response.status !== 200) {
    throw new Error(`GET ${path}: expected 200, found ${response.status}: ${text}`);
  }
  return text;
}
