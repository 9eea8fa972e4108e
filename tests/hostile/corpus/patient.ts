// Bodies that stop coming while the connection stays open: each is given its time, told so in the dialect of its path, and let go.

import { PLAIN } from "../../worker/ride.ts";
import { type Answer, type Hostile, inference, mlflow, ours, row } from "../hostile.ts";
import { bytes, inChunks, lines } from "../request.ts";

const SIZE = Buffer.byteLength(PLAIN).toString(16);
const CLOSES = { mustClose: true } as const;
const TIMEOUT = ours(408, "BODY_TIMEOUT");

const stops = (name: string, path: string, answer: Answer, ...headers: readonly string[]): Hostile =>
  row(`stops: ${name}`, bytes(`POST ${path} HTTP/1.1\r\n`, lines("Host: curbside.test", "Content-Type: application/json", ...headers), "\r\n", PLAIN.slice(0, 30)), answer, CLOSES);

export const PATIENT: readonly Hostile[] = [
  stops("a length too long", "/predict", TIMEOUT, "Content-Length: 97"),
  stops("a length of 1 MiB", "/predict", TIMEOUT, "Content-Length: 1048576"),
  stops("a length that is too long, but not to be drained", "/predict", TIMEOUT, "Content-Length: 2000000"),
  stops("100-continue, as it was asked", "/predict", TIMEOUT, "Content-Length: 97", "Expect: 100-continue"),
  stops("for MLflow", "/invocations", mlflow(408), "Content-Length: 97"),
  stops("for inference", "/v2/models/ride-duration/infer", inference(408), "Content-Length: 97"),
  stops("for the function", "/2015-03-31/functions/function/invocations", TIMEOUT, "Content-Length: 97"),
  row("stops: between chunks", inChunks(`${SIZE}\r\n${PLAIN}\r\n`), TIMEOUT, CLOSES),
  row("stops: in a chunk", inChunks(`${SIZE}\r\n${PLAIN.slice(0, 20)}`), TIMEOUT, CLOSES),
  row("stops: in a chunk of 2 to the power of 63 less one", inChunks(`7fffffffffffffff\r\n${PLAIN}`), TIMEOUT, CLOSES),
  row("stops: before the first chunk", inChunks(""), TIMEOUT, CLOSES),
  row("stops: in a chunk's size", inChunks("1"), TIMEOUT, CLOSES),
  row("stops: in the trailers", inChunks(`${SIZE}\r\n${PLAIN}\r\n0\r\nX-Trailer`), TIMEOUT, CLOSES),
];
