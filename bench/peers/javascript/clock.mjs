// Time as the comparison takes it: CPU time of the process for loops, the wall's for single calls with cold caches.

import { performance } from "node:perf_hooks";

/** Nanoseconds a turn of `run`, by CPU time: as many turns as last for about `milliseconds`. */
export async function loopCost(milliseconds, run, isAsync = false) {
  const loop = isAsync ? loopAsync : loopSync;
  for (let turns = 1; ; turns *= 2) {
    const began = process.cpuUsage();
    await loop(turns, run);
    const { user, system } = process.cpuUsage(began);
    if (user + system >= milliseconds * 500) return ((user + system) * 1000) / turns;
  }
}

// Apart from each other, because awaiting what is no promise costs more than the fastest engines.
let sink = 0;
function loopSync(turns, run) {
  for (let turn = 0; turn < turns; turn += 1) sink = run();
}
async function loopAsync(turns, run) {
  for (let turn = 0; turn < turns; turn += 1) sink = await run();
}

/** Wall nanoseconds of single calls, each after `size` bytes went through the caches, less what the clock itself takes then. */
export async function coldCosts(samples, size, run) {
  const buffer = new Float64Array(size / 8);
  const sample = async (call) => {
    evict(buffer);
    const began = performance.now();
    sink = call();
    if (typeof sink === "object") sink = await sink;
    return (performance.now() - began) * 1e6;
  };
  const empty = [];
  for (let index = 0; index < Math.min(samples, 15); index += 1) empty.push(await sample(() => 0));
  const overhead = empty.toSorted((a, b) => a - b)[empty.length >> 1];
  const costs = [];
  for (let index = 0; index < samples; index += 1) costs.push(Math.max(0, (await sample(run)) - overhead));
  return costs;
}

/** Reads and writes a word of every line of the cache. */
function evict(buffer) {
  for (let line = 0; line < buffer.length; line += 8) buffer[line] += 1;
}
