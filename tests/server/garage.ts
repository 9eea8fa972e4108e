// Garage, a store that speaks S3, as a cluster of one on loopback: the one that `cargo xtask` installs into target/tools.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { ask, until } from "./server.ts";

/** A store that runs. */
export interface Garage extends AsyncDisposable {
  /** Variables by which tests/worker/store.ts finds it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts it; null where it is not installed. */
export async function startGarage(folder: string): Promise<Garage | null> {
  if (spawnSync("garage", ["--version"]).error !== undefined) {
    return null;
  }
  await mkdir(folder, { recursive: true });
  const [s3, rpc] = [await freePort(), await freePort()];
  const configuration = join(folder, "garage.toml");
  await writeFile(
    configuration,
    [
      `metadata_dir = ${JSON.stringify(join(folder, "meta"))}`,
      `data_dir = ${JSON.stringify(join(folder, "data"))}`,
      'db_engine = "sqlite"',
      "replication_factor = 1",
      `rpc_bind_addr = "127.0.0.1:${rpc}"`,
      `rpc_public_addr = "127.0.0.1:${rpc}"`,
      "[s3_api]",
      `api_bind_addr = "127.0.0.1:${s3}"`,
      's3_region = "garage"',
    ].join("\n"),
  );
  const key = `GK${randomBytes(12).toString("hex")}`;
  const secret = randomBytes(32).toString("hex");
  const child = spawn("garage", ["-c", configuration, "server", "--single-node", "--default-bucket"], {
    env: {
      ...process.env,
      GARAGE_RPC_SECRET: randomBytes(32).toString("hex"),
      GARAGE_DEFAULT_ACCESS_KEY: key,
      GARAGE_DEFAULT_SECRET_KEY: secret,
      GARAGE_DEFAULT_BUCKET: "curbside-weights",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const endpoint = `http://127.0.0.1:${s3}`;
  // Whoever asks without a signature is refused: it is there.
  await until(() => ask(endpoint).then(({ status }) => status === 403, () => false), () => `Garage at ${endpoint}:\n${said}`);
  return {
    environment: {
      CURBSIDE_TEST_S3_ENDPOINT: endpoint,
      CURBSIDE_TEST_S3_BUCKET: "curbside-weights",
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_REGION: "garage",
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
