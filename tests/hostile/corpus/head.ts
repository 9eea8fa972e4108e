// Header lines: floods, folds, bad names and bad bytes; and headers that ask for something else than an answer.

import { PLAIN } from "../../worker/ride.ts";
import { ESTIMATE, type Hostile, MALFORMED, plain, row, runtime } from "../hostile.ts";
import { ask, bare, bytes, PLAIN_LENGTH, type Piece, post, times } from "../request.ts";

const CLOSES = { mustClose: true } as const;
/** The runtime answers and closes while bytes are still on their way, and the reset of that may overtake the answer. */
const FLOOD = { mustClose: true, mayBeCut: true } as const;

/** POST of the ride with one line, in exactly these bytes. */
const line = (piece: Piece): Buffer => bytes(`POST /predict HTTP/1.1\r\nHost: curbside.test\r\n${PLAIN_LENGTH}\r\n`, piece, "\r\n", PLAIN);
const refused = (name: string, piece: Piece): Hostile => row(`header: ${name}`, line(piece), runtime(400), CLOSES);
const answered = (name: string, ...headers: readonly string[]): Hostile => row(`header: ${name}`, post("/predict", PLAIN, ...headers), ESTIMATE);

export const HEADS: readonly Hostile[] = [
  refused("folded", "X-Folded: one\r\n two\r\n"),
  refused("folded by a tab", "X-Folded: one\r\n\ttwo\r\n"),
  refused("a NUL", "X-Nul: a\u0000b\r\n"),
  refused("a lone carriage return", "X-Return: a\rb\r\n"),
  refused("a blank in the name", "X Name: a\r\n"),
  refused("no name", ": a\r\n"),
  refused("no colon", "Nothing\r\n"),
  refused("a name in UTF-8", "\u00dcber: a\r\n"),
  refused("a name in quotes", '"Name": a\r\n'),
  refused("a name with a bracket", "X[]: a\r\n"),
  refused("a blank before the colon", "X-Blank : a\r\n"),
  refused("a NUL in the name", "X-\u0000: a\r\n"),
  refused("a request line where a header should be", "GET /config.json HTTP/1.1\r\n"),
  row("header: a blank before the first", bytes("POST /predict HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n"), runtime(400), CLOSES),
  row("header: one of a million bytes", line(`X-Long: ${times(1_000_000, "l")}\r\n`), runtime(431), FLOOD),
  row("header: 10,000 of 100 bytes", line(Array.from({ length: 10_000 }, (_, at) => `X-${at}: ${times(90, "f")}\r\n`).join("")), runtime(431), FLOOD),

  row("header: bytes beyond ASCII", line(bytes("X-High: ", [0xff, 0xfe, 0x80], "\r\n")), ESTIMATE),
  row("header: a control sign", line("X-Bell: \u0007\r\n"), ESTIMATE),
  row("header: line's ends of one sign", bytes(`POST /predict HTTP/1.1\nHost: curbside.test\n${PLAIN_LENGTH}\n\n`, PLAIN), ESTIMATE),
  row("header: one of 100,000 bytes", line(`X-Long: ${times(100_000, "l")}\r\n`), ESTIMATE),
  row("header: 5,000 short ones", line(Array.from({ length: 5000 }, (_, at) => `X-${at}: f\r\n`).join("")), ESTIMATE),
  row("header: one name 5,000 times", line(times(5000, "X-Same: f\r\n")), ESTIMATE),
  row("header: a name of 30,000 letters", line(`${times(30_000, "N")}: f\r\n`), ESTIMATE),
  row("header: empty", line("X-Empty:\r\n"), ESTIMATE),

  answered("cookies", `Cookie: ${times(500, "a=b; ")}`),
  answered("Range of a reply", "Range: bytes=0-1"),
  answered("Range of 5,000 parts", `Range: bytes=${times(5000, "0-1,")}0-1`),
  answered("If-None-Match", 'If-None-Match: "a", *'),
  answered("If-Match that cannot be", 'If-Match: "nobody"'),
  answered("Accept that cannot be met", "Accept: image/png;q=1, */*;q=0"),
  answered("Accept-Encoding that cannot be met", "Accept-Encoding: identity;q=0, *;q=0"),
  answered("a method in a header", "X-HTTP-Method-Override: DELETE"),
  answered("a path in a header", "X-Original-URL: /metrics", "X-Rewrite-URL: /metrics"),
  answered("a host in a header", "X-Forwarded-Host: elsewhere.test/predict", "Forwarded: for=127.0.0.1;host=evil"),
  answered("an address in a header", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: ::1", "CF-Connecting-IP: 127.0.0.1"),
  answered("Origin that is none", "Origin: not an origin"),
  answered("Origin null", "Origin: null"),
  answered("two Origins", "Origin: https://a.test", "Origin: https://b.test"),
  answered("a bearer token where none is asked for", "Authorization: Bearer x"),
  answered("credentials in base64 that is none", "Authorization: Basic !!!"),
  answered("Authorization of 50,000 bytes", `Authorization: Bearer ${times(50_000, "a")}`),
  answered("a request id with a line's end, escaped", "X-Request-Id: a%0d%0aSet-Cookie: b"),
  answered("a request id of 10,000 letters", `X-Request-Id: ${times(10_000, "r")}`),
  answered("two request ids", "X-Request-Id: a", "X-Request-Id: b"),
  answered("Trailer", "Trailer: Content-Length"),
  answered("TE", "TE: trailers, deflate;q=0.5"),
  answered("Max-Forwards", "Max-Forwards: 0"),
  answered("Via, many times", `Via: ${times(1000, "1.1 a, ")}1.1 b`),
  answered("Keep-Alive", "Keep-Alive: timeout=999999999, max=0"),
  answered("Connection that names Content-Length", "Connection: Content-Length"),
  answered("Connection that names everything", "Connection: close, Host, Content-Type, Transfer-Encoding"),
  answered("Proxy-Connection", "Proxy-Connection: keep-alive", "Proxy: http://elsewhere.test"),
  answered("Inference-Header-Content-Length where it means nothing", "Inference-Header-Content-Length: -1"),
  answered("signatures where none are asked for", "webhook-id: a", "webhook-timestamp: NaN", "webhook-signature: v1,AAAA"),

  row("Expect: 100-continue", post("/predict", PLAIN, "Expect: 100-continue"), ESTIMATE),
  row("Expect: something else", post("/predict", PLAIN, "Expect: 200-ok"), ESTIMATE),
  row("Expect: 100-continue without a body", bytes("POST /predict HTTP/1.1\r\nHost: curbside.test\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"), MALFORMED),
  row("Expect: 100-continue to GET", ask("GET", "/config.json", "Expect: 100-continue"), plain(200, "manifest")),
  row("HTTP/1.0 with keep-alive", bytes(bare("Host: curbside.test", "Connection: keep-alive", PLAIN_LENGTH).toString().replace("HTTP/1.1", "HTTP/1.0")), ESTIMATE),
  row("HTTP/1.0 without keep-alive", bytes(bare("Host: curbside.test", PLAIN_LENGTH).toString().replace("HTTP/1.1", "HTTP/1.0")), ESTIMATE, CLOSES),
];
