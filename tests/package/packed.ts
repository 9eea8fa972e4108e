// The package as a user gets it: packed, and installed from the tarball into a project of its own, off the network.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The package's folder in the repository. */
const SOURCE = new URL("../../pkg/", import.meta.url);

/** A file of the tarball. */
export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

/** A project that has the package installed. */
export interface Installed extends AsyncDisposable {
  /** The project's folder. */
  readonly folder: string;
  /** What the tarball holds. */
  readonly files: readonly PackedFile[];
  /** Bytes of the tarball. */
  readonly tarballBytes: number;
  /** The package as Node gives it to the project's own modules. */
  readonly curbside: typeof import("curbside");
  /** URL of a file inside the installed package. */
  url(path: string): URL;
  /** Writes a file of the project. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Runs one of the project's modules in the Node that runs this test, and returns what it printed. */
  node(...args: readonly string[]): Promise<string>;
}

/** Packs and installs. */
export async function install(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "curbside-package-"));
  const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const packed = await run("npm", ["pack", "--json", `--pack-destination=${folder}`, ...quiet], { cwd: SOURCE });
  const [tarball] = entriesOf(JSON.parse(packed.stdout));
  if (tarball === undefined) {
    throw new Error(`expected npm pack to tell of one tarball, found ${packed.stdout}`);
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  await run("npm", ["install", `./${tarball.filename}`, ...quiet], { cwd: folder });
  const url = (path: string): URL => pathToFileURL(join(folder, "node_modules/curbside", path));
  return {
    folder,
    files: tarball.files,
    tarballBytes: tarball.size,
    curbside: (await import(url("node.js").href)) as typeof import("curbside"),
    url,
    write: (path, content) => writeFile(join(folder, path), content),
    node: async (...args) => (await run(process.execPath, [...args], { cwd: folder })).stdout,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

interface Tarball {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly PackedFile[];
}

/** npm prints a list of tarballs; newer ones an object with one key a package. */
function entriesOf(printed: readonly Tarball[] | Readonly<Record<string, Tarball>>): readonly Tarball[] {
  return Object.values(printed);
}

/** The shipped bundle as it is stored, or the one that `CURBSIDE_BUNDLE` names. */
export function storedBundle(): Promise<Buffer> {
  return readFile(process.env["CURBSIDE_BUNDLE"] ?? new URL("../../models/green-tripdata-duration.curb", import.meta.url));
}

/** The bits of an estimate and of its interval's ends, which are NaN where there is none. */
export function bitsOfAnswer(answer: { duration: number; duration_low?: number | null; duration_high?: number | null }): string {
  return [answer.duration, answer.duration_low, answer.duration_high].map((number) => bitsOf(number ?? NaN)).join(" ");
}

/** The 16 hexadecimal digits of a double. */
export function bitsOf(value: number): string {
  return new DataView(new Float64Array([value]).buffer).getBigUint64(0, true).toString(16).padStart(16, "0");
}
