// The Open Inference Protocol: tensors in JSON, tensors in bytes behind it, and headers that lie about where they begin.

import { type Hostile, inference, plain, row } from "../hostile.ts";
import { ask, bytes, lines, type Piece, post, request, times } from "../request.ts";

const MODEL = "/v2/models/ride-duration";
const INFER = `${MODEL}/infer`;

const tensor = (name: string, data: string, datatype = "INT64", shape = "[1]"): string => `{"name": ${JSON.stringify(name)}, "shape": ${shape}, "datatype": ${JSON.stringify(datatype)}, "data": ${data}}`;
const PICKUP = tensor("PULocationID", "[130]");
const DROPOFF = tensor("DOLocationID", "[205]");
const inputs = (...tensors: readonly string[]): string => `{"inputs": [${tensors.join(", ")}]}`;
const WHOLE = inputs(PICKUP, DROPOFF);

const refused = (name: string, body: Piece, status = 400): Hostile => row(`inference: ${name}`, post(INFER, body), inference(status));
const first = (name: string, pickup: string): Hostile => refused(name, inputs(pickup, DROPOFF));
const answered = (name: string, body: Piece): Hostile => row(`inference: ${name}`, post(INFER, body), plain(200, '"outputs"'));

/** A tensor whose data stand behind the JSON. */
const behind = (name: string, size: number | string, datatype = "INT64", shape = "[1]"): string =>
  `{"name": ${JSON.stringify(name)}, "shape": ${shape}, "datatype": "${datatype}", "parameters": {"binary_data_size": ${size}}}`;
const int64 = (value: number): Buffer => {
  const written = Buffer.alloc(8);
  written.writeBigInt64LE(BigInt(value));
  return written;
};
const byteTensor = (size: number, text: string): Buffer => {
  const written = Buffer.alloc(4);
  written.writeUInt32LE(size);
  return Buffer.concat([written, Buffer.from(text)]);
};
/** A request of JSON with bytes behind; `header` is what it says the JSON's length is. */
const sent = (json: string, header: string | null, ...data: readonly Piece[]): Buffer => {
  const content = bytes(json, ...data);
  const headers = header === null ? [] : [`Inference-Header-Content-Length: ${header}`];
  return request("POST", INFER, content, "Content-Type: application/octet-stream", ...headers);
};
const binary = (name: string, json: string, ...data: readonly Piece[]): Hostile =>
  row(`inference, binary: ${name}`, sent(json, String(Buffer.byteLength(json)), ...data), inference(400));
const TWO = inputs(behind("PULocationID", 8), behind("DOLocationID", 8));
const TWO_LENGTH = Buffer.byteLength(TWO);
const lying = (name: string, header: string): Hostile => row(`inference, binary: ${name}`, sent(TWO, header, int64(130), int64(205)), inference(400));

export const INFERENCE: readonly Hostile[] = [
  refused("nothing", ""),
  refused("no JSON", "{"),
  refused("a list", "[]"),
  refused("an empty object", "{}"),
  refused("inputs that are an object", '{"inputs": {}}'),
  refused("no inputs", '{"inputs": []}'),
  refused("an input that is no object", '{"inputs": [1]}'),
  refused("inputs twice", `{"inputs": [], "inputs": [${PICKUP}]}`),
  refused("one input of two", inputs(PICKUP)),
  refused("an input twice, with two values", inputs(PICKUP, tensor("PULocationID", "[131]"), DROPOFF)),
  refused("an id that is a number", `{"id": 1, ${WHOLE.slice(1)}`),
  refused("parameters that are a list", `{"parameters": [], ${WHOLE.slice(1)}`),
  refused("outputs that are an object", `{"outputs": {}, ${WHOLE.slice(1)}`),
  refused("an output that nobody knows", `{"outputs": [{"name": "__proto__"}], ${WHOLE.slice(1)}`),
  refused("an output that is a text", `{"outputs": ["duration"], ${WHOLE.slice(1)}`),
  refused("an output twice", `{"outputs": [{"name": "duration"}, {"name": "duration"}], ${WHOLE.slice(1)}`),
  refused("10,000 outputs", `{"outputs": [${times(10_000, '{"name": "duration"},')}{"name": "duration"}], ${WHOLE.slice(1)}`),
  refused("an output of classes", `{"outputs": [{"name": "duration", "parameters": {"classification": 3}}], ${WHOLE.slice(1)}`),
  refused("an output into shared memory", `{"outputs": [{"name": "duration", "parameters": {"shared_memory_region": "a", "shared_memory_byte_size": 8}}], ${WHOLE.slice(1)}`),
  refused("a wish for bytes that is a text", `{"parameters": {"binary_data_output": "true"}, ${WHOLE.slice(1)}`),
  refused("an output without a name", `{"outputs": [{}], ${WHOLE.slice(1)}`),
  first("an input without a name", '{"shape": [1], "datatype": "INT64", "data": [130]}'),
  first("a name that is a number", '{"name": 1, "shape": [1], "datatype": "INT64", "data": [130]}'),
  first("an input without a shape", '{"name": "PULocationID", "datatype": "INT64", "data": [130]}'),
  first("an input without a type", '{"name": "PULocationID", "shape": [1], "data": [130]}'),
  first("an input without data", '{"name": "PULocationID", "shape": [1], "datatype": "INT64"}'),
  first("a type that nobody knows", tensor("PULocationID", "[130]", "INT128")),
  first("a type in small letters", tensor("PULocationID", "[130]", "int64")),
  first("a type of 16 bits for a number", tensor("PULocationID", "[130]", "FP16")),
  first("a shape that is a number", tensor("PULocationID", "[130]", "INT64", "1")),
  first("a shape of nothing", tensor("PULocationID", "[130]", "INT64", "[]")),
  first("a shape of -1", tensor("PULocationID", "[130]", "INT64", "[-1]")),
  first("a shape of 1.5", tensor("PULocationID", "[130]", "INT64", "[1.5]")),
  first("a shape of a text", tensor("PULocationID", "[130]", "INT64", '["1"]')),
  first("a shape of 2", tensor("PULocationID", "[130]", "INT64", "[2]")),
  first("a shape of 1 by 2", tensor("PULocationID", "[130, 131]", "INT64", "[1, 2]")),
  first("a shape of three ones", tensor("PULocationID", "[130]", "INT64", "[1, 1, 1]")),
  first("a shape of 0, with data", tensor("PULocationID", "[130]", "INT64", "[0]")),
  first("a shape of 2 to the power of 64", tensor("PULocationID", "[130]", "INT64", "[18446744073709551616]")),
  first("a shape whose product is more than 64 bits hold", tensor("PULocationID", "[130]", "INT64", "[4294967296, 4294967296]")),
  first("a shape of 100,000 numbers", tensor("PULocationID", "[130]", "INT64", `[${times(99_999, "1,")}1]`)),
  first("data that are a number", tensor("PULocationID", "130")),
  first("data that are an object", tensor("PULocationID", '{"0": 130}')),
  first("data that are a text", tensor("PULocationID", '"130"')),
  first("data out of shared memory", '{"name": "PULocationID", "shape": [1], "datatype": "INT64", "parameters": {"shared_memory_region": "a", "shared_memory_offset": -8, "shared_memory_byte_size": 8}}'),
  first("data, and a size of bytes too", `${PICKUP.slice(0, -1)}, "parameters": {"binary_data_size": 8}}`),
  first("data beyond UINT64", tensor("PULocationID", "[18446744073709551616]", "UINT64")),
  first("data beyond FP32", tensor("PULocationID", "[1e39]", "FP32")),
  first("data of null", tensor("PULocationID", "[null]")),
  first("data of a fraction", tensor("PULocationID", "[130.5]")),
  first("data beyond every double", tensor("PULocationID", "[1e400]")),
  first("data beyond INT8", tensor("PULocationID", "[130]", "INT8")),
  first("data below UINT8", tensor("PULocationID", "[-126]", "UINT8")),
  first("a zone of no city", tensor("PULocationID", "[266]")),
  first("texts in a type of numbers", tensor("PULocationID", '["130"]')),
  first("numbers in a type of texts", tensor("PULocationID", "[130]", "BYTES")),
  first("data nested 400,000 deep", tensor("PULocationID", `${times(400_000, "[")}130${times(400_000, "]")}`)),
  first("data nested 100,000 deep in objects", tensor("PULocationID", `[${times(100_000, '{"a":')}1${times(100_000, "}")}]`)),
  first("data of half a million empty lists", tensor("PULocationID", `[${times(300_000, "[],")}[]]`)),
  first("data nested unevenly", tensor("PULocationID", "[[130], 131]", "INT64", "[2]")),
  refused("tensors of different lengths", inputs(tensor("PULocationID", "[130, 131]", "INT64", "[2]"), DROPOFF)),
  refused("1,001 rides", inputs(tensor("PULocationID", `[${times(1000, "130,")}130]`, "INT64", "[1001]"), tensor("DOLocationID", `[${times(1000, "205,")}205]`, "INT64", "[1001]")), 413),
  refused("a shape of a million rides, with one", inputs(tensor("PULocationID", "[130]", "INT64", "[1000000]"), tensor("DOLocationID", "[205]", "INT64", "[1000000]")), 413),
  refused("a shape of 2 to the power of 53, with one", inputs(tensor("PULocationID", "[130]", "INT64", "[9007199254740992]"), tensor("DOLocationID", "[205]", "INT64", "[9007199254740992]"))),
  refused("20,000 inputs", inputs(...Array<string>(15_000).fill(tensor("a", "[1]")))),
  refused("a million open lists", times(1_000_000, "[")),
  refused("open lists in an input", `{"inputs": ${times(1_000_000, "[")}`),
  refused("bad UTF-8", bytes('{"inputs": "', [0xc3, 0x28], '"}')),
  refused("a time that is none", inputs(PICKUP, DROPOFF, tensor("pickup_datetime", '["tomorrow"]', "BYTES"))),
  answered("both zones", WHOLE),
  answered("a nest that nobody knows", `{"x": ${times(60, "[")}${times(60, "]")}, ${WHOLE.slice(1)}`),
  refused("a nest that nobody knows, 200,000 deep", `{"x": ${times(200_000, "[")}${times(200_000, "]")}, ${WHOLE.slice(1)}`),
  refused("an input that nobody knows", inputs(PICKUP, DROPOFF, tensor("weather", '["rain"]', "BYTES"))),
  answered("an id of 10,000 letters", `{"id": "${times(10_000, "i")}", ${WHOLE.slice(1)}`),

  binary("a size without bytes", TWO),
  binary("bytes for one of two", TWO, int64(130)),
  binary("bytes that are left over", TWO, int64(130), int64(205), int64(1)),
  binary("a negative size", inputs(behind("PULocationID", -8), behind("DOLocationID", 8)), int64(205)),
  binary("a fraction of a size", inputs(behind("PULocationID", 8.5), behind("DOLocationID", 8)), int64(130), int64(205)),
  binary("a size in a text", inputs(behind("PULocationID", '"8"'), behind("DOLocationID", 8)), int64(130), int64(205)),
  binary("a size beyond 64 bits", inputs(behind("PULocationID", "18446744073709551624"), behind("DOLocationID", 8)), int64(205)),
  binary("sizes that wrap around 32 bits", inputs(behind("PULocationID", 4294967288), behind("DOLocationID", 24)), int64(130), int64(205)),
  binary("a size that is not the type's", inputs(behind("PULocationID", 4), behind("DOLocationID", 8)), int64(130), int64(205)),
  binary("a size that is not the shape's", inputs(behind("PULocationID", 8, "INT64", "[2]"), behind("DOLocationID", 8, "INT64", "[2]")), int64(130), int64(205)),
  binary("a size and data", inputs(`${PICKUP.slice(0, -1)}, "parameters": {"binary_data_size": 8}}`, behind("DOLocationID", 8)), int64(130), int64(205)),
  binary("a number that is none", inputs(behind("PULocationID", 8, "FP64"), behind("DOLocationID", 8)), [0, 0, 0, 0, 0, 0, 0xf8, 0x7f], int64(205)),
  binary("infinity", inputs(behind("PULocationID", 8, "FP64"), behind("DOLocationID", 8)), [0, 0, 0, 0, 0, 0, 0xf0, 0x7f], int64(205)),
  binary("the lowest of integers", TWO, [0, 0, 0, 0, 0, 0, 0, 0x80], int64(205)),
  binary("a text longer than there are bytes", inputs(behind("PULocationID", 7, "BYTES"), behind("DOLocationID", 8)), byteTensor(4_000_000_000, "130"), int64(205)),
  binary("a text shorter than there are bytes", inputs(behind("PULocationID", 7, "BYTES"), behind("DOLocationID", 8)), byteTensor(2, "130"), int64(205)),
  binary("a text's length cut", inputs(behind("PULocationID", 3, "BYTES"), behind("DOLocationID", 8)), [3, 0, 0], int64(205)),
  binary("a text that is no UTF-8", inputs(behind("PULocationID", 7, "BYTES"), behind("DOLocationID", 8)), byteTensor(3, "").subarray(0, 4), [0xff, 0xfe, 0xfd], int64(205)),
  binary("more texts than the shape says", inputs(behind("PULocationID", 14, "BYTES"), behind("DOLocationID", 8)), byteTensor(3, "130"), byteTensor(3, "131"), int64(205)),
  binary("100,000 empty texts", inputs(behind("PULocationID", 400_000, "BYTES"), behind("DOLocationID", 8)), Buffer.alloc(400_000), int64(205)),
  lying("a length beyond the body", "1000000"),
  lying("a length of nothing", "0"),
  lying("a negative length", "-1"),
  lying("a length that is empty", ""),
  lying("a length in words", "all"),
  lying("a length with a plus", `+${TWO_LENGTH}`),
  lying("a length in hexadecimal", `0x${TWO_LENGTH.toString(16)}`),
  lying("a fraction of a length", `${TWO_LENGTH}.0`),
  lying("a length beyond 64 bits", `1${times(30, "0")}`),
  lying("a length that wraps around 32 bits", String(2 ** 32 + TWO_LENGTH)),
  lying("a length that cuts the JSON", String(TWO_LENGTH - 1)),
  lying("a length into the tensors", String(TWO_LENGTH + 1)),
  lying("a length and another", `${TWO_LENGTH}, ${TWO_LENGTH}`),
  row("inference, binary: two headers", request("POST", INFER, bytes(TWO, int64(130), int64(205)), `Inference-Header-Content-Length: ${TWO_LENGTH}`, "Inference-Header-Content-Length: 1"), inference(400)),
  row("inference, binary: no header", sent(TWO, null, int64(130), int64(205)), inference(400)),
  row("inference, binary: as it should be", sent(TWO, String(TWO_LENGTH), int64(130), int64(205)), plain(200, '"outputs"')),

  row("inference: another model", post("/v2/models/fare/infer", WHOLE), inference(404)),
  row("inference: a model by dots", post(`/v2/models/../models/ride-duration/infer`, WHOLE), inference(404)),
  row("inference: a model in escapes that are none", post("/v2/models/ride%2/infer", WHOLE), inference(404)),
  row("inference: a model in escapes of bytes that are no UTF-8", post("/v2/models/%ff%fe/infer", WHOLE), inference(404)),
  row("inference: a model with a slash in escapes", post("/v2/models/ride-duration%2finfer/infer", WHOLE), inference(404)),
  row("inference: no model", post("/v2/models//infer", WHOLE), inference(404)),
  row("inference: a version that is none", post(`${MODEL}/versions/9999/infer`, WHOLE), inference(404)),
  row("inference: a version of nothing", post(`${MODEL}/versions//infer`, WHOLE), inference(404)),
  row("inference: a model of 50,000 letters", post(`/v2/models/${times(50_000, "m")}/infer`, WHOLE), inference(404)),
  row("inference: a slash too many", post(`${INFER}/`, WHOLE), inference(405)),
  row("inference: generate", post(`${MODEL}/generate`, WHOLE), inference(405)),
  row("inference: the repository", post("/v2/repository/index", "{}"), inference(405)),
  row("inference: shared memory", post("/v2/systemsharedmemory/region/a/register", '{"key": "/etc/passwd", "offset": 0, "byte_size": 1}'), inference(405)),
  row("inference: GET", ask("GET", INFER), inference(405)),
  row("inference: POST to health", post("/v2/health/live", ""), inference(405)),
  row("inference: DELETE a model", ask("DELETE", MODEL), inference(405)),
  row("inference: compressed", request("POST", INFER, WHOLE, "Content-Encoding: gzip"), inference(415)),
  row("inference: too long a body", post(INFER, times(1024 * 1024 + 1, " ")), inference(413)),
  row("inference: cut", bytes(`POST ${INFER} HTTP/1.1\r\n`, lines("Host: curbside.test", "Content-Length: 1000"), "\r\n", WHOLE), inference(400), { endsAtOnce: true }),
];
