// What a row of the corpus is: bytes, and the answer that they must get.

/** In whose words a refusal is told. */
export type Answer =
  /** `{"error": {code, field?, message}}`: ours. */
  | { readonly dialect: "ours"; readonly status: number; readonly code: string; readonly field?: string }
  /** `{"error_code", "message"}`: MLflow's. */
  | { readonly dialect: "mlflow"; readonly status: number; readonly code?: string }
  /** `{"error": "<text>"}`: the Open Inference Protocol's. */
  | { readonly dialect: "inference"; readonly status: number }
  /** A list of answers to rides, of which some are refusals: their codes, null for an estimate. */
  | { readonly dialect: "rows"; readonly codes: readonly (string | null)[] }
  /** `batchItemFailures` with these identifiers, and so many predictions. */
  | { readonly dialect: "records"; readonly predictions: number; readonly failures: readonly string[] }
  /** Not refused at all: the plain ride, to the bit. Not everything that looks hostile is. */
  | { readonly dialect: "estimate" }
  /** Another 2xx or a reply without a body, with words that its body holds. */
  | { readonly dialect: "plain"; readonly status: number; readonly says?: string }
  /** The runtime's own words, in plain text: what was sent is not HTTP, or not HTTP that reaches a Worker. */
  | { readonly dialect: "runtime"; readonly status: number };

/** A request, or several on one connection. */
export interface Hostile {
  readonly name: string;
  readonly send: Buffer;
  /** One for each response, in their order. None: the connection is closed without a word. */
  readonly answers: readonly Answer[];
  /** Whether the sender says that he is done right after the bytes. */
  readonly endsAtOnce?: boolean;
  /** Whether the server must close by itself: what follows on that connection could be taken for a request. */
  readonly mustClose?: boolean;
  readonly isHead?: boolean;
  /** Whether the answer may be lost with the connection, as it is where a server closes while it is still being sent to. */
  readonly mayBeCut?: boolean;
}

/** What a row may say beside bytes and answers. */
export type Manner = Pick<Hostile, "endsAtOnce" | "mustClose" | "isHead" | "mayBeCut">;

/** A row with one answer. */
export const row = (name: string, send: Buffer, answer: Answer, manner: Manner = {}): Hostile => ({ name, send, answers: [answer], ...manner });

export const ours = (status: number, code: string, field?: string): Answer => ({ dialect: "ours", status, code, ...(field === undefined ? {} : { field }) });
export const mlflow = (status: number, code?: string): Answer => ({ dialect: "mlflow", status, ...(code === undefined ? {} : { code }) });
export const inference = (status: number): Answer => ({ dialect: "inference", status });
export const rows = (...codes: readonly (string | null)[]): Answer => ({ dialect: "rows", codes });
export const records = (predictions: number, ...failures: readonly string[]): Answer => ({ dialect: "records", predictions, failures });
export const plain = (status: number, says?: string): Answer => ({ dialect: "plain", status, ...(says === undefined ? {} : { says }) });
export const runtime = (status: number): Answer => ({ dialect: "runtime", status });

/** The plain ride is answered. */
export const ESTIMATE: Answer = { dialect: "estimate" };
export const MALFORMED = ours(400, "MALFORMED_JSON");
export const NOT_FOUND = ours(404, "NOT_FOUND");
export const HOST = ours(400, "HOST");
export const INCOMPLETE = ours(400, "BODY_INCOMPLETE");
export const TOO_LARGE = ours(413, "BODY_TOO_LARGE");
