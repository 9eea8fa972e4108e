// Rides whose fields hold what no ride can: types, numbers, times, names.

import { PLAIN, ride, rideText } from "../../worker/ride.ts";
import { ESTIMATE, type Hostile, ours, row } from "../hostile.ts";
import { post, times } from "../request.ts";

const refused = (name: string, body: string, code: string, field: string): Hostile => row(`a ride: ${name}`, post("/predict", body), ours(422, code, field));

const zone = (name: string, value: string, problem: string): Hostile => refused(`a zone that is ${name}`, rideText("PULocationID", value), `PU_LOCATION_ID_${problem}`, "PULocationID");
const target = (name: string, value: string, problem: string): Hostile => refused(`a drop-off that is ${name}`, rideText("DOLocationID", value), `DO_LOCATION_ID_${problem}`, "DOLocationID");
const miles = (name: string, value: string, problem: string): Hostile => refused(`a distance that is ${name}`, rideText("trip_distance", value), `TRIP_DISTANCE_${problem}`, "trip_distance");
const time = (name: string, value: string, problem: string): Hostile => refused(`a time that is ${name}`, rideText("pickup_datetime", value), `PICKUP_DATETIME_${problem}`, "pickup_datetime");
const id = (name: string, value: unknown): Hostile => refused(`an id that is ${name}`, ride({ ride_id: value }), "RIDE_ID_TYPE", "ride_id");

export const FIELDS: readonly Hostile[] = [
  refused("nothing in it", "{}", "PU_LOCATION_ID_MISSING", "PULocationID"),
  refused("names in other capitals", PLAIN.replace("PULocationID", "pulocationid"), "PU_LOCATION_ID_MISSING", "PULocationID"),
  refused("a name with a blank", PLAIN.replace("PULocationID", "PULocationID "), "PU_LOCATION_ID_MISSING", "PULocationID"),
  refused("a name with a NUL", PLAIN.replace("PULocationID", "PULocationID\\u0000"), "PU_LOCATION_ID_MISSING", "PULocationID"),
  refused("a name in look-alike letters", PLAIN.replace("PULocationID", "\u0420ULocationID"), "PU_LOCATION_ID_MISSING", "PULocationID"),
  zone("null", "null", "MISSING"),
  zone("true", "true", "TYPE"),
  zone("a list", "[130]", "TYPE"),
  zone("an object", '{"$gt": 0}', "TYPE"),
  zone("a fraction", "130.5", "TYPE"),
  zone("an empty text", '""', "TYPE"),
  zone("a text with a sign", '"-130"', "TYPE"),
  zone("a text with a line's end", '"130\\n"', "TYPE"),
  zone("a text with a NUL", '"130\\u0000"', "TYPE"),
  zone("a text in full-width digits", '"１３０"', "TYPE"),
  zone("a text in hexadecimal", '"0x82"', "TYPE"),
  zone("SQL", "\"130'; DROP TABLE rides; --\"", "TYPE"),
  zone("0", "0", "RANGE"),
  zone("266", "266", "RANGE"),
  zone("2 to the power of 32, and 130", "4294967426", "RANGE"),
  zone("2 to the power of 64, and 130", "18446744073709551746", "RANGE"),
  zone("beyond every double", "1e400", "RANGE"),
  zone("of 100,000 digits", times(100_000, "7"), "RANGE"),
  zone("a text of 100,000 digits", `"${times(100_000, "7")}"`, "RANGE"),
  zone("the lowest of integers", "-9223372036854775808", "RANGE"),
  target("a text that says null", '"null"', "TYPE"),
  target("a list of 60 lists", `${times(60, "[")}${times(60, "]")}`, "TYPE"),
  target("a hair above 205", "205.00000000000003", "TYPE"),
  target("minus nothing", "-0", "RANGE"),
  target("the smallest of doubles", "5e-324", "TYPE"),
  miles("a text", '"3.66"', "TYPE"),
  miles("false", "false", "TYPE"),
  miles("below nothing by a hair", "-5e-324", "RANGE"),
  miles("a hair above 100", "100.00000000000001", "RANGE"),
  miles("beyond every double", "1e309", "RANGE"),
  miles("below every double", "-1e309", "RANGE"),
  miles("an exponent of 20 digits", "1e99999999999999999999", "RANGE"),
  miles("of a million digits", times(1_000_000, "9"), "RANGE"),
  time("a number", "1612341000", "TYPE"),
  time("an object", '{"$date": 0}', "TYPE"),
  time("empty", '""', "FORMAT"),
  time("a million letters", `"${times(1_000_000, "T")}"`, "FORMAT"),
  time("a day that is not", '"2021-02-29T08:30"', "FORMAT"),
  time("month 0", '"2021-00-10T08:30"', "FORMAT"),
  time("an hour that is not", '"2021-02-03T24:00"', "FORMAT"),
  time("second 99", '"2021-02-03T08:30:99"', "FORMAT"),
  time("an offset of two days", '"2021-02-03T08:30:00+48:00"', "FORMAT"),
  time("an offset without a sign", '"2021-02-03T08:30:0005:00"', "FORMAT"),
  time("in year 99999", '"99999-02-03T08:30"', "FORMAT"),
  time("in year 0", '"0000-01-01T00:00"', "RANGE"),
  time("before there were taxis", '"1821-02-03T08:30"', "RANGE"),
  time("below year 0 by its offset", '"0000-01-01T00:00:00+23:59"', "RANGE"),
  time("above year 9999 by its offset", '"9999-12-31T23:59:59-23:59"', "RANGE"),
  time("in Arabic digits", '"٢٠٢١-02-03T08:30"', "FORMAT"),
  time("with a NUL", '"2021-02-03T08:30\\u0000"', "FORMAT"),
  time("with a minus of typographers", '"2021\u221202\u221203T08:30"', "FORMAT"),
  time("half a surrogate", '"\\ud800"', "TYPE"),
  id("a list", [1]),
  id("an object", { a: 1 }),
  id("true", true),
  id("a fraction", 1.5),
  id("beyond 20 digits", 1e30),
  id("of 4 KiB", times(4096, "i")),
  row("a ride: an explanation of a ride that cannot be scored", post("/predict?explain=true", "{}"), ours(422, "PU_LOCATION_ID_MISSING", "PULocationID")),
  row("a ride: an empty text for the id", post("/predict", ride({ ride_id: "" })), ESTIMATE),
  row("a ride: an id of marks that must be escaped", post("/predict", ride({ ride_id: '</script>\u0000\u2028"\\' })), ESTIMATE),
];
