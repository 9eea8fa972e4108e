// A Worker of the project that has the package installed, in real workerd, bundled by wrangler as its users do.

import "../worker/harness.ts"; // keeps wrangler quiet and off the network

import type { Installed } from "./packed.ts";

/** A Worker that runs. */
export interface RunningWorker extends AsyncDisposable {
  /** Sends it a value as JSON, and returns the JSON that it answers. */
  ask(value: unknown): Promise<unknown>;
}

/** Starts a Worker whose module is `source`, in TypeScript, on a free port of loopback. */
export async function startInWorkerd(installed: Installed, source: string): Promise<RunningWorker> {
  await installed.write("worker.ts", source);
  await installed.write("wrangler.json", JSON.stringify({ name: "consumer", main: "worker.ts", compatibility_date: "2026-10-23" }));
  const { createTestHarness } = await import("wrangler");
  const harness = createTestHarness({ root: installed.folder, workers: [{ configPath: "wrangler.json" }] });
  const { url } = await harness.listen();
  return {
    ask: async (value) => {
      const response = await fetch(url, { method: "POST", body: JSON.stringify(value) });
      const text = await response.text();
      if (response.status !== 200) {
        throw new Error(`expected the Worker to answer 200, found ${response.status}: ${text}`);
      }
      return JSON.parse(text) as unknown;
    },
    [Symbol.asyncDispose]: () => harness.close(),
  };
}
