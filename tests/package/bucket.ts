// A bucket behind a web server, as object storage is: etags, 304, readable from other origins. What is published can be
// spoilt again, path by path.

import type { IncomingMessage } from "node:http";

import { envelopeOf, type Publication, sha256, type Signer } from "../worker/publication.ts";
import { type Answer, serve, type Server } from "./server.ts";

/** Path of the manifest. */
export const MANIFEST = "/models/ride-duration/champion.json";

/** Path of a blob with these stored bytes. */
export function blobPath(stored: Uint8Array): string {
  return `/models/ride-duration/blobs/${sha256(stored)}.curb`;
}

/** A request as the bucket saw it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
}

/** A bucket that is served. */
export interface Bucket extends AsyncDisposable {
  readonly server: Server;
  /** The manifest's URL. */
  readonly manifest: string;
  /** Every request since the last time this was emptied. */
  readonly asked: Asked[];
  /** Paths asked for, and the statuses told. */
  readonly log: () => string[];
  /** Writes a blob and then its manifest, signed by the bucket's signer unless told. */
  publish(publication: Omit<Publication, "signer"> & { readonly signer?: Signer }): void;
  /** Answers a path otherwise than with what is stored there, until told `null`. */
  spoil(path: string, answer: Answer | null): void;
}

/** Starts an empty one; `files` are served beside. */
export async function startBucket(signer: Signer, files: Readonly<Record<string, Answer>> = {}): Promise<Bucket> {
  const objects = new Map<string, Buffer>();
  const spoilt = new Map<string, Answer>();
  const asked: Asked[] = [];
  const answers: Record<string, Answer> = { ...files };
  const store = (path: string, body: Buffer): void => {
    objects.set(path, body);
    answers[path] = (response, request) => {
      response.once("close", () => asked.push({ method: request.method ?? "", path, status: response.statusCode, headers: request.headers }));
      response.setHeader("access-control-allow-origin", "*");
      const instead = spoilt.get(path);
      if (typeof instead === "function") {
        instead(response, request);
        return;
      }
      const found = objects.get(path) ?? Buffer.alloc(0);
      const etag = `"${sha256(found).slice(0, 16)}"`;
      if (instead === undefined && request.headers["if-none-match"] === etag) {
        response.writeHead(304, { etag }).end();
        return;
      }
      const lasting = path.endsWith(".curb") ? "public, max-age=31536000, immutable" : "no-cache";
      response.writeHead(instead?.status ?? 200, {
        "content-type": instead?.type ?? "application/octet-stream",
        "cache-control": lasting,
        etag,
      });
      response.end(instead === undefined ? found : (instead.body ?? ""));
    };
  };
  const server = await serve(answers);
  return {
    server,
    manifest: server.url(MANIFEST),
    asked,
    log: () => asked.map(({ path, status }) => `${status} ${path === MANIFEST ? "manifest" : "blob"}`),
    publish: (publication) => {
      store(blobPath(publication.stored), publication.stored);
      store(MANIFEST, Buffer.from(envelopeOf({ signer, ...publication })));
    },
    spoil: (path, answer) => {
      if (answer === null) spoilt.delete(path);
      else spoilt.set(path, answer);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
