// HTTP by hand: exactly these bytes out on a socket of their own, and whatever comes back taken apart.

import { connect, type Socket } from "node:net";

/** How long an answer may take; longer than any deadline of the server. A machine that is busy is no fault. */
export const PATIENCE_MS = 120_000;

/** One response. */
export interface Reply {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What a connection said until it was closed. */
export interface Heard {
  /** Final ones; `100 Continue` is none. */
  readonly replies: readonly Reply[];
  /** Whether the server closed before we said that we are done. */
  readonly isClosedByServer: boolean;
  /** Interim responses, such as 100. */
  readonly interim: readonly number[];
  /** Bytes after the last whole response. */
  readonly rest: Buffer;
}

/** What is sent on one connection. */
export interface Sent {
  readonly bytes: Uint8Array;
  /** How many final responses are awaited before we say that we are done; 0 waits for the server to close. */
  readonly replies: number;
  /** Whether we say that we are done right after the bytes. */
  readonly endsAtOnce?: boolean | undefined;
  /** Whether the first response is to HEAD, and so has no body whatever its headers say. */
  readonly isHead?: boolean | undefined;
}

/** Sends the bytes and listens until the server has closed the connection, which it does soon after we are done. */
export async function exchange(port: number, { bytes, replies: wanted, endsAtOnce = false, isHead = false }: Sent): Promise<Heard> {
  const line = await Line.open(port);
  try {
    line.write(bytes);
    if (endsAtOnce) {
      line.end();
    }
    const reader = new Reader(isHead);
    let isDone = endsAtOnce;
    for (;;) {
      const chunk = await line.read();
      if (chunk === null) {
        return { ...reader.atEnd(), isClosedByServer: !isDone };
      }
      reader.take(chunk);
      if (!isDone && wanted > 0 && reader.replies.length >= wanted) {
        isDone = true;
        line.end();
      }
    }
  } finally {
    line.destroy();
  }
}

/** A connection whose bytes are asked for one chunk after another. */
export class Line {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #isOver = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    // A connection that is reset has ended as much as one that is closed; what came before is what counts.
    socket.on("error", () => undefined);
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#isOver = true;
        this.#wake();
      });
    }
  }

  /** Connects to loopback. */
  static open(port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Line(socket));
      });
    });
  }

  /** Sends; a server that has closed is noticed by reading. */
  write(bytes: Uint8Array | string): void {
    if (!this.#socket.destroyed && this.#socket.writable) {
      this.#socket.write(bytes);
    }
  }

  /** Sends, and breaks the connection off as soon as the kernel has taken it all. */
  sendAndReset(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.write(bytes, () => this.#socket.resetAndDestroy());
    });
  }

  /** Says that we are done sending. */
  end(): void {
    this.#socket.end();
  }

  /** Stops reading, so that the kernel's buffers fill and the server has to wait. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** The next bytes; null at the end. Rejects after `PATIENCE_MS` of silence. */
  async read(): Promise<Buffer | null> {
    while (this.#chunks.length === 0 && !this.#isOver) {
      await this.#next();
    }
    return this.#chunks.shift() ?? null;
  }

  /** Whether the server has closed. */
  get isOver(): boolean {
    return this.#isOver && this.#chunks.length === 0;
  }

  /** Breaks it off. */
  destroy(): void {
    this.#socket.destroy();
  }

  #next(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`expected bytes or an end within ${PATIENCE_MS / 1000} s, found neither`)), PATIENCE_MS);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}

/** Takes responses apart as they come (RFC 9112, section 6.3). */
export class Reader {
  readonly replies: Reply[] = [];
  readonly #interim: number[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #isHead: boolean;

  constructor(isHead = false) {
    this.#isHead = isHead;
  }

  /** How many interim responses have come. */
  get interim(): readonly number[] {
    return this.#interim;
  }

  take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#one(false)) {
      // As many as are whole.
    }
  }

  /** What came in all; a body without a length has ended with the connection. */
  atEnd(): Omit<Heard, "isClosedByServer"> {
    this.#one(true);
    return { replies: this.replies, interim: this.#interim, rest: this.#pending };
  }

  #one(isAtEnd: boolean): boolean {
    const headEnd = this.#pending.indexOf("\r\n\r\n");
    if (headEnd < 0) {
      return false;
    }
    const [statusLine = "", ...lines] = this.#pending.toString("latin1", 0, headEnd).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3})\b/.exec(statusLine)?.[1] ?? NaN);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const before = headers.get(name);
      const value = line.slice(colon + 1).trim();
      headers.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    const start = headEnd + 4;
    if (status >= 100 && status < 200) {
      this.#interim.push(status);
      this.#pending = this.#pending.subarray(start);
      return true;
    }
    const body = this.#bodyAt(start, status, headers, isAtEnd);
    if (body === null) {
      return false;
    }
    this.#pending = this.#pending.subarray(body.end);
    this.replies.push({ status, headers, body: body.bytes });
    this.#isHead = false;
    return true;
  }

  #bodyAt(start: number, status: number, headers: Map<string, string>, isAtEnd: boolean): { bytes: Buffer; end: number } | null {
    if (this.#isHead || status === 204 || status === 304) {
      return { bytes: Buffer.alloc(0), end: start };
    }
    if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") {
      return chunkedAt(this.#pending, start);
    }
    const length = headers.get("content-length");
    if (length === undefined) {
      return isAtEnd ? { bytes: this.#pending.subarray(start), end: this.#pending.length } : null;
    }
    const end = start + Number(length);
    return end <= this.#pending.length ? { bytes: this.#pending.subarray(start, end), end } : null;
  }
}

function chunkedAt(bytes: Buffer, start: number): { bytes: Buffer; end: number } | null {
  const parts: Buffer[] = [];
  let place = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", place);
    if (lineEnd < 0) {
      return null;
    }
    const size = parseInt(bytes.toString("latin1", place, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (!(end + 2 <= bytes.length)) {
      return null;
    }
    if (size === 0) {
      return { bytes: Buffer.concat(parts), end: end + 2 };
    }
    parts.push(bytes.subarray(lineEnd + 2, end));
    place = end + 2;
  }
}
