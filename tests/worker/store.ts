// A real store that speaks S3, where the environment names one: `cargo xtask registry` writes the variables, and its test step sets them.

import { randomBytes } from "node:crypto";

import { AwsV4Signer } from "aws4fetch";

import type { S3Bucket } from "../../worker/weights/s3.ts";

/** Said by every test that needs the store and has none. */
export const NO_STORE = "SKIPPED: no S3 store; CURBSIDE_TEST_S3_ENDPOINT, CURBSIDE_TEST_S3_BUCKET and AWS_* name one, as `cargo xtask registry` does";

/** A corner of the store's bucket that is this test's own, emptied at its end. */
export interface TestStore extends AsyncDisposable {
  readonly place: S3Bucket & { readonly region: string };
  put(key: string, body: string | ArrayBuffer): Promise<void>;
  delete(key: string): Promise<void>;
}

/** The store; null where there is none. */
export function testStore(): TestStore | null {
  const env = process.env;
  const endpoint = env["CURBSIDE_TEST_S3_ENDPOINT"];
  const [accessKeyId, secretAccessKey] = [env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]];
  if (endpoint === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    return null;
  }
  const place = {
    endpoint: endpoint.replace(/\/+$/, ""),
    bucket: env["CURBSIDE_TEST_S3_BUCKET"] ?? "curbside-weights",
    prefix: `worker-test-${randomBytes(6).toString("hex")}/`,
    region: env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? "us-east-1",
    accessKeyId,
    secretAccessKey,
  };
  const written = new Set<string>();
  const send = async (method: string, key: string, body?: Uint8Array): Promise<void> => {
    const { endpoint: host, bucket, prefix, ...credentials } = place;
    const url = `${host}/${bucket}/${prefix}${key}`;
    const content = body === undefined ? {} : { body: new Uint8Array(body) };
    const signer = new AwsV4Signer({ method, url, ...content, service: "s3", ...credentials });
    const signed = await signer.sign();
    const response = await fetch(signed.url, { method, headers: signed.headers, body: signed.body ?? null });
    if (!response.ok && response.status !== 404) {
      throw new Error(`the store: expected to ${method} ${key}, found ${response.status} ${await response.text()}`);
    }
  };
  return {
    place,
    async put(key, body) {
      written.add(key);
      await send("PUT", key, typeof body === "string" ? Buffer.from(body) : new Uint8Array(body));
    },
    delete: (key) => send("DELETE", key),
    async [Symbol.asyncDispose]() {
      for (const key of written) {
        await send("DELETE", key);
      }
    },
  };
}

/** Throws if any of the store's secrets, or what could be made of them, is in a text that others see. */
export function requireNoSecret(text: string, { accessKeyId, secretAccessKey }: S3Bucket): void {
  for (const [name, secret] of [["secret", secretAccessKey], ["key id", accessKeyId], ["signature", "AWS4-HMAC"]] as const) {
    if (text.includes(secret)) {
      throw new Error(`expected no ${name} of the store in what others see, found it in a text of ${text.length} characters`);
    }
  }
}
