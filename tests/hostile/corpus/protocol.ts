// Other methods, other versions and other protocols than HTTP/1.1, and connections used in ways that clients do not.

import { PLAIN } from "../../worker/ride.ts";
import { ESTIMATE, type Hostile, MALFORMED, ours, plain, row, runtime } from "../hostile.ts";
import { ask, bare, bytes, type Piece, PLAIN_LENGTH, post, request, times } from "../request.ts";

const CLOSES = { mustClose: true } as const;
const NOT_ALLOWED = ours(405, "METHOD_NOT_ALLOWED");
const notAllowed = (method: string, path = "/predict"): Hostile => row(`method ${method} ${path}`, ask(method, path), NOT_ALLOWED);
const unknown = (method: string): Hostile => row(`method ${JSON.stringify(method.slice(0, 30))}`, ask(method, "/predict"), runtime(501), CLOSES);
const noMethod = (method: string): Hostile => row(`method ${JSON.stringify(method)}`, ask(method, "/predict"), runtime(400), CLOSES);
const noHttp = (name: string, ...pieces: readonly Piece[]): Hostile => row(`no HTTP: ${name}`, bytes(...pieces), runtime(400), CLOSES);

const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
const GOOD = post("/predict", PLAIN);

export const PROTOCOL: readonly Hostile[] = [
  notAllowed("GET"),
  notAllowed("PUT"),
  notAllowed("PATCH"),
  notAllowed("DELETE"),
  notAllowed("TRACE"),
  notAllowed("PROPFIND"),
  notAllowed("PURGE"),
  notAllowed("QUERY"),
  notAllowed("POST", "/health"),
  notAllowed("DELETE", "/health/ready"),
  notAllowed("POST", "/metrics"),
  notAllowed("PUT", "/config.json"),
  notAllowed("DELETE", "/models/ride-duration/champion.json"),
  notAllowed("PATCH", "/openapi.json"),
  row("method HEAD /predict", ask("HEAD", "/predict"), plain(405), { isHead: true }),
  row("method HEAD /config.json", ask("HEAD", "/config.json"), plain(200), { isHead: true }),
  row("method OPTIONS /predict", ask("OPTIONS", "/predict"), plain(204)),
  row("method OPTIONS from elsewhere", ask("OPTIONS", "/predict", "Origin: https://evil.test", "Access-Control-Request-Method: DELETE", `Access-Control-Request-Headers: ${times(1000, "x-a, ")}x-b`), plain(204)),
  row("a body to PUT", request("PUT", "/predict", PLAIN), NOT_ALLOWED),
  unknown("get"),
  unknown("Post"),
  unknown("FOO"),
  unknown("PRI"),
  unknown(times(5000, "M")),
  noMethod(""),
  noMethod("POST\u0000"),
  noMethod("G,T"),
  noMethod("P\u00d6ST"),
  noMethod("GET/"),
  noMethod(" GET"),
  row("method CONNECT", bytes("CONNECT elsewhere.test:443 HTTP/1.1\r\nHost: elsewhere.test:443\r\n\r\n"), runtime(500), CLOSES),
  row("method CONNECT /predict", ask("CONNECT", "/predict"), runtime(500), CLOSES),

  row("WebSocket: GET /predict", ask("GET", "/predict", ...UPGRADE), NOT_ALLOWED),
  row("WebSocket: GET /config.json", ask("GET", "/config.json", ...UPGRADE), plain(200, "manifest")),
  row("WebSocket: POST", post("/predict", PLAIN, ...UPGRADE), ESTIMATE),
  row("WebSocket: without a key", ask("GET", "/config.json", ...UPGRADE.slice(0, 2)), plain(200, "manifest")),
  row("HTTP/2 by upgrade", ask("GET", "/config.json", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"), plain(200, "manifest")),
  {
    name: "HTTP/2 by its preface",
    send: bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [0, 0, 0, 4, 0, 0, 0, 0, 0]),
    answers: [],
    mustClose: true,
  },
  noHttp("HTTP/0.9", "GET /config.json\r\n"),
  noHttp("HTTP/1.2", "GET /config.json HTTP/1.2\r\nHost: x\r\n\r\n"),
  noHttp("HTTP/9.9", "GET /config.json HTTP/9.9\r\nHost: x\r\n\r\n"),
  noHttp("HTTP in small letters", "GET /config.json http/1.1\r\nHost: x\r\n\r\n"),
  noHttp("half a version", "GET /config.json HTTP/1\r\nHost: x\r\n\r\n"),
  noHttp("no version", "GET /config.json\r\nHost: x\r\n\r\n"),
  noHttp("two blanks", "GET  /config.json HTTP/1.1\r\nHost: x\r\n\r\n"),
  noHttp("tabs for blanks", "GET\t/config.json\tHTTP/1.1\r\nHost: x\r\n\r\n"),
  noHttp("a fourth word", "GET /config.json HTTP/1.1 now\r\nHost: x\r\n\r\n"),
  noHttp("zeros", new Uint8Array(64), "\r\n\r\n"),
  noHttp("TLS", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], times(200, "a"), "\r\n\r\n"),
  noHttp("SSH", "SSH-2.0-OpenSSH_9.9\r\n"),
  noHttp("Redis", "*1\r\n$4\r\nPING\r\n"),
  noHttp("a proxy's own line", "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /config.json HTTP/1.1\r\nHost: x\r\n\r\n"),
  noHttp("a byte order mark before the method", [0xef, 0xbb, 0xbf], "GET /config.json HTTP/1.1\r\nHost: x\r\n\r\n"),
  { name: "no HTTP: not a byte", send: bytes(), answers: [], endsAtOnce: true },
  { name: "no HTTP: half a request line", send: bytes("POST /pred"), answers: [], endsAtOnce: true },
  { name: "no HTTP: half a head", send: bytes("POST /predict HTTP/1.1\r\nHost: x\r\nContent-"), answers: [], endsAtOnce: true },
  row("empty lines before the request", bytes("\r\n\r\n", GOOD), ESTIMATE),

  { name: "connections: done before the answer", send: GOOD, answers: [ESTIMATE], endsAtOnce: true },
  { name: "connections: three requests at once", send: bytes(GOOD, GOOD, GOOD), answers: [ESTIMATE, ESTIMATE, ESTIMATE] },
  { name: "connections: three requests at once, then done", send: bytes(GOOD, GOOD, GOOD), answers: [ESTIMATE, ESTIMATE, ESTIMATE], endsAtOnce: true },
  { name: "connections: a hundred requests at once", send: bytes(...Array<Buffer>(100).fill(GOOD)), answers: Array(100).fill(ESTIMATE) },
  { name: "connections: a refusal before a ride", send: bytes(post("/predict", "{"), GOOD), answers: [MALFORMED, ESTIMATE] },
  { name: "connections: a ride between refusals", send: bytes(ask("GET", "/predict"), GOOD, post("/predict", "")), answers: [NOT_ALLOWED, ESTIMATE, MALFORMED] },
  { name: "connections: no HTTP behind a ride", send: bytes(GOOD, "\u0000\u0001\u0002\r\n\r\n"), answers: [ESTIMATE, runtime(400)], mustClose: true },
  { name: "connections: closed by wish, with a request behind", send: bytes(post("/predict", PLAIN, "Connection: close"), GOOD), answers: [ESTIMATE], mustClose: true },
  { name: "connections: HTTP/1.0 with a request behind", send: bytes(bare("Host: x", PLAIN_LENGTH).toString().replace("HTTP/1.1", "HTTP/1.0"), GOOD), answers: [ESTIMATE], mustClose: true },
];
