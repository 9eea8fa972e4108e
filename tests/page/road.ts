// The way from a browser to the Worker, so that it can be closed, slow or led to another deployment while a page is open.

import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import type { Site } from "./stage.ts";

/** What becomes of a request: nobody answers, or a status and a text are the answer, after so many milliseconds. */
export interface Obstacle {
  readonly path: RegExp;
  readonly afterMilliseconds?: number;
  readonly answer?: { readonly status: number; readonly body: string };
}

/** A way with an address of its own. */
export class Road implements AsyncDisposable {
  /** Obstacles on the way; the first whose path fits counts. */
  obstacles: readonly Obstacle[] = [];
  /** Paths that were asked for, as they came. */
  readonly asked: string[] = [];
  readonly #server = createServer((request, response) => void this.#carry(request, response));
  readonly #sockets = new Set<Socket>();
  #site: Site;
  #isClosed = false;

  private constructor(site: Site) {
    this.#site = site;
    this.#server.on("connection", (socket) => {
      if (this.#isClosed) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Opens a way to a site. */
  static async to(site: Site): Promise<Road> {
    const road = new Road(site);
    await new Promise<void>((resolve) => road.#server.listen(0, "127.0.0.1", resolve));
    return road;
  }

  /** The site as a browser finds it at the end of this way. */
  get site(): Site {
    const url = new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
    return { ...this.#site, worker: { ...this.#site.worker, url } };
  }

  /** From now on the way leads there: what a browser sees of a deployment. */
  leadTo(site: Site): void {
    this.#site = site;
  }

  /** Ends every connection, and lets no other begin: a device without a network. */
  close(): void {
    this.#isClosed = true;
    this.#sockets.forEach((socket) => socket.destroy());
  }

  /** Ends that. */
  open(): void {
    this.#isClosed = false;
  }

  /** Closes for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    this.asked.push(path);
    const obstacle = this.obstacles.find((one) => one.path.test(path));
    await pause(obstacle?.afterMilliseconds ?? 0, undefined, { ref: false });
    if (obstacle?.answer !== undefined) {
      response.writeHead(obstacle.answer.status).end(obstacle.answer.body);
      return;
    }
    const target = new URL(path, this.#site.worker.url);
    const onward = ask(target, { method: request.method ?? "GET", headers: { ...request.headers, host: target.host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  }
}
