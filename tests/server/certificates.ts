// Certificates for servers on loopback, made by OpenSSL: an authority of the test's own and what it signs.

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A PEM file. */
export interface Pem {
  readonly path: string;
  readonly pem: string;
}

/** A server's certificate. */
export interface Certified {
  readonly certificate: Pem;
  readonly key: Pem;
  /** Who signed it. */
  readonly authority: Pem;
}

/** Has an authority of this name sign a certificate for these names, such as `IP:127.0.0.1` or `DNS:localhost`. */
export async function certify(folder: string, name: string, names: readonly string[]): Promise<Certified> {
  const path = (part: string): string => join(folder, `${name}.${part}.pem`);
  const openssl = async (...args: string[]): Promise<void> => {
    await run("openssl", args).catch((thrown: unknown) => {
      throw new Error(`openssl ${args[0]} failed (Debian: apt-get install openssl): ${String(thrown)}`);
    });
  };
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  await openssl("req", "-x509", ...ec, "-subj", `/CN=authority of ${name}`, "-days", "2", "-keyout", path("authority-key"), "-out", path("authority"));
  await openssl("req", ...ec, "-subj", `/CN=${name}`, "-keyout", path("key"), "-out", path("request"));
  const extensions = path("extensions");
  await writeFile(extensions, `subjectAltName=${names.join(",")}\nbasicConstraints=CA:FALSE\n`);
  const by = ["-CA", path("authority"), "-CAkey", path("authority-key"), "-CAcreateserial"];
  await openssl("x509", "-req", "-in", path("request"), ...by, "-days", "2", "-extfile", extensions, "-out", path("certificate"));
  const read = async (part: string): Promise<Pem> => ({ path: path(part), pem: await readFile(path(part), "utf8") });
  return { certificate: await read("certificate"), key: await read("key"), authority: await read("authority") };
}
