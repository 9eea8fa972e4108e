// The page where no platform serves it: a few files out of the script, with the headers that www/_headers gives them.

import { files, type PageFile } from "curbside:page";

import { isHeld } from "../http/etag.ts";

interface Entry {
  readonly file: PageFile;
  readonly headers: Headers;
  readonly etag: string;
}

const ENTRIES: ReadonlyMap<string, Entry> = new Map(
  files.map((file) => {
    const headers = new Headers(file.headers.map(([name, value]): [string, string] => [name, value]));
    if (file.isPacked) {
      headers.set("vary", "accept-encoding");
    }
    return [file.path, { file, headers, etag: headers.get("etag") ?? "" }];
  }),
);

/** A file of the page, for GET and HEAD; null if there is none of this path. */
export function page(request: Request, pathname: string): Response | null {
  if (pathname === "/index.html") {
    return new Response(null, { status: 307, headers: { location: "/" } });
  }
  const entry = ENTRIES.get(pathname);
  if (entry === undefined) {
    return null;
  }
  const { file, etag } = entry;
  const headers = new Headers(entry.headers);
  if (isHeld(request.headers.get("if-none-match"), etag)) {
    headers.delete("content-type");
    return new Response(null, { status: 304, headers });
  }
  const isHead = request.method === "HEAD";
  if (file.isPacked && takesGzip(request.headers.get("accept-encoding"))) {
    headers.set("content-encoding", "gzip");
    headers.set("content-length", String(file.bytes.byteLength));
    // "manual": the bytes are coded already.
    return new Response(isHead ? null : file.bytes, { headers, encodeBody: "manual" });
  }
  headers.set("content-length", String(file.length));
  if (isHead || !file.isPacked) {
    return new Response(isHead ? null : file.bytes, { headers });
  }
  return new Response(unpacked(file), { headers });
}

function unpacked({ bytes, length }: PageFile): ReadableStream {
  const stream = new Response(bytes).body?.pipeThrough(new DecompressionStream("gzip"));
  // With its length told, it is not sent in chunks.
  return stream?.pipeThrough(new FixedLengthStream(length)) ?? new ReadableStream();
}

/** RFC 9110, section 12.5.3, as far as clients use it: gzip or anything, not ruled out by a weight of 0. */
function takesGzip(accepted: string | null): boolean {
  return (accepted ?? "").split(",").some((part) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$)[\d.]+\s*)?$/i.test(part));
}
