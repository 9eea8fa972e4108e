// What a body says of itself: content types, charsets, codings.

import { gzipSync } from "node:zlib";

import { PLAIN } from "../../worker/ride.ts";
import { ESTIMATE, type Hostile, MALFORMED, ours, row } from "../hostile.ts";
import { bytes, type Piece, request, times } from "../request.ts";

const typed = (type: string, status: "read" | "refused"): Hostile =>
  row(
    `content type ${JSON.stringify(type.slice(0, 60))}`,
    request("POST", "/predict", PLAIN, `Content-Type: ${type}`),
    status === "read" ? ESTIMATE : ours(415, "CONTENT_TYPE"),
  );
const coded = (coding: string, body: Piece): Hostile =>
  row(`content coding ${JSON.stringify(coding.slice(0, 60))}`, request("POST", "/predict", body, `Content-Encoding: ${coding}`), ours(415, "CONTENT_ENCODING"));

export const MEDIA: readonly Hostile[] = [
  typed("text/plain", "refused"),
  typed("text/json", "refused"),
  typed("text/html", "refused"),
  typed("application/xml", "refused"),
  typed("application/jsonp", "refused"),
  typed("application/json-seq", "refused"),
  typed("application/octet-stream", "refused"),
  typed("multipart/form-data; boundary=x", "refused"),
  typed("application/grpc", "refused"),
  typed("json", "refused"),
  typed("/", "refused"),
  typed("*/*", "refused"),
  typed("application/json, text/plain", "refused"),
  typed("application/ json", "refused"),
  typed(`application/${times(8000, "x")}`, "refused"),
  typed("<script>alert(1)</script>", "refused"),
  typed("application/json; charset=utf-8", "read"),
  typed('APPLICATION/JSON; CHARSET="UTF-8"', "read"),
  typed(";charset=utf-8", "read"),
  typed("application/problem+json", "read"),
  row("no content type at all", request("POST", "/predict", PLAIN), ESTIMATE),
  row("two content types", request("POST", "/predict", PLAIN, "Content-Type: application/json", "Content-Type: text/plain"), ours(415, "CONTENT_TYPE")),
  row("a form that is a form", request("POST", "/predict", "PULocationID=130", "Content-Type: application/x-www-form-urlencoded"), MALFORMED),
  row("JSON that says UTF-16 and is", request("POST", "/predict", Buffer.from(PLAIN, "utf16le"), "Content-Type: application/json; charset=utf-16"), MALFORMED),
  coded("gzip", gzipSync(PLAIN)),
  coded("GZIP", gzipSync(PLAIN)),
  coded("x-gzip", gzipSync(PLAIN)),
  coded("br", PLAIN),
  coded("deflate", PLAIN),
  coded("zstd", PLAIN),
  coded("gzip, identity", PLAIN),
  coded("identity, gzip", PLAIN),
  coded("unheard-of", PLAIN),
  coded(times(5000, "gzip,"), PLAIN),
  // Ten megabytes of blanks in ten kilobytes: nothing may inflate it.
  row("content coding gzip of ten megabytes", request("POST", "/predict", gzipSync(bytes(times(10 * 1024 * 1024, " "))), "Content-Encoding: gzip"), ours(415, "CONTENT_ENCODING")),
  row("content coding identity", request("POST", "/predict", PLAIN, "Content-Encoding: identity"), ESTIMATE),
  row("content coding Identity, twice", request("POST", "/predict", PLAIN, "Content-Encoding: Identity", "Content-Encoding: br"), ours(415, "CONTENT_ENCODING")),
];
