// Whether a row got the answer that it must get.

import { faultOfEstimate } from "./good.ts";
import type { Answer, Hostile } from "./hostile.ts";
import { exchange, type Heard, type Reply } from "./wire.ts";

/** Sends a row and says, in words, what is wrong with what came back. */
export async function faultsOf(port: number, row: Hostile): Promise<string[]> {
  const { answers, endsAtOnce, isHead, mustClose = false, mayBeCut = false } = row;
  // Where the server must close, that is waited for: whatever it took for another request would be heard.
  const heard = await exchange(port, { bytes: row.send, replies: mustClose ? 0 : answers.length, endsAtOnce, isHead });
  if (mayBeCut && heard.replies.length === 0 && heard.isClosedByServer) {
    return [];
  }
  return [
    ...faultsOfCount(answers, heard),
    ...(mustClose && !heard.isClosedByServer ? ["expected the server to close, found it waiting"] : []),
    ...answers.flatMap((answer, at) => faultsOfReply(answer, heard.replies[at], isHead ?? false)),
  ];
}

function faultsOfCount(answers: readonly Answer[], { replies, rest }: Heard): string[] {
  const faults = [];
  if (replies.length !== answers.length) {
    const shown = replies.map(({ status, body }) => `${status} ${body.toString().slice(0, 80)}`);
    faults.push(`expected ${answers.length} responses, found ${replies.length}: ${JSON.stringify(shown)}`);
  }
  if (rest.length > 0) {
    faults.push(`expected whole responses, found ${JSON.stringify(rest.toString("latin1").slice(0, 100))} besides`);
  }
  return faults;
}

/** What is wrong with one response. */
export function faultsOfReply(answer: Answer, reply: Reply | undefined, isHead = false): string[] {
  if (reply === undefined) {
    return [`expected ${JSON.stringify(answer)}, found no response`];
  }
  const text = reply.body.toString();
  const wrong = (what: string): string[] => [`expected ${what}, found ${reply.status} ${reply.headers.get("content-type")} ${text.slice(0, 200)}`];
  if (reply.status !== statusOf(answer)) {
    return wrong(`status ${statusOf(answer)}`);
  }
  if (answer.dialect === "runtime") {
    return isJson(reply) ? wrong("the runtime's plain text") : [];
  }
  const faults = faultsOfHead(reply);
  if (answer.dialect === "plain") {
    const isSaid = isHead || text.includes(answer.says ?? "");
    return isSaid ? faults : [...faults, ...wrong(`${JSON.stringify(answer.says)} in it`)];
  }
  if (!isJson(reply)) {
    return [...faults, ...wrong("JSON")];
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [...faults, ...wrong("JSON that can be read")];
  }
  return [...faults, ...faultsOfBody(answer, value).flatMap(wrong)];
}

function statusOf(answer: Answer): number {
  return "status" in answer ? answer.status : 200;
}

function isJson(reply: Reply): boolean {
  return reply.headers.get("content-type") === "application/json";
}

/** What every answer of the Worker's says beside its body. */
function faultsOfHead({ headers }: Reply): string[] {
  const faults = [];
  const id = headers.get("x-request-id");
  if (id === undefined || !/^[A-Za-z0-9._-]{1,128}$/.test(id)) {
    faults.push(`x-request-id: expected 1 to 128 letters and digits, found ${id}`);
  }
  if (headers.get("x-content-type-options") !== "nosniff") {
    faults.push("expected x-content-type-options: nosniff, found none");
  }
  if (headers.has("set-cookie")) {
    faults.push("expected no cookie, found one");
  }
  return faults;
}

/** What was expected of the body, if it is something else. */
function faultsOfBody(answer: Exclude<Answer, { dialect: "plain" | "runtime" }>, value: unknown): string[] {
  const body = Object(value) as Record<string, unknown>;
  const error = body["error"];
  switch (answer.dialect) {
    case "ours": {
      const { code, field, message } = Object(error) as Record<string, unknown>;
      const isRight = code === answer.code && field === answer.field && isMessage(message) && onlyKeys(body, "error");
      return isRight ? [] : [`the error ${answer.code}${answer.field === undefined ? "" : ` of ${answer.field}`}`];
    }
    case "mlflow": {
      const code = body["error_code"];
      const isRight = (answer.code === undefined ? typeof code === "string" : code === answer.code) && isMessage(body["message"]);
      return isRight ? [] : [`MLflow's error ${answer.code ?? ""}`];
    }
    case "inference":
      return isMessage(error) && onlyKeys(body, "error") ? [] : ["an error of the Open Inference Protocol"];
    case "rows":
      return faultsOfRows(answer.codes, value);
    case "records":
      return faultsOfRecords(answer, body);
    case "estimate":
      return faultOfEstimate(value);
  }
}

function isMessage(message: unknown): boolean {
  // Whoever sends a megabyte must not be sent it back.
  return typeof message === "string" && message.length > 0 && message.length < 1000;
}

function onlyKeys(body: Record<string, unknown>, ...keys: readonly string[]): boolean {
  return JSON.stringify(Object.keys(body)) === JSON.stringify(keys);
}

function faultsOfRows(codes: readonly (string | null)[], value: unknown): string[] {
  if (!Array.isArray(value) || value.length !== codes.length) {
    return [`a list of ${codes.length}`];
  }
  return codes.flatMap((code, at) => {
    const found: unknown = value[at];
    if (code === null) {
      return faultOfEstimate(found).map((fault) => `row ${at}: ${fault}`);
    }
    const error = (Object(found) as Record<string, unknown>)["error"];
    return (Object(error) as Record<string, unknown>)["code"] === code ? [] : [`row ${at} to say ${code}, and not ${JSON.stringify(found)}`];
  });
}

function faultsOfRecords({ predictions, failures }: Extract<Answer, { dialect: "records" }>, body: Record<string, unknown>): string[] {
  const found = body["predictions"];
  const expected = JSON.stringify(failures.map((itemIdentifier) => ({ itemIdentifier })));
  const isRight = Array.isArray(found) && found.length === predictions && JSON.stringify(body["batchItemFailures"] ?? []) === expected;
  return isRight ? [] : [`${predictions} predictions and the failures ${expected}`];
}
