// Scores rows with one engine on request and says what that cost: ../README.md has the words.
//
//   node host.mjs serve ENGINE MODEL     one request a line, one answer a line
//   node host.mjs start ENGINE MODEL     one cold start, from the bytes in memory to the first estimate: milliseconds on the wall,
//                                        and of CPU time of all threads
//   node host.mjs files ENGINE MODEL     what travels: `module`, `glue` and `weights`, or `packed` for weights that are, each with a path
//
// One engine a process, so that no engine's calls make another's slower.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";

import { coldCosts, loopCost } from "./clock.mjs";
import { largestDifference, readNumbers } from "./matrix.mjs";

const [mode, name, folder] = process.argv.slice(2);
let engine;
let files;

try {
  engine = await import(`./engines/${name}.mjs`);
  files = engine.files(folder);
  // Whoever made the models says why a file is not there.
  const reason = await readFile(`${files.weights}.failed`, "utf8").catch(() => null);
  if (reason !== null) throw new Error(reason);
  if (mode === "start") await start();
  else if (mode === "files") tell(files);
  else await serve();
} catch (error) {
  console.log(`error ${oneLine(error)}`);
}

async function bytes() {
  const read = (path) => (path ? readFile(path) : null);
  const [module, weights] = await Promise.all([read(files.module), read(files.weights)]);
  return { module, weights };
}

/** What the model's rows are called, and which are categories. */
async function shape() {
  const words = async (file) => (await readFile(join(folder, file), "utf8")).split("\n").filter(Boolean);
  return { columns: await words("columns.txt"), categories: await words("categories.txt") };
}

function tell({ module, glue, weights, isPacked }) {
  const all = [["module", module], ...glue.map((path) => ["glue", path]), [isPacked ? "packed" : "weights", weights]];
  for (const [kind, path] of all) if (path) console.log(`${kind} ${path}`);
}

async function start() {
  const [read, { columns, categories }] = [await bytes(), await shape()];
  const row = (await readNumbers(join(folder, "rows.f64"))).subarray(0, columns.length);
  const [began, used] = [performance.now(), process.cpuUsage()];
  const model = await engine.open(read, { columns, categories });
  const estimate = await model.one(model.rows(row)[0]);
  const [took, { user, system }] = [performance.now() - began, process.cpuUsage(used)];
  if (typeof estimate !== "number") throw new Error(`expected a number, found ${estimate}`);
  console.log(`ready ${took} ${(user + system) / 1e3}`);
}

async function serve() {
  const { columns, categories } = await shape();
  const matrix = await readNumbers(join(folder, "rows.f64"));
  const expected = await readNumbers(engine.expected?.(folder) ?? join(folder, "expected.f64"));
  const model = await engine.open(await bytes(), { columns, categories });
  await model.prepare?.();
  const [rows, batch] = [model.rows(matrix), model.batch(matrix)];
  let turn = 0;
  // No two calls in a row take the same way through the trees.
  const next = () => model.one(rows[(turn = (turn + 1) % rows.length)]);
  const answers = {
    difference: async () => [
      Math.max(largestDifference(await oneByOne(model, rows), expected), largestDifference(await model.many(batch), expected)),
    ],
    warm: async (milliseconds) => [await loopCost(milliseconds, next, model.isAsync)],
    batch: async (milliseconds) => [(await loopCost(milliseconds, () => model.many(batch), model.isAsync)) / rows.length],
    cold: (samples, size) => coldCosts(samples, size, next),
    explain: async (milliseconds) => [await loopCost(milliseconds, model.explain(matrix))],
  };
  console.log(`ready ${model.about ?? ""}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, ...numbers] = line.split(" ");
    try {
      if (!(word in answers)) throw new Error(`expected one of ${Object.keys(answers).join(", ")}, found ${line}`);
      console.log((await answers[word](...numbers.map(Number))).join(" "));
    } catch (error) {
      console.log(`error ${oneLine(error)}`);
    }
  }
  // Some engines leave something behind that keeps the process alive.
  process.exit(0);
}

async function oneByOne(model, rows) {
  const found = [];
  for (const row of rows) found.push(await model.one(row));
  return found;
}

function oneLine(error) {
  return String(error?.message ?? error).replaceAll(/\s+/g, " ").slice(0, 300);
}
