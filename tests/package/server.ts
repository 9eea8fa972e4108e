// A web server on loopback that answers as a test tells it to.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What to answer a path with: a body, or a function that does it all. */
export type Answer =
  | { readonly status?: number; readonly type?: string; readonly body?: string | Uint8Array }
  | ((response: ServerResponse, request: IncomingMessage) => void);

/** A server that runs. */
export interface Server extends AsyncDisposable {
  /** The absolute URL of a path. */
  url(path: string): string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
}

/** Serves these paths, as the record has them when they are asked for; every other one is 404 with a page in HTML, as servers do it. */
export async function serve(answers: Readonly<Record<string, Answer>>): Promise<Server> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    asked.push(path);
    const answer = answers[path] ?? { status: 404, type: "text/html", body: "<!doctype html><title>Not found</title>" };
    if (typeof answer === "function") {
      answer(response, request);
      return;
    }
    response.writeHead(answer.status ?? 200, { "content-type": answer.type ?? "application/octet-stream" });
    response.end(answer.body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
