// The function's form of a stream: records of base64, of which a bad one must not fail its batch.

import { type Hostile, MALFORMED, ours, row } from "../hostile.ts";
import { ask, bytes, type Piece, post, request, times } from "../request.ts";

const FORM = ours(400, "REQUEST_FORM");
const FUNCTION = "/2015-03-31/functions/function/invocations";
const event = (body: Piece): Buffer => post(FUNCTION, body);
const RIDE = '{"ride": {"PULocationID": 130, "DOLocationID": 205, "trip_distance": 3.66}, "ride_id": 256}';
const record = (data: unknown, sequenceNumber: unknown = "49"): object => ({ kinesis: { data, sequenceNumber, partitionKey: "1" }, eventID: "shard:49" });
const batch = (...list: readonly unknown[]): string => JSON.stringify({ Records: list });
const encoded = (text: Piece): string => bytes(text).toString("base64");
const failed = (name: string, data: unknown): Hostile => row(`function: ${name}`, event(batch(record(encoded(RIDE), "1"), record(data, "2"), record(encoded(RIDE), "3"))), { dialect: "records", predictions: 2, failures: ["2"] });

export const RECORDS: readonly Hostile[] = [
  row("function: nothing", event(""), MALFORMED),
  row("function: no JSON", event("{"), MALFORMED),
  row("function: a list", event("[]"), FORM),
  row("function: no records", event("{}"), FORM),
  row("function: records that are an object", event('{"Records": {}}'), FORM),
  row("function: records twice", event('{"Records": [], "Records": []}'), FORM),
  row("function: a million open lists", event(times(1_000_000, "[")), MALFORMED),
  row("function: a nest where records should be", event(`{"Records": ${times(400_000, "[")}${times(400_000, "]")}}`), MALFORMED),
  row("function: bad UTF-8", event(bytes('{"Records": ["', [0xff], '"]}')), MALFORMED),
  row("function: 1,001 records", event(batch(...Array<object>(1001).fill(record(encoded(RIDE))))), ours(413, "TOO_MANY_ROWS")),
  row("function: no record at all", event('{"Records": []}'), { dialect: "records", predictions: 0, failures: [] }),
  failed("data that are a number", 1),
  failed("data that are null", null),
  failed("data of nothing", ""),
  failed("base64 that is none", "!!!!"),
  failed("base64 without its padding", encoded(`${RIDE} `).replace(/=+$/, "").slice(0, -1)),
  failed("base64 with padding in the middle", "e30=e30="),
  failed("base64 with blanks", encoded(RIDE).replace(/(.{8})/g, "$1 ")),
  failed("base64 of one sign", "e"),
  failed("base64 for addresses, of signs that JSON needs not", "_-_-"),
  failed("base64 in base64", encoded(encoded(RIDE))),
  failed("no JSON in base64", encoded("ride")),
  failed("bad UTF-8 in base64", encoded([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
  failed("a list in base64", encoded(`[${RIDE}]`)),
  failed("a nest in base64", encoded(times(300_000, "["))),
  failed("an event without a ride", encoded('{"ride_id": 256}')),
  failed("a ride that is a list", encoded('{"ride": [130, 205], "ride_id": 256}')),
  failed("a ride that cannot be scored", encoded('{"ride": {"PULocationID": 0, "DOLocationID": 205}, "ride_id": 256}')),
  failed("an id that is a list", encoded('{"ride": {"PULocationID": 130, "DOLocationID": 205}, "ride_id": [1]}')),
  failed("a ride twice", encoded('{"ride": {"PULocationID": 130, "DOLocationID": 205}, "ride": {}, "ride_id": 1}')),
  failed("an event without an id", encoded('{"ride": {"PULocationID": 130, "DOLocationID": 205}}')),
  row("function: records that are no records", event('{"Records": [1, null, [], "a", {}]}'), { dialect: "records", predictions: 0, failures: ["", "", "", "", ""] }),
  row("function: a record whose number is a number", event(batch(record(encoded("x"), 49))), { dialect: "records", predictions: 0, failures: [""] }),
  row("function: a record whose number is of 100,000 letters", event(batch(record(encoded("x"), times(100_000, "n")))), { dialect: "records", predictions: 0, failures: [times(100_000, "n")] }),
  row("function: a record without data", event('{"Records": [{"kinesis": {"sequenceNumber": "7"}}]}'), { dialect: "records", predictions: 0, failures: ["7"] }),
  row("function: a record of another source", event('{"Records": [{"messageId": "1", "body": "{}", "eventSource": "aws:sqs"}]}'), { dialect: "records", predictions: 0, failures: [""] }),
  row("function: a thousand records that are all bad", event(batch(...Array.from({ length: 1000 }, (_, at) => record("!", String(at))))), { dialect: "records", predictions: 0, failures: Array.from({ length: 1000 }, (_, at) => String(at)) }),
  row("function: compressed", request("POST", FUNCTION, batch(), "Content-Encoding: gzip"), ours(415, "CONTENT_ENCODING")),
  row("function: too long a body", event(times(1024 * 1024 + 1, " ")), ours(413, "BODY_TOO_LARGE")),
  row("function: GET", ask("GET", FUNCTION), ours(405, "METHOD_NOT_ALLOWED")),
  row("function: another function", post("/2015-03-31/functions/other/invocations", batch()), ours(404, "NOT_FOUND")),
];
