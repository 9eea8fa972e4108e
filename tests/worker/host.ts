// A web server on loopback that holds objects as a plain folder would, and misbehaves as told: what stands behind an HTTPS source.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a host that is ill answers; `null` is health. */
export type Illness = ((request: IncomingMessage, response: ServerResponse, body: Buffer) => void) | null;

/** A host that runs. */
export interface TestHost extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  /** Puts an object there, as publishing does. */
  put(key: string, value: string | ArrayBuffer): Promise<void>;
  /** Paths that were asked for, with the answer's status. */
  readonly log: string[];
  illness: Illness;
}

/** Starts a host without objects. */
export async function startHost(): Promise<TestHost> {
  const objects = new Map<string, Buffer>();
  const log: string[] = [];
  const state: { illness: Illness } = { illness: null };
  const server = createServer((request, response) => {
    const key = (request.url ?? "").replace(/^\//, "");
    const body = objects.get(key);
    response.on("close", () => log.push(`${request.method} ${key} ${response.statusCode}`));
    if (state.illness !== null) {
      state.illness(request, response, body ?? Buffer.alloc(0));
      return;
    }
    if (body === undefined) {
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>404</h1>");
      return;
    }
    const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    response.writeHead(200, { etag, "content-length": body.byteLength, "content-type": "application/octet-stream" });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    async put(key, value) {
      objects.set(key, typeof value === "string" ? Buffer.from(value) : Buffer.from(new Uint8Array(value)));
    },
    log,
    get illness() {
      return state.illness;
    },
    set illness(illness) {
      state.illness = illness;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Ways of being ill. */
export const ILL = {
  /** The connection is cut before a word is said, as of a host that is not there. */
  down: (request) => void request.socket.destroy(),
  /** Never a word. */
  silent: () => undefined,
  /** The first half, and then nothing for ever. */
  stuck: (_, response, body) => {
    response.writeHead(200, { "content-length": body.byteLength });
    response.write(body.subarray(0, body.byteLength / 2));
  },
  /** The first half, and then the connection is cut. */
  cut: (request, response, body) => {
    response.writeHead(200, { "content-length": body.byteLength });
    response.write(body.subarray(0, body.byteLength / 2), () => request.socket.destroy());
  },
  /** The first half, said to be all. */
  half: (_, response, body) => void response.end(body.subarray(0, body.byteLength / 2)),
  /** 200 without a byte. */
  empty: (_, response) => void response.end(),
  /** A page in place of an object, as of a single-page application or a sign-in. */
  page: (_, response) => void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><title>Sign in</title>"),
  /** The same, under an honest type. */
  pageAsBytes: (_, response) => void response.end("<!doctype html><title>Sign in</title>"),
  error: (_, response) => void response.writeHead(500).end("java.lang.NullPointerException"),
  forbidden: (_, response) => void response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>"),
  busy: (_, response) => void response.writeHead(503, { "retry-after": "60" }).end(),
} satisfies Record<string, Illness>;
