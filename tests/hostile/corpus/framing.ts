// Where a body ends: lengths and chunks that lie, contradict each other or never come to an end (RFC 9112, sections 6 and 7).
//
// What a request smuggler lives from is two readers who disagree. So wherever the framing is in doubt the connection must be closed
// after one answer, and what stands behind must never be taken for a request.

import { PLAIN } from "../../worker/ride.ts";
import { ESTIMATE, type Hostile, INCOMPLETE, MALFORMED, NOT_FOUND, plain, row, runtime, TOO_LARGE } from "../hostile.ts";
import { ask, bare, bytes, chunked, inChunks, lines, PLAIN_LENGTH, post, request, times } from "../request.ts";

const CLOSES = { mustClose: true } as const;
const CUT = { endsAtOnce: true } as const;

/** A request that must be refused as no HTTP: by its framing alone. */
const refused = (name: string, ...headers: readonly string[]): Hostile => row(`framing: ${name}`, bare("Host: curbside.test", ...headers), runtime(400), CLOSES);
const broken = (name: string, body: string): Hostile => row(`chunks: ${name}`, inChunks(body), INCOMPLETE, CLOSES);
/** What a smuggler would have the server answer. */
const HIDDEN = "GET /config.json HTTP/1.1\r\nHost: curbside.test\r\n\r\n";
const SIZE = Buffer.byteLength(PLAIN).toString(16);
const MIB = 1024 * 1024;

export const FRAMING: readonly Hostile[] = [
  refused("a negative length", "Content-Length: -5"),
  refused("a length with a plus", "Content-Length: +97"),
  refused("a length in hexadecimal", "Content-Length: 0x61"),
  refused("a length in words", "Content-Length: many"),
  refused("an empty length", "Content-Length:"),
  refused("a fraction of a length", "Content-Length: 97.0"),
  refused("a length in full-width digits", "Content-Length: ９７"),
  refused("a length with a blank inside", "Content-Length: 9 7"),
  refused("a length of 23 digits", "Content-Length: 99999999999999999999999"),
  refused("a length of 2 to the power of 64", "Content-Length: 18446744073709551616"),
  refused("two lengths that differ", PLAIN_LENGTH, "Content-Length: 3"),
  refused("two lengths that differ, the other first", "Content-Length: 3", PLAIN_LENGTH),
  refused("two lengths in one line", "Content-Length: 97, 97"),
  refused("a transfer coding that nobody knows", "Transfer-Encoding: xchunked"),
  refused("a transfer coding that is no coding", "Transfer-Encoding: identity", PLAIN_LENGTH),
  refused("chunked, but not last", "Transfer-Encoding: chunked, identity"),
  refused("chunked behind a vertical tab", "Transfer-Encoding: \u000bchunked"),
  refused("chunked in quotes", 'Transfer-Encoding: "chunked"'),
  refused("a blank before the colon", "Transfer-Encoding : chunked"),
  refused("a blank before the length's colon", "Content-Length : 97"),
  refused("a folded length", "Content-Length:\r\n 97"),

  row("framing: chunked and a length", bytes(inChunks(chunked(PLAIN), PLAIN_LENGTH), HIDDEN), ESTIMATE, CLOSES),
  row("framing: a length of nothing and chunked, which hides a request", bytes(inChunks("0\r\n\r\n", "Content-Length: 0"), HIDDEN), MALFORMED, CLOSES),
  row("framing: chunked twice", inChunks(chunked(PLAIN), "Transfer-Encoding: chunked"), ESTIMATE),
  row("framing: chunked in capitals", bytes("POST /predict HTTP/1.1\r\nHost: curbside.test\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n", chunked(PLAIN)), ESTIMATE),
  row("framing: the same length twice", bare("Host: curbside.test", PLAIN_LENGTH, PLAIN_LENGTH), ESTIMATE),
  row("framing: a length with zeros before it", bare("Host: curbside.test", "Content-Length: 00000000097"), ESTIMATE),
  row("framing: neither length nor chunks", bytes("POST /predict HTTP/1.1\r\nHost: curbside.test\r\n\r\n"), MALFORMED),
  {
    name: "framing: a length too short, so that the ride's rest looks like a request",
    send: bare("Host: curbside.test", "Content-Length: 10"),
    answers: [MALFORMED, runtime(400)],
    mustClose: true,
  },
  {
    name: "framing: a whole request behind a length",
    send: bytes(post("/predict", PLAIN), HIDDEN),
    answers: [ESTIMATE, plain(200, "manifest")],
  },
  row("framing: a length too long, then the end", bare("Host: curbside.test", "Content-Length: 150"), INCOMPLETE, CUT),
  row("framing: a length and not a byte, then the end", bytes("POST /predict HTTP/1.1\r\nHost: curbside.test\r\nContent-Length: 97\r\n\r\n"), INCOMPLETE, CUT),
  row("framing: a length of 1 TB", bare("Host: curbside.test", "Content-Length: 1000000000000"), TOO_LARGE, CUT),
  row("framing: a length of 2 to the power of 63", bare("Host: curbside.test", "Content-Length: 9223372036854775808"), TOO_LARGE, CUT),
  row("framing: a byte too many", post("/predict", PLAIN.padEnd(MIB + 1)), TOO_LARGE),
  row("framing: 3 MiB", post("/predict", PLAIN.padEnd(3 * MIB)), TOO_LARGE),
  row("framing: 3 MiB in chunks", inChunks(chunked(PLAIN, ...Array<string>(48).fill(times(65_536, " ")))), TOO_LARGE),
  row("framing: 1 MiB in chunks", inChunks(chunked(PLAIN.padEnd(65_536), ...Array<string>(15).fill(times(65_536, " ")))), ESTIMATE),
  row("framing: a body to a path that is not there", post("/nowhere", PLAIN), NOT_FOUND),
  row("framing: a body to GET", request("GET", "/config.json", PLAIN), plain(200, "manifest")),
  row("framing: a length to GET, and not a byte", bytes(ask("GET", "/config.json").subarray(0, -2), "Content-Length: 5\r\n\r\n"), plain(200, "manifest"), CUT),
  row("framing: bad chunks to GET", bytes(ask("GET", "/config.json").subarray(0, -2), "Transfer-Encoding: chunked\r\n\r\nzz\r\n", HIDDEN), plain(200, "manifest"), CLOSES),

  row("chunks: one for every byte", inChunks(chunked(...PLAIN)), ESTIMATE),
  row("chunks: an extension", inChunks(`${SIZE};name="value"\r\n${PLAIN}\r\n0\r\n\r\n`), ESTIMATE),
  row("chunks: zeros before the size", inChunks(`0000${SIZE}\r\n${PLAIN}\r\n0\r\n\r\n`), ESTIMATE),
  row("chunks: a trailer", inChunks(`${SIZE}\r\n${PLAIN}\r\n0\r\nX-Trailer: late\r\n\r\n`), ESTIMATE),
  row("chunks: a trailer that says another length", inChunks(`${SIZE}\r\n${PLAIN}\r\n0\r\nContent-Length: 5\r\n\r\n`), ESTIMATE),
  row("chunks: none but the last", inChunks("0\r\n\r\n"), MALFORMED),
  {
    name: "chunks: a request behind the last one",
    send: bytes(inChunks(chunked(PLAIN)), HIDDEN),
    answers: [ESTIMATE, plain(200, "manifest")],
  },
  broken("a size in no digits", `zz\r\n${PLAIN}\r\n0\r\n\r\n`),
  broken("a negative size", `-1\r\n${PLAIN}\r\n0\r\n\r\n`),
  broken("a size with 0x", `0x${SIZE}\r\n${PLAIN}\r\n0\r\n\r\n`),
  broken("no size", `\r\n${PLAIN}\r\n0\r\n\r\n`),
  broken("a size beyond 64 bits", `ffffffffffffffffff\r\n${PLAIN}\r\n0\r\n\r\n`),
  broken("a size too small", `5\r\n${PLAIN}\r\n0\r\n\r\n`),
  broken("no line's end behind the data", `${SIZE}\r\n${PLAIN}0\r\n\r\n`),
  broken("a request where a size should be", `${SIZE}\r\n${PLAIN}\r\n${HIDDEN}`),
  broken("an extension without end", `${SIZE};${times(100_000, "a")}\r\n${PLAIN}\r\n0\r\n\r\n`),
  broken("a line's end of one sign in a size", `${SIZE}\n${PLAIN}\r\n0\r\n\r\n`),
  row("chunks: cut in the data", inChunks(`${SIZE}\r\n${PLAIN.slice(0, 30)}`), INCOMPLETE, CUT),
  row("chunks: cut before the last", inChunks(`${SIZE}\r\n${PLAIN}\r\n`), INCOMPLETE, CUT),
  row("chunks: cut in the trailers", inChunks(`${SIZE}\r\n${PLAIN}\r\n0\r\nX-Trailer`), INCOMPLETE, CUT),
  row("chunks: trailers of 2 MB", inChunks(`${SIZE}\r\n${PLAIN}\r\n0\r\n${times(20_000, `X-Trailer: ${times(90, "t")}\r\n`)}\r\n`), INCOMPLETE, CLOSES),
  row("chunks: a transfer coding before them", bytes("POST /predict HTTP/1.1\r\n", lines("Host: curbside.test", "Transfer-Encoding: gzip, chunked"), "\r\n", chunked(PLAIN)), ESTIMATE),
];
