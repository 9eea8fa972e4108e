// www/_headers as Cloudflare reads it: paths at the beginning of a line, the headers of each below it and indented.

/** What holds for a path that no rule says more of, as Cloudflare's assets have it: kept, and asked for each time. */
const CACHE_CONTROL = "public, max-age=0, must-revalidate";

/** What holds for one path, or for all that begin with what stands before `*`. */
export interface Rule {
  readonly pattern: string;
  /** Names in lower case. */
  readonly headers: (readonly [string, string])[];
}

/**
 * Reads the file.
 * @throws with the line that is neither a path nor a header.
 */
export function readRules(text: string): Rule[] {
  const rules: Rule[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) {
      continue;
    }
    const colon = trimmed.indexOf(":");
    const rule = rules.at(-1);
    if (!/^\s/.test(line)) {
      if (!trimmed.startsWith("/") || /[*:]/.test(trimmed.slice(0, -1))) {
        throw new Error(`_headers, line ${index + 1}: expected a path, with * at its end at most, found ${trimmed}`);
      }
      rules.push({ pattern: trimmed, headers: [] });
    } else if (colon > 0 && rule !== undefined) {
      rule.headers.push([trimmed.slice(0, colon).toLowerCase(), trimmed.slice(colon + 1).trim()]);
    } else {
      throw new Error(`_headers, line ${index + 1}: expected "Name: value" below a path, found ${trimmed}`);
    }
  }
  return rules;
}

/** All headers of a file of this type and digest. */
export function headersOf(rules: readonly Rule[], path: string, type: string, digest: string): [string, string][] {
  const headers = new Map([
    ["content-type", type],
    ["etag", `"${digest}"`],
    ["cache-control", CACHE_CONTROL],
  ]);
  for (const { pattern, headers: added } of rules) {
    const holds = pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
    for (const [name, value] of holds ? added : []) {
      headers.set(name, value);
    }
  }
  return [...headers];
}
