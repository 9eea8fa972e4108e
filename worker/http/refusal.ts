// Why a request is not answered, and how each protocol says so.

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

/** Whose form of error a path speaks: our own, MLflow's, or that of the Open Inference Protocol. */
export type Dialect = "curbside" | "mlflow" | "inference";

/** MLflow's names for what HTTP's statuses say; any other is its plain word for a bad request. */
const MLFLOW_CODES: ReadonlyMap<number, string> = new Map([
  [401, "UNAUTHENTICATED"],
  [404, "ENDPOINT_NOT_FOUND"],
  [429, "REQUEST_LIMIT_EXCEEDED"],
  [500, "INTERNAL_ERROR"],
  [503, "TEMPORARILY_UNAVAILABLE"],
]);

/** The body of a refusal, JSON in each of the forms. */
export function bodyOf({ status, code, field, message }: Refusal, dialect: Dialect): string {
  switch (dialect) {
    case "curbside":
      return JSON.stringify({ error: { code, ...(field === undefined ? {} : { field }), message } });
    case "mlflow":
      return JSON.stringify({ error_code: MLFLOW_CODES.get(status) ?? "BAD_REQUEST", message });
    case "inference":
      return JSON.stringify({ error: message });
  }
}
