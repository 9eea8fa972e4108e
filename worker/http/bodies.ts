// The bodies of requests: counted while they are read, each within its time, and together within the memory there is.
//
// A client costs nothing by being slow. When there is no room, the body that has been coming for longest makes room: an honest one takes
// milliseconds. And one timer looks after all bodies: it lives behind the reply to the request that started it, since in a Worker no
// timer lives outside of one, and a timer a request would cost each of them a tenth of its time.

import { BODY_DEADLINE_SECONDS, MAX_BODIES, MAX_BODY_BYTES, MAX_DRAINED_BYTES, MAX_HELD_BYTES, YIELDS_AFTER_MS } from "./limits.ts";
import type { Refusal } from "./refusal.ts";

/** How often the timer looks. */
const ROUND_MS = 1000;
/** How long one timer lives; the platform drops what lives longer than half a minute behind a reply. */
const ROUNDS = 25;
/** A timer this late has been dropped by its host. */
const LATE_MS = 3 * ROUND_MS;
/** What is held for so long belongs to a request that its host has dropped, as happens when a client goes away. */
const DROPPED_AFTER_MS = 40_000;

/** A body on its way or at hand. */
export interface Body {
  readonly startedAt: number;
  /** Room that is kept for it. */
  bytes: number;
  /** Tells its request why it is not read on; null once it is whole. */
  giveUp: ((refusal: Refusal) => void) | null;
}

/** What came of reading: the bytes, or why not. The room is the caller's until {@link Bodies.release}. */
export type Reading = { readonly body: Body; readonly bytes: Uint8Array<ArrayBuffer> } | Refusal;

const NOTHING = new Uint8Array();

/** All bodies of an isolate. */
export class Bodies {
  /** In the order in which they began. */
  readonly #held = new Set<Body>();
  #reading = 0;
  #bytes = 0;
  /** The timer that looks after bodies that begin before `#watchedUntil`; older ones may still be looking after theirs. */
  #watch: object | null = null;
  #watchedUntil = 0;

  /** Reads a request's body; `stated` is its Content-Length. Never rejects. */
  read(request: Request, stated: string | null, context: ExecutionContext): Promise<Reading> {
    const length = stated === null ? null : Number(stated);
    if (length !== null && !(length <= MAX_DRAINED_BYTES)) {
      return Promise.resolve(tooLarge());
    }
    const now = Date.now();
    const isKept = length !== null && length <= MAX_BODY_BYTES;
    const body: Body = { startedAt: now, bytes: 0, giveUp: null };
    if (!this.#admit(isKept ? length : 0, now)) {
      return Promise.resolve(overloaded());
    }
    this.#held.add(body);
    this.#reading += 1;
    this.#grow(body, isKept ? length : 0);
    if (now >= this.#watchedUntil) {
      this.#watchedUntil = now + LATE_MS;
      context.waitUntil(this.#lookAfter());
    }
    return new Promise((resolve) => {
      body.giveUp = resolve;
      const end = (outcome: Uint8Array<ArrayBuffer> | Refusal): void => {
        if (body.giveUp === null) {
          return;
        }
        this.#isRead(body);
        if ("status" in outcome) {
          this.release(body);
          resolve(outcome);
        } else {
          resolve({ body, bytes: outcome });
        }
      };
      const broken = (): void => end(incomplete());
      if (isKept) {
        // The server ends it at its stated length; a proxy that passes on another is found out below.
        request.arrayBuffer().then((buffer) => end(buffer.byteLength > MAX_BODY_BYTES ? tooLarge() : new Uint8Array(buffer)), broken);
      } else {
        this.#stream(request, body, length === null).then(end, broken);
      }
    });
  }

  /** Gives the room back, once nothing holds the bytes any more. */
  release(body: Body): void {
    if (this.#held.delete(body)) {
      this.#bytes -= body.bytes;
      this.#isRead(body);
    }
  }

  /** Reads piece by piece a body of which nobody has said how long it is, or which is too long and is only drained. */
  async #stream(request: Request, body: Body, isKept: boolean): Promise<Uint8Array<ArrayBuffer> | Refusal> {
    if (request.body === null) {
      return NOTHING;
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    // Leaving the loop cancels the stream.
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.byteLength;
      if (body.giveUp === null || length > MAX_DRAINED_BYTES) {
        break;
      }
      if (isKept && length <= MAX_BODY_BYTES) {
        if (!this.#makeRoom(chunk.byteLength, Date.now(), body)) {
          return overloaded();
        }
        this.#grow(body, chunk.byteLength);
        chunks.push(chunk);
      }
    }
    return isKept && length <= MAX_BODY_BYTES ? joined(chunks, length) : tooLarge();
  }

  #grow(body: Body, bytes: number): void {
    body.bytes += bytes;
    this.#bytes += bytes;
  }

  #isRead(body: Body): void {
    if (body.giveUp !== null) {
      body.giveUp = null;
      this.#reading -= 1;
    }
  }

  /** Whether one more body of so many bytes may be read. */
  #admit(bytes: number, now: number): boolean {
    if (this.#reading >= MAX_BODIES && !this.#yieldOne(now)) {
      return false;
    }
    return this.#makeRoom(bytes, now);
  }

  #makeRoom(bytes: number, now: number, but?: Body): boolean {
    while (this.#bytes + bytes > MAX_HELD_BYTES) {
      if (!this.#yieldOne(now, but)) {
        return false;
      }
    }
    return true;
  }

  /** Gives up the body that has been coming for longest, if that is long. */
  #yieldOne(now: number, but?: Body): boolean {
    for (const body of this.#held) {
      if (now - body.startedAt < YIELDS_AFTER_MS) {
        return false;
      }
      if (body.giveUp !== null && body !== but) {
        this.#giveUp(body, overloaded());
        return true;
      }
    }
    return false;
  }

  #giveUp(body: Body, refusal: Refusal): void {
    const { giveUp } = body;
    this.release(body);
    giveUp?.(refusal);
  }

  /** Looks after the bodies until there are none, or its time is over. */
  async #lookAfter(): Promise<void> {
    const watch = {};
    this.#watch = watch;
    for (let round = 1; round <= ROUNDS && this.#held.size > 0; round += 1) {
      await scheduler.wait(ROUND_MS);
      const now = Date.now();
      this.#giveUpLate(now);
      if (this.#watch === watch) {
        // Of a body that begins later this one would not see the end: it is the next timer's.
        const seesTheEnd = (ROUNDS - round) * ROUND_MS > (BODY_DEADLINE_SECONDS + 1) * 1000 + LATE_MS;
        this.#watchedUntil = seesTheEnd ? now + LATE_MS : 0;
      }
    }
    if (this.#watch === watch) {
      this.#watchedUntil = 0;
    }
  }

  #giveUpLate(now: number): void {
    for (const body of this.#held) {
      const age = now - body.startedAt;
      if (age < BODY_DEADLINE_SECONDS * 1000) {
        return;
      }
      if (body.giveUp !== null) {
        this.#giveUp(body, tooSlow());
      } else if (age >= DROPPED_AFTER_MS) {
        this.release(body);
      }
    }
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function tooLarge(): Refusal {
  const message = `the body: expected at most ${MAX_BODY_BYTES} bytes, found more; send fewer rides a request`;
  return { status: 413, code: "BODY_TOO_LARGE", message };
}

function incomplete(): Refusal {
  const message = "the body: expected as many bytes as its headers say, found an earlier end or a chunk that is none; send it again";
  return { status: 400, code: "BODY_INCOMPLETE", message };
}

function tooSlow(): Refusal {
  const message = `the body: expected all of it within ${BODY_DEADLINE_SECONDS} s, found no end; send it again on a faster connection`;
  return { status: 408, code: "BODY_TIMEOUT", message };
}

function overloaded(): Refusal {
  const message = "more is being sent to this service than it can hold; try again in a moment";
  return { status: 503, code: "OVERLOADED", message, headers: { "retry-after": "1" } };
}
