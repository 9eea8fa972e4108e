// What is sent back, as plain data until the last moment: building one Response with all its headers costs half of changing a finished one.

/** An answer. */
export interface Answer {
  readonly status: number;
  /** Null where there is no body. */
  readonly contentType: string | null;
  readonly body: BodyInit | null;
  /** Beside those that every reply has; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The same as a flat list, name and value in turn, as the module tells them. */
  readonly headerList?: readonly string[] | undefined;
  /** The stable code of what was refused. */
  readonly code?: string | undefined;
}

/** Of JSON. */
export const JSON_TYPE = "application/json";

/** An answer of an object. */
export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(body), headers };
}
