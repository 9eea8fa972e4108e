// The image under test, as buildah tells of it, and a look at its files.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { lstat, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A setting of the step `image`; these tests mean nothing without it. */
export function setting(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run these tests by \`cargo xtask test image\``);
  return value;
}

/** What buildah prints, with chroot as the only isolation. */
export async function buildah(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, BUILDAH_ISOLATION: "chroot" };
  return (await run("buildah", args, { env, maxBuffer: 64 << 20 })).stdout.trim();
}

/** What engines read of the image. */
export interface Config {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[] | null;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly Labels: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
}

/** The image's configuration, and the time that it says it is of. */
export async function configuration(): Promise<{ readonly config: Config; readonly created: string }> {
  const told = JSON.parse(await buildah("inspect", "--type", "image", setting("CURBSIDE_IMAGE"))) as {
    readonly Docker: { readonly created: string; readonly config: Config };
  };
  return told.Docker;
}

/** A container of the image whose files are to be looked at; gone when disposed of. */
export async function mounted(): Promise<AsyncDisposable & { readonly name: string; readonly root: string }> {
  const name = await buildah("from", setting("CURBSIDE_IMAGE"));
  const root = await buildah("mount", name);
  return {
    name,
    root,
    async [Symbol.asyncDispose]() {
      await buildah("umount", name);
      await buildah("rm", name);
    },
  };
}

/** One entry of the image's file system. */
export interface Entry {
  readonly path: string;
  readonly kind: "file" | "folder" | "link" | "other";
  readonly mode: number;
  readonly owner: string;
  readonly bytes: number;
  readonly changed: Date;
}

/** Everything below a folder, with paths from it. */
export async function entries(root: string): Promise<Entry[]> {
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  return Promise.all(
    names.map(async (found) => {
      const path = join(found.parentPath, found.name);
      const stat = await lstat(path);
      const kind = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "link" : "other";
      return { path: relative(root, path), kind, mode: stat.mode & 0o7777, owner: `${stat.uid}:${stat.gid}`, bytes: stat.size, changed: stat.mtime };
    }),
  );
}
