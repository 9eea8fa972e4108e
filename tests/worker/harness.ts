// The real Worker in real workerd on a free port, with a bucket of its own that lives as long as the test.

import { mkdir } from "node:fs/promises";

import type { R2Bucket } from "@cloudflare/workers-types";
import type { TestHarness } from "wrangler";

import type { Signer } from "./publication.ts";

// Before wrangler is loaded: quiet, and off the network.
Object.assign(process.env, {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG: "error",
  CI: "1",
  NO_UPDATE_NOTIFIER: "1",
});
const { createTestHarness } = await import("wrangler");

const ROOT = new URL("../../", import.meta.url);

/** What a test may choose about the Worker. */
export interface Options {
  /** Whose manifests it believes. */
  readonly trusted: readonly Signer[];
  /** How soon it looks for newer weights; long unless told, so that nothing happens behind a test. */
  readonly ttlSeconds?: number | string;
  /** What serves before a manifest could be had; `none` unless told, so that no test takes one model for another. */
  readonly fallback?: "shipped" | "none";
  /** Other variables than those of wrangler.toml. */
  readonly vars?: Record<string, string>;
  readonly secrets?: Record<string, string>;
  /** Another file than wrangler.toml, by its path from the root. */
  readonly configPath?: string;
}

/** A Worker that runs. */
export interface RunningWorker extends AsyncDisposable {
  readonly url: URL;
  readonly bucket: R2Bucket;
  /** Asks for a path of the Worker over real HTTP. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The events with this name that the Worker has logged so far. */
  events(name: string): Record<string, unknown>[];
  /** All that it has logged. */
  log(): string;
}

/** Starts the Worker of wrangler.toml with an empty bucket. */
export async function startWorker(options: Options): Promise<RunningWorker> {
  // wrangler refuses to start without the page's folder; what is in it is the page's own test.
  await mkdir(new URL(".curbside/site/", ROOT), { recursive: true });
  const harness = createTestHarness({
    root: ROOT.pathname,
    workers: [
      {
        configPath: options.configPath ?? "wrangler.toml",
        vars: { MANIFEST_TTL_SECONDS: options.ttlSeconds ?? 3600, FALLBACK: options.fallback ?? "none", ...options.vars },
        // As a secret, because those go before a developer's .dev.vars.
        secrets: { TRUSTED_KEYS: options.trusted.map((signer) => signer.publicKey).join(" "), ...options.secrets },
      },
    ],
  });
  const { url } = await harness.listen();
  const { WEIGHTS: bucket } = await harness.getWorker<{ WEIGHTS: R2Bucket }>().getEnv();
  return {
    url,
    bucket,
    fetch: (path, init) => fetch(new URL(path, url), { redirect: "manual", ...init }),
    events: (name) => eventsOf(harness, name),
    log: () => harness.getLogs().map(({ message }) => message).join("\n"),
    [Symbol.asyncDispose]: () => harness.close(),
  };
}

function eventsOf(harness: TestHarness, name: string): Record<string, unknown>[] {
  return harness.getLogs().flatMap(({ message }) => {
    try {
      const event: unknown = JSON.parse(message);
      return typeof event === "object" && event !== null && "event" in event && event.event === name
        ? [event as Record<string, unknown>]
        : [];
    } catch {
      return [];
    }
  });
}

/** Polls until `wanted` holds, and fails with what was found last. The bound is for what never comes: a busy machine is slow. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (found: T) => boolean): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await ask();
    if (wanted(found)) {
      return found;
    }
    if (Date.now() > deadline) {
      throw new Error(`expected a change within 60 s, found still ${JSON.stringify(found)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
