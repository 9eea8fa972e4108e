// How often one caller may ask, where the platform counts: Cloudflare's rate-limit binding, if wrangler.toml has one as RATE_LIMIT.

import type { ConfigurationFault } from "../settings.ts";
import type { Refusal } from "./refusal.ts";

/** What the binding does. */
interface Limiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** After how long it is worth asking again; the binding does not tell its period, which is 10 s or 60 s. */
const RETRY_AFTER_SECONDS = 10;

const REFUSAL: Refusal = {
  status: 429,
  code: "RATE_LIMITED",
  message: "expected fewer requests than have come from this caller of late; wait, and send up to 1000 rides in one request",
  headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
};

/** Counts requests. */
export class Rate {
  readonly #limiter: Limiter;
  #hasFailed = false;

  constructor(limiter: Limiter) {
    this.#limiter = limiter;
  }

  /** Counts one of this caller's; null if it may go on. A limiter that fails stops nobody, and is told in the log once. */
  async count(caller: string): Promise<Refusal | null> {
    try {
      const { success } = await this.#limiter.limit({ key: caller });
      return success ? null : REFUSAL;
    } catch (thrown) {
      if (!this.#hasFailed) {
        this.#hasFailed = true;
        console.error(JSON.stringify({ event: "rate_limit_failed", message: String(thrown) }));
      }
      return null;
    }
  }
}

/** Reads the binding; null where there is none. */
export function readRate(binding: unknown, faults: ConfigurationFault[]): Rate | null {
  if (binding === undefined || binding === null) {
    return null;
  }
  if (typeof binding !== "object" || !("limit" in binding) || typeof binding.limit !== "function") {
    const remedy = "name it so in wrangler.toml, or take it away";
    const message = `RATE_LIMIT: expected a binding of [[ratelimits]], found something else, and nobody is limited; ${remedy}`;
    faults.push({ code: "RATE_LIMIT", message });
    return null;
  }
  return new Rate(binding as Limiter);
}

/** Whom a request without a credential is counted by. Goes to the limiter and nowhere else: an address is personal data. */
export function addressOf(headers: Headers): string {
  return `address ${network(headers.get("cf-connecting-ip") ?? "unknown")}`;
}

/** Of an IPv6 address the first 64 bits: whoever has one has all that begin so. */
function network(address: string): string {
  if (!address.includes(":") || address.includes(".")) {
    return address.slice(address.lastIndexOf(":") + 1);
  }
  const [before = "", after] = address.toLowerCase().split("::");
  const [head, tail] = [before, after ?? ""].map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = after === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  return [...(head ?? []), ...Array<string>(Math.max(0, zeros)).fill("0"), ...(tail ?? [])].slice(0, 4).join(":");
}
