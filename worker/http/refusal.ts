// Why a request is not answered, before it is said in the words of a protocol.

/** A refusal, as plain data. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** For people: what was expected, what was found, what to do. */
  readonly message: string;
  /** The part of a ride that is at fault. */
  readonly field?: string;
  /** What HTTP wants said beside it. */
  readonly headers?: Readonly<Record<string, string>>;
}
