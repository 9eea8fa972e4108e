// The server's tree once more, with something in it that is out to break it: a script before the Worker's, or a module that may have
// little memory. Everything else is the product, byte by byte.

import { cp, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { TREE } from "./server.ts";

/** What differs from the product. */
export interface Sabotage {
  /** A script that runs before the Worker's, and a path of its own where it is asked. */
  readonly hooks?: string;
  /** The most pages of 64 KiB that the module may have. */
  readonly pages?: number;
}

/** A tree in a folder of its own. */
export interface TestTree extends AsyncDisposable {
  readonly program: string;
}

/** The path at which a script that was put before the Worker's is asked. */
export const HOOK_PATH = "/hook";

/** Asks the script before handing everything else to the Worker, whose other entry points stay as they are. */
const MAIN = `import { ask } from "./hooks.js";
import worker from "./worker.js";
export * from "./worker.js";
export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    return pathname === "${HOOK_PATH}" ? Response.json(ask(searchParams)) : worker.fetch(request, env, context);
  },
};
`;

/** Copies the tree and changes it. */
export async function makeTree(sabotage: Sabotage): Promise<TestTree> {
  const folder = await mkdtemp(join(tmpdir(), "curbside-hostile-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    return { program: await fill(folder, sabotage), [Symbol.asyncDispose]: remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

/** Fills the folder; returns the program in it. */
async function fill(folder: string, { hooks, pages }: Sabotage): Promise<string> {
  const share = join(folder, "share/curbside");
  const program = join(folder, "bin/curbside-server");
  await mkdir(join(folder, "bin"));
  await copyFile(join(TREE, "bin/curbside-server"), program);
  await symlink(join(TREE, "bin/workerd"), join(folder, "bin/workerd"));
  await cp(join(TREE, "share/curbside"), share, { recursive: true });
  if (hooks !== undefined) {
    await writeFile(join(share, "hooks.js"), hooks);
    await writeFile(join(share, "main.js"), MAIN);
    const list = await readFile(join(share, "worker.capnp"), "utf8");
    const first = '(name = "worker.js"';
    const before = ["main.js", "hooks.js"].map((name) => `(name = "${name}", esModule = embed "${name}"),\n  `).join("");
    await writeFile(join(share, "worker.capnp"), list.replace(first, `${before}${first}`));
  }
  if (pages !== undefined) {
    const module = join(share, "curbside_bg.wasm");
    await writeFile(module, withMaximum(await readFile(module), pages));
  }
  return program;
}

/** Number of the section that says how much memory a module has (WebAssembly's binary format, section 5.5.8). */
const MEMORY_SECTION = 5;

/** The same module, which may have no more than so many pages. */
function withMaximum(module: Buffer, pages: number): Buffer {
  // Behind the magic number and the version.
  let place = 8;
  while (place < module.length) {
    const begin = place;
    const kind = module[place];
    const size = unsigned(module, place + 1);
    const end = size.end + size.value;
    if (kind === MEMORY_SECTION) {
      // How many memories, which limits follow, and the least.
      const least = unsigned(module, size.end + 2);
      const content = [1, 1, ...leb(least.value), ...leb(pages)];
      return Buffer.concat([module.subarray(0, begin), Buffer.from([MEMORY_SECTION, ...leb(content.length), ...content]), module.subarray(end)]);
    }
    place = end;
  }
  throw new Error("expected a module with a memory of its own, found none");
}

/** A number in LEB128, and where it ends. */
function unsigned(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let place = start, shift = 0; ; place += 1, shift += 7) {
    const byte = bytes[place] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      return { value, end: place + 1 };
    }
  }
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 0x80))];
}
