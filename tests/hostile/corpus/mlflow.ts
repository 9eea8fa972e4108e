// POST /invocations: MLflow's scoring protocol, in frames, lists, tensors and CSV.

import { gzipSync } from "node:zlib";

import { PLAIN } from "../../worker/ride.ts";
import { type Hostile, mlflow, plain, row } from "../hostile.ts";
import { ask, bytes, type Piece, post, request, times } from "../request.ts";

const PATH = "/invocations";
const refused = (name: string, body: Piece, status = 400): Hostile => row(`MLflow: ${name}`, post(PATH, body), mlflow(status));
const typed = (type: string, status: number, body: Piece = `{"dataframe_records": [${PLAIN}]}`): Hostile =>
  row(`MLflow: content type ${JSON.stringify(type.slice(0, 60))}`, request("POST", PATH, body, `Content-Type: ${type}`), status === 200 ? plain(200, '"predictions"') : mlflow(status));
const csv = (name: string, body: Piece, status = 400): Hostile =>
  row(`MLflow CSV: ${name}`, request("POST", PATH, body, "Content-Type: text/csv"), status === 200 ? plain(200, '"predictions"') : mlflow(status));

const COLUMNS = '["PULocationID", "DOLocationID", "trip_distance"]';
const split = (data: string, columns = COLUMNS): string => `{"dataframe_split": {"columns": ${columns}, "data": ${data}}}`;
const record = (text: string): string => `{"dataframe_records": [${text}]}`;
const HEADER = "PULocationID,DOLocationID,trip_distance\n";

export const MLFLOW: readonly Hostile[] = [
  refused("nothing", ""),
  refused("no JSON", "{"),
  refused("no object", "[]"),
  refused("a text", '"dataframe_split"'),
  refused("null", "null"),
  refused("no form of input", "{}"),
  refused("a ride as it is", PLAIN),
  refused("a form that nobody knows", `{"dataframe": [${PLAIN}]}`),
  refused("two forms at once", `{"dataframe_records": [${PLAIN}], "instances": [${PLAIN}]}`),
  refused("one form twice", `{"dataframe_records": [${PLAIN}], "dataframe_records": []}`),
  refused("params that are no object", `{"dataframe_records": [${PLAIN}], "params": [1]}`),
  refused("bad UTF-8", bytes('{"dataframe_records": [{"', [0xff], '": 1}]}')),
  refused("a byte order mark", bytes([0xef, 0xbb, 0xbf], record(PLAIN))),
  refused("a million open lists", times(1_000_000, "[")),
  refused("open lists in a form", `{"instances": ${times(1_000_000, "[")}`),
  refused("a nest 400,000 deep where rides should be", `{"instances": ${times(400_000, "[")}${times(400_000, "]")}}`),
  refused("a nest 100,000 deep of objects where rides should be", `{"inputs": ${times(100_000, '{"a":')}1${times(100_000, "}")}}`),
  refused("a nest 400,000 deep as a column", `{"inputs": {"PULocationID": ${times(400_000, "[")}${times(400_000, "]")}}}`),
  refused("a frame that is a list", '{"dataframe_split": []}'),
  refused("a frame without data", `{"dataframe_split": {"columns": ${COLUMNS}}}`),
  refused("columns that are no list", split("[[130, 205, 3.66]]", '{"0": "PULocationID"}')),
  refused("columns that are no texts", split("[[130, 205, 3.66]]", "[1, 2, 3]")),
  refused("a column twice, with two values", split("[[130, 131, 205]]", '["PULocationID", "PULocationID", "DOLocationID"]')),
  refused("columns without a zone, and no row", split("[]", '["trip_distance"]')),
  refused("a row that is too short", split("[[130, 205]]")),
  refused("a row that is too long", split("[[130, 205, 3.66, 1]]")),
  refused("a row that is no list", split(`[${PLAIN}]`)),
  refused("data that are no list", split('{"0": [130, 205, 3.66]}')),
  refused("an index that is no list", `{"dataframe_split": {"columns": ${COLUMNS}, "index": {}, "data": [[130, 205, 3.66]]}}`),
  refused("a row without a zone", split("[[null, 205, 3.66]]")),
  refused("one bad row among good ones", split("[[130, 205, 3.66], [0, 205, 3.66], [130, 205, 3.66]]")),
  refused("Infinity", split("[[130, 205, Infinity]]")),
  refused("a number beyond every double", split("[[130, 205, 1e400]]")),
  refused("a row of 500,000 columns", split(`[[${times(250_000, "1,")}1]]`)),
  refused("200,000 columns", split("[[1]]", `[${times(99_999, '"a",')}"a"]`)),
  refused("records that are an object", `{"dataframe_records": ${PLAIN}}`),
  refused("a record that is a list", record("[130, 205]")),
  refused("a record that is null", record("null")),
  refused("a record without a zone", record('{"DOLocationID": 205}')),
  refused("instances of numbers", '{"instances": [1, 2, 3]}'),
  refused("instances that are a text", '{"instances": "all"}'),
  refused("inputs of columns of different lengths", '{"inputs": {"PULocationID": [130, 131], "DOLocationID": [205]}}'),
  refused("1,001 rides in records", `{"dataframe_records": [${Array(1001).fill(PLAIN).join(",")}]}`, 413),
  refused("1,001 rides in a frame", split(`[${Array(1001).fill("[130, 205, 3.66]").join(",")}]`), 413),
  refused("1,001 rides in columns", `{"inputs": {"PULocationID": [${Array(1001).fill("130").join(",")}], "DOLocationID": [${Array(1001).fill("205").join(",")}]}}`, 413),
  refused("300,000 empty rows", split(`[${times(300_000, "[],")}[]]`), 413),
  row("MLflow: the most rides there may be", post(PATH, `{"dataframe_records": [${Array(1000).fill(PLAIN).join(",")}]}`), plain(200, '"predictions"')),
  row("MLflow: no rides", post(PATH, '{"dataframe_records": []}'), plain(200, '"predictions":[]')),
  row("MLflow: columns that nobody knows", post(PATH, `{"dataframe_records": [${PLAIN.slice(0, -1)}, "__proto__": {"a": 1}, "nest": ${times(60, "[")}${times(60, "]")}}]}`), plain(200, '"predictions"')),

  typed("application/xml", 415),
  typed("text/plain", 415),
  typed("application/json; charset=latin-1", 415),
  typed("application/json; charset=utf-16", 415),
  typed("application/json; format=pandas-split", 415),
  typed("application/json; charset=utf-8; charset=utf-16", 415),
  typed("application/json; charset=utf-8", 200),
  typed("multipart/form-data; boundary=x", 415),
  typed(`text/${times(5000, "c")}`, 415),
  row("MLflow: no content type", request("POST", PATH, record(PLAIN)), plain(200, '"predictions"')),
  row("MLflow: a frame without columns, whose order is the rides'", post(PATH, '{"dataframe_split": {"data": [[130, 205, 3.66]]}}'), plain(200, '"predictions"')),
  row("MLflow: compressed", request("POST", PATH, gzipSync(record(PLAIN)), "Content-Type: application/json", "Content-Encoding: gzip"), mlflow(415)),
  row("MLflow: too long a body", post(PATH, times(1024 * 1024 + 1, " ")), mlflow(413)),
  row("MLflow: chunks that are none", bytes(`POST ${PATH} HTTP/1.1\r\nHost: curbside.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`), mlflow(400), { mustClose: true }),
  row("MLflow: GET", ask("GET", PATH), mlflow(405)),
  row("MLflow: a path below", post(`${PATH}/1`, record(PLAIN)), { dialect: "ours", status: 404, code: "NOT_FOUND" }),

  csv("nothing", ""),
  csv("blank lines", "\n\n\n"),
  csv("no header", "130,205,3.66\n"),
  csv("a row that is too short", `${HEADER}130,205\n`),
  csv("a row that is too long", `${HEADER}130,205,3.66,1\n`),
  csv("a quote that is not closed", `${HEADER}"130,205,3.66\n`),
  csv("a quote that is not closed in the header", '"PULocationID,DOLocationID\n130,205\n'),
  csv("something behind a quote", `${HEADER}"130"x,205,3.66\n`),
  csv("a quote inside a value", `${HEADER}1"30,205,3.66\n`),
  csv("semicolons", "PULocationID;DOLocationID\n130;205\n"),
  csv("a NUL", bytes(HEADER, "13", [0], "0,205,3.66\n")),
  csv("bad UTF-8", bytes(HEADER, [0xff], ",205,3.66\n")),
  csv("UTF-16", Buffer.from(`${HEADER}130,205,3.66\n`, "utf16le")),
  csv("a zone that is none", `${HEADER}266,205,3.66\n`),
  csv("infinity", `${HEADER}130,205,inf\n`),
  csv("a formula", `${HEADER}=1+1,205,3.66\n`),
  csv("a column twice, with two values", "PULocationID,PULocationID,DOLocationID\n130,131,205\n"),
  csv("half a million commas", `${times(500_000, ",")}\n1\n`),
  csv("a field of a million letters", `${HEADER}${times(1_000_000, "1")},205,3.66\n`),
  csv("a million quotes", times(1_000_000, '"')),
  csv("1,001 rides", HEADER + times(1001, "130,205,3.66\n"), 413),
  csv("500,000 blank lines behind a header", HEADER + times(500_000, "\n"), 200),
  csv("lines' ends of Windows", `PULocationID,DOLocationID\r\n130,205\r\n`, 200),
  csv("a quoted value over two lines that nobody knows", 'PULocationID,DOLocationID,note\n130,205,"a\nb, ""c"""\n', 200),
  row("MLflow CSV: chunks", bytes(`POST ${PATH} HTTP/1.1\r\nHost: curbside.test\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nPULoc\r\n0\r\n\r\n`), mlflow(400)),
];
