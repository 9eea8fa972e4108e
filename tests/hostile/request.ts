// Requests as they stand on the wire. Nothing is added that is not written here, and nothing is mended.

import { PLAIN } from "../worker/ride.ts";

/** Text is UTF-8; numbers are bytes. */
export type Piece = string | Uint8Array | readonly number[];

/** Bytes of all pieces, one after another. */
export function bytes(...pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : Buffer.from(piece as Uint8Array))));
}

/** Header lines, each with its end. */
export function lines(...headers: readonly string[]): string {
  return headers.map((header) => `${header}\r\n`).join("");
}

/** A request with a body whose length is said truly; `headers` are whole lines without their end. */
export function request(method: string, target: string, body: Piece, ...headers: readonly string[]): Buffer {
  const content = bytes(body);
  return bytes(`${method} ${target} HTTP/1.1\r\n`, lines("Host: curbside.test", ...headers, `Content-Length: ${content.length}`), "\r\n", content);
}

/** POST of a body as JSON. */
export function post(target: string, body: Piece, ...headers: readonly string[]): Buffer {
  return request("POST", target, body, "Content-Type: application/json", ...headers);
}

/** A request without a body. */
export function ask(method: string, target: string, ...headers: readonly string[]): Buffer {
  return bytes(`${method} ${target} HTTP/1.1\r\n`, lines("Host: curbside.test", ...headers), "\r\n");
}

/** POST /predict of the plain ride with these header lines and no others: not even Host or a length. */
export function bare(...headers: readonly string[]): Buffer {
  return bytes("POST /predict HTTP/1.1\r\n", lines(...headers), "\r\n", PLAIN);
}

/** Its true length, as a header. */
export const PLAIN_LENGTH = `Content-Length: ${Buffer.byteLength(PLAIN)}`;

/** A body in chunks of its own. */
export function chunked(...chunks: readonly string[]): string {
  return `${chunks.map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\n`;
}

/** POST /predict with a body in chunks, written as it stands. */
export function inChunks(body: Piece, ...headers: readonly string[]): Buffer {
  return bytes("POST /predict HTTP/1.1\r\n", lines("Host: curbside.test", "Transfer-Encoding: chunked", ...headers), "\r\n", body);
}

/** `text` so many times. */
export const times = (count: number, text: string): string => text.repeat(count);
