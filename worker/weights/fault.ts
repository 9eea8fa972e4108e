// Why weights could not be taken, in the form that /health tells it.

/** A refusal with its stable code. */
export class WeightsFault extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "WeightsFault";
    this.code = code;
  }
}

/** What /health tells of a failure. */
export interface FaultReport {
  readonly code: string;
  /** HTTP status, where storage answered with another than was expected. */
  readonly status?: number;
  /** The section of the bundle, where the fault is in one. */
  readonly section?: string;
  /** Where in the bundle's bytes, where that is known. */
  readonly offset?: number;
  readonly message: string;
  /** RFC 3339. */
  readonly at: string;
}

/** The stable code of anything thrown; what carries none of ours is storage that failed. */
export function codeOfFault(fault: unknown): string {
  return fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : "WEIGHTS_UNREACHABLE";
}

/** Describes anything thrown. */
export function reportOf(fault: unknown, at: number): FaultReport {
  const known: Record<string, unknown> = fault instanceof Error ? { ...fault } : {};
  return {
    code: codeOfFault(fault),
    ...(typeof known["section"] === "string" ? { section: known["section"] } : {}),
    ...(typeof known["offset"] === "number" ? { offset: known["offset"] } : {}),
    message: fault instanceof Error ? fault.message : String(fault),
    at: new Date(at).toISOString(),
  };
}
