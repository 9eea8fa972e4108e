// Clients that send a part and then wait, and what they are told.

import { connect, type Socket } from "node:net";

/** A request on its way, by hand. */
export interface Sending extends Disposable {
  /** Sends more of it. */
  send(text: string): void;
  /** The reply, once it is there: status line, headers and body as text. */
  readonly reply: Promise<string>;
  /** Goes away without a word. */
  leave(): void;
}

/** Begins a request with these bytes; `host` is the service's. */
export async function begin(url: URL, head: readonly string[], body: string): Promise<Sending> {
  const socket: Socket = connect({ host: url.hostname, port: Number(url.port) });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Whoever goes away does not wait for it.
  promise.catch(() => undefined);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString();
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(text) ?? [];
    const begin = text.indexOf("\r\n\r\n");
    if (length !== undefined && begin >= 0 && Buffer.byteLength(text.slice(begin + 4)) >= Number(length)) {
      resolve(text);
    }
  });
  socket.on("error", reject);
  socket.on("close", () => resolve(text));
  socket.setTimeout(120_000, () => socket.destroy(new Error("expected a reply within two minutes, found none")));
  await new Promise<void>((connected) => socket.once("connect", () => connected()));
  socket.write([...head, `Host: ${url.host}`, "", body].join("\r\n"));
  return {
    send: (more) => void socket.write(more),
    reply: promise,
    leave: () => void socket.resetAndDestroy(),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
