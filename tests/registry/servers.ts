// The real servers: MLflow and Garage, which `cargo xtask test registry` starts, and a Garage of a test's own that may be killed.

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { AwsV4Signer } from "aws4fetch";

import type { S3Bucket } from "../../worker/weights/s3.ts";

/** A bucket of which everything is known. */
export type Place = S3Bucket & { readonly region: string };

/** A variable that the test step sets. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set: these tests need real servers, start them by \`cargo xtask test registry\``);
  }
  return value;
}

/** A corner of the shared Garage's bucket that nobody else writes to, this test of an earlier time neither. */
export function sharedPlace(name: string): Place {
  return {
    endpoint: setting("CURBSIDE_TEST_S3_ENDPOINT"),
    bucket: setting("CURBSIDE_TEST_S3_BUCKET"),
    prefix: `${name}-${randomBytes(4).toString("hex")}/`,
    region: setting("AWS_REGION"),
    accessKeyId: setting("AWS_ACCESS_KEY_ID"),
    secretAccessKey: setting("AWS_SECRET_ACCESS_KEY"),
  };
}

/** The place as the command line takes it. */
export function addressOf({ bucket, prefix }: Place): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, "");
}

/** A signed request to a store; `key` is below the place's prefix. */
export async function ask(place: Place, method: string, key: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> {
  const { endpoint, bucket, prefix, ...credentials } = place;
  const signer = new AwsV4Signer({ method, url: `${endpoint}/${bucket}/${prefix}${key}`, ...(body === undefined ? {} : { body }), service: "s3", ...credentials });
  const { url, headers } = await signer.sign();
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** What a store holds under a key. */
export async function read(place: Place, key: string): Promise<Buffer> {
  const response = await ask(place, "GET", key);
  if (response.status !== 200) {
    throw new Error(`expected ${key} in the store, found ${response.status} ${await response.text()}`);
  }
  return Buffer.from(await response.arrayBuffer());
}

/** Puts an object there. */
export async function write(place: Place, key: string, bytes: string | Uint8Array): Promise<void> {
  const response = await ask(place, "PUT", key, new Uint8Array(typeof bytes === "string" ? Buffer.from(bytes) : bytes));
  if (response.status !== 200) {
    throw new Error(`expected the store to take ${key}, found ${response.status} ${await response.text()}`);
  }
}

/** The keys below the place's prefix and this one, without the former; the first thousand. */
export async function list(place: Place, below = ""): Promise<string[]> {
  const { endpoint, bucket, prefix, ...credentials } = place;
  const query = new URLSearchParams({ "list-type": "2", prefix: `${prefix}${below}` });
  const signer = new AwsV4Signer({ method: "GET", url: `${endpoint}/${bucket}?${query}`, service: "s3", ...credentials });
  const { url, headers } = await signer.sign();
  const response = await fetch(url, { headers });
  const text = await response.text();
  if (response.status !== 200) {
    throw new Error(`expected a list of ${bucket}, found ${response.status} ${text}`);
  }
  return [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = ""]) => key.slice(prefix.length));
}

/** The store as publishers write to it in tests of the Worker. */
export function bucketOf(place: Place): { put(key: string, value: string | ArrayBuffer): Promise<void> } {
  return { put: (key, value) => write(place, key, typeof value === "string" ? value : new Uint8Array(value)) };
}

/** A Garage of a test's own, with nothing in it. */
export interface OwnStore extends AsyncDisposable {
  readonly place: Place;
  /** As by a failing machine: SIGKILL, in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Starts it again, with what it had stored. */
  start(): Promise<void>;
}

/** Starts a Garage on a free port. */
export async function startStore(): Promise<OwnStore> {
  const home = await mkdtemp(join(tmpdir(), "curbside-store-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(setting("CURBSIDE_TEST_XTASK"), ["registry", "--only", "s3", "--s3-port", String(port), "--home", home], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    await untilSays(child, /Ctrl-C stops it/);
  };
  const kill = async (): Promise<void> => {
    // Garage leads a group of its own, below the driver that started it.
    const garage = Number((await readFile(join(home, "garage.pid"), "utf8")).trim());
    process.kill(garage, "SIGKILL");
    // The driver sees that its server has died, and ends with a failure.
    const code = await endOf(child);
    if (code === 0) {
      throw new Error("expected the driver to fail when its server dies, found success");
    }
  };
  await start();
  const environment = await readFile(join(home, "env"), "utf8");
  const variable = (name: string): string => new RegExp(`^export ${name}=(.*)$`, "m").exec(environment)?.[1] ?? "";
  return {
    place: {
      endpoint: `http://127.0.0.1:${port}`,
      bucket: "curbside-weights",
      prefix: "",
      region: variable("AWS_REGION"),
      accessKeyId: variable("AWS_ACCESS_KEY_ID"),
      secretAccessKey: variable("AWS_SECRET_ACCESS_KEY"),
    },
    kill,
    start,
    async [Symbol.asyncDispose]() {
      if (child?.exitCode === null) {
        child.kill("SIGTERM");
        await endOf(child);
      }
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Waits until a process has printed something; fails when it ends instead. */
export async function untilSays(child: ChildProcess, wanted: RegExp, seconds = 60): Promise<string> {
  let said = "";
  const hear = (chunk: Buffer): void => void (said += chunk.toString());
  child.stdout?.on("data", hear);
  child.stderr?.on("data", hear);
  const deadline = Date.now() + seconds * 1000;
  while (!wanted.test(said)) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      throw new Error(`expected ${wanted} within ${seconds} s, found ${child.exitCode ?? child.signalCode ?? "neither that nor an end"}:\n${said}`);
    }
    await pause(25);
  }
  return said;
}

async function endOf(child: ChildProcess | undefined): Promise<number | null> {
  while (child?.exitCode === null && child.signalCode === null) {
    await pause(25);
  }
  return child?.exitCode ?? null;
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
