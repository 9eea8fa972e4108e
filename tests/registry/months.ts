// Months to train on: real ones where this machine has them, else the simulated city, which is said loudly.

import { join } from "node:path";

import { type Desk, succeed } from "./command.ts";

/** Two months, one after the other, and what `train` must be told beside them. */
export interface Months {
  readonly files: readonly [string, string];
  readonly isReal: boolean;
  /** Where zones are. */
  readonly zones: readonly string[];
}

const MONTHS = ["2021-01", "2021-02"] as const;
/** Enough for every column to mean something, and trained in seconds. */
const SIMULATED_RIDES = "20000";

/** Finds the months, or makes them on the desk. */
export async function findMonths(desk: Desk): Promise<Months> {
  const data = process.env["CURBSIDE_DATA"] ?? "";
  const named = (folder: string): [string, string] => [join(folder, `green_tripdata_${MONTHS[0]}.parquet`), join(folder, `green_tripdata_${MONTHS[1]}.parquet`)];
  if (data !== "") {
    return { files: named(data), isReal: true, zones: [] };
  }
  console.log("!!! NOTE: no real trip records here (CURBSIDE_DATA); the chain runs on months of the simulated city instead.");
  const files = named(desk.folder);
  for (const [place, file] of files.entries()) {
    await succeed(desk, ["simulate", "--month", MONTHS[place] ?? "", "--rides", SIMULATED_RIDES, "--seed", String(place + 1), "--out", file]);
  }
  return { files, isReal: false, zones: ["--zones", "grid"] };
}

/** Trains the reference's baseline, which takes a second; its version tells it from others of the same month. */
export async function trainLinear(desk: Desk, months: Months, version: string): Promise<string> {
  const out = join(desk.folder, `${version}.curb`);
  await succeed(desk, ["train", "--from", months.files[0], "--model", "linear", "--version", version, "--out", out, ...months.zones]);
  return out;
}
