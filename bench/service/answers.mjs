// What Curbside says of the rides in Node, minutes, a line each: the server must say the same to the last bit.
//
//     node answers.mjs BUNDLE RIDES.jsonl PICKUP

import { readFile } from "node:fs/promises";

import { loadEstimator } from "../../pkg/node.js";

const [bundle, rides, pickup_datetime] = process.argv.slice(2);
const estimator = await loadEstimator({ bytes: await readFile(bundle) });
for (const line of (await readFile(rides, "utf8")).trimEnd().split("\n")) {
  console.log(estimator.estimate({ ...JSON.parse(line), pickup_datetime }).duration);
}
