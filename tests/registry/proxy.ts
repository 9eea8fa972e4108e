// A way to a real server that can be ill: the faults need something that misbehaves, and the servers themselves do not.

import { createServer, type IncomingMessage, request as send, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import type { Illness } from "../worker/host.ts";

/** A request on its way, which may be stopped at two points. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  /** From 1, of all that this proxy has been asked. */
  readonly number: number;
}

/** A proxy that runs. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** What was asked for: `GET /bucket/key`. */
  readonly asked: string[];
  /** Which paths are ill; all unless told. */
  paths: RegExp;
  /** How they are answered in place of the server; null is health. */
  illness: Illness;
  /** How long every answer waits. */
  delayMilliseconds: number;
  /** Before a request goes on: whether it may. After the server has answered it: whether the answer may go back. */
  onAsked: (passing: Passing) => boolean;
  onAnswered: (passing: Passing) => boolean;
  /** Ends every connection and takes no other: a server that is not there. */
  close(): void;
  open(): void;
}

/** Starts a proxy to a server on loopback. The host's name goes on as it came: signatures are over it. */
export async function startProxy(target: string): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let isClosed = false;
  const proxy = {
    url: "",
    asked: [] as string[],
    paths: /./,
    illness: null as Illness,
    delayMilliseconds: 0,
    onAsked: (_: Passing) => true,
    onAnswered: (_: Passing) => true,
    close() {
      isClosed = true;
      sockets.forEach((socket) => socket.destroy());
    },
    open() {
      isClosed = false;
    },
    async [Symbol.asyncDispose]() {
      proxy.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server: Server = createServer((request, response) => {
    const [method, path] = [request.method ?? "GET", request.url ?? "/"];
    proxy.asked.push(`${method} ${path}`);
    const passing = { method, path, number: proxy.asked.length };
    if (!proxy.onAsked(passing)) {
      request.socket.destroy();
      return;
    }
    carry(target, request)
      .then(async (answer) => {
        if (!proxy.onAnswered(passing)) {
          request.socket.destroy();
          return;
        }
        await pause(proxy.delayMilliseconds);
        if (proxy.illness !== null && proxy.paths.test(path)) {
          proxy.illness(request, response, answer.body);
          return;
        }
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
      })
      .catch(() => request.socket.destroy());
  });
  server.on("connection", (socket) => {
    if (isClosed) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Asks the server the same, and waits for the whole answer. */
function carry(target: string, request: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onward = send(new URL(request.url ?? "/", target), { method: request.method ?? "GET", headers: request.headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        // The body is sent whole, whatever way it came.
        const { "transfer-encoding": _, ...headers } = answer.headers;
        resolve({ status: answer.statusCode ?? 502, headers, body: Buffer.concat(chunks) });
      });
    });
    onward.on("error", reject);
    request.pipe(onward);
  });
}
