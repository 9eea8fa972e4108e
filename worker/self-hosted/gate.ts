// Requests are held here for a moment while the process is being stopped, so that none is lost.
//
// A process that is asked to end closes every connection on which it has not read a request yet, and a busy client's next one may
// have arrived there already. With the gate shut, each client sends one request at most and waits: it has been read, so the runtime
// knows of it, answers it, and says with the answer that the connection ends.

/** How often a request looks whether it may go on. Not a promise that another request resolves: the runtime ends who waits for nothing. */
const PULSE_MS = 20;

/** Longer than the launcher takes for what it does meanwhile; if it dies in the midst of it, requests go on. */
const PATIENCE_MS = 3000;

/** The gate of one process. */
export class Gate {
  /** Whether requests must {@link pass}. */
  isShut = false;
  #waiting = 0;

  /** Holds requests from now on; how many are held. */
  shut(): number {
    this.isShut = true;
    return this.#waiting;
  }

  /** Lets them go. */
  open(): void {
    this.isShut = false;
  }

  /** Waits until the gate is open. */
  async pass(): Promise<void> {
    this.#waiting += 1;
    for (let waited = 0; this.isShut && waited < PATIENCE_MS; waited += PULSE_MS) {
      await scheduler.wait(PULSE_MS);
    }
    this.#waiting -= 1;
  }
}
