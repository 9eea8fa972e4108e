// What is asked for: paths with tricks in them, other forms of target, and whoever is called Host.
//
// A path is taken as it is written: nothing is decoded, resolved or mended, so that what a proxy in front has judged is what is asked
// for here.

import { PLAIN } from "../../worker/ride.ts";
import { ESTIMATE, HOST, type Hostile, NOT_FOUND, ours, plain, row, runtime } from "../hostile.ts";
import { ask, bare, bytes, PLAIN_LENGTH, post, times } from "../request.ts";

/** What the page's own address says to a ride; a target that is only a host is that address. */
const NOT_ALLOWED = ours(405, "METHOD_NOT_ALLOWED");
const CLOSES = { mustClose: true } as const;
const nowhere = (path: string): Hostile => row(`path ${shown(path)}`, post(path, PLAIN), NOT_FOUND);
const noTarget = (path: string): Hostile => row(`target ${shown(path)}`, post(path, PLAIN), runtime(400), CLOSES);
const host = (value: string): Hostile => row(`Host ${shown(value)}`, bare(`Host: ${value}`, PLAIN_LENGTH), HOST);
const goodHost = (value: string): Hostile => row(`Host ${shown(value)}`, bare(`Host: ${value}`, PLAIN_LENGTH), ESTIMATE);

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 50)}... (${text.length})` : text);
}

export const TARGETS: readonly Hostile[] = [
  row("path \"/\"", post("/", PLAIN), NOT_ALLOWED),
  nowhere("/predict/"),
  nowhere("/predict/1"),
  nowhere("//predict"),
  nowhere("/Predict"),
  nowhere("/predict%00"),
  nowhere("/predict%2f"),
  nowhere("/%70redict"),
  nowhere("/predict;v=1"),
  nowhere("/predict%20"),
  nowhere("/predict%3Fexplain=true"),
  nowhere("/predict|"),
  nowhere("/./predict"),
  nowhere("/x/../predict"),
  nowhere("/%2e/predict"),
  nowhere("/x/%2e%2e/predict"),
  nowhere("/x/%2E./predict"),
  nowhere("/x\\..\\predict"),
  nowhere("/models/../predict"),
  nowhere("/.."),
  nowhere("/../../../../etc/passwd"),
  nowhere("/%2e%2e/%2e%2e/etc/passwd"),
  nowhere("/..%2f..%2f..%2fetc%2fpasswd"),
  nowhere("/%252e%252e/etc/passwd"),
  nowhere("/..%c0%af..%c0%afetc/passwd"),
  nowhere("/file:///etc/passwd"),
  nowhere("/.git/config"),
  nowhere("/.dev.vars"),
  nowhere("/models/.dev.vars"),
  nowhere("/%"),
  nowhere("/%zz"),
  nowhere("/%ff%fe"),
  nowhere("/\u00fc"),
  nowhere("/%0d%0aSet-Cookie:%20a=b"),
  nowhere("/<script>alert(1)</script>".replaceAll("<", "%3C").replaceAll(">", "%3E")),
  nowhere("/__proto__"),
  nowhere("/constructor"),
  nowhere("/toString"),
  nowhere(`/${times(60_000, "a")}`),
  nowhere(`/${times(15_000, "../")}predict`),
  nowhere(`/${times(30_000, "/")}predict`),
  noTarget("/predict\u0000"),
  noTarget("/predict\t"),
  noTarget("/pre dict"),
  noTarget("/predict<>"),
  noTarget("/\u007f"),
  noTarget("\\predict"),
  noTarget("?predict"),
  noTarget(""),
  noTarget("http:///predict"),
  row("target with a byte that is no UTF-8", bytes("GET /", [0xff], " HTTP/1.1\r\nHost: x\r\n\r\n"), runtime(400), CLOSES),
  row("target of 100,000 bytes", ask("GET", `/${times(100_000, "a")}`), runtime(414), CLOSES),
  row("target without its slash", post("predict", PLAIN), NOT_ALLOWED),
  row("target of a tunnel's", post("curbside.test:80", PLAIN), NOT_ALLOWED),
  row("target *", ask("OPTIONS", "*"), HOST),
  row("target with its scheme", post("http://curbside.test/predict", PLAIN), ESTIMATE),
  row("target with another host, as a proxy is asked", post("http://elsewhere.test/predict", PLAIN), ESTIMATE),
  row("target with its scheme, and dots in the path", post("http://curbside.test/x/../predict", PLAIN), NOT_FOUND),
  // Of a whole address the runtime takes path and query alone, and the host of the Host header.
  row("target of a protocol that is not spoken here", post("ftp://curbside.test/predict", PLAIN), ESTIMATE),
  row("target with a name and a password", post("http://a:b@curbside.test/predict", PLAIN), ESTIMATE),
  row("target that is another target's parameter", post("/predict?next=http://elsewhere.test/predict", PLAIN), ESTIMATE),
  row("query of nothing", post("/predict?", PLAIN), ESTIMATE),
  row("query of a lone percent sign", post("/predict?%", PLAIN), ESTIMATE),
  row("query of 60,000 bytes", post(`/predict?${times(60_000, "a")}`, PLAIN), ESTIMATE),
  row("query of 20,000 parameters", post(`/predict?${times(20_000, "a&")}`, PLAIN), ESTIMATE),
  row("query with dots and slashes", post("/predict?/../../etc/passwd", PLAIN), ESTIMATE),
  row("query that explains in capitals", post("/predict?explain=TRUE", PLAIN), ours(400, "EXPLAIN")),
  row("query that explains twice", post("/predict?explain=true&explain=false", PLAIN), ours(400, "EXPLAIN")),
  row("query that explains nothing", post("/predict?explain=", PLAIN), ours(400, "EXPLAIN")),
  row("query that explains in a list", post("/predict?explain[]=true", PLAIN), ESTIMATE),
  row("fragment, which no client may send", post("/predict#part", PLAIN), ESTIMATE),

  // Storage is asked only for what publishing writes.
  row("models: a key with dots", ask("GET", "/models/ride-duration/../../secrets.json"), NOT_FOUND),
  row("models: a key with encoded dots", ask("GET", "/models/ride-duration/%2e%2e/%2e%2e/secrets.json"), NOT_FOUND),
  row("models: a folder", ask("GET", "/models/ride-duration/"), NOT_FOUND),
  row("models: a blob by another name", ask("GET", "/models/ride-duration/blobs/latest.curb"), NOT_FOUND),
  row("models: a blob's digest in capitals", ask("GET", `/models/ride-duration/blobs/${times(64, "A")}.curb`), NOT_FOUND),
  row("models: a name of 60,000 bytes", ask("GET", `/models/${times(60_000, "m")}/champion.json`), NOT_FOUND),
  row("models: another bucket's address", ask("GET", "/models/http://elsewhere.test/champion.json"), NOT_FOUND),
  row("models: a query of the store's own", ask("GET", "/models/?list-type=2&prefix="), NOT_FOUND),

  row("no Host", bare(PLAIN_LENGTH), runtime(400)),
  row("Host of nothing", bare("Host:", PLAIN_LENGTH), runtime(400)),
  row("Host of a byte that is no UTF-8", bytes("POST /predict HTTP/1.1\r\nHost: ", [0xff], `\r\n${PLAIN_LENGTH}\r\n\r\n`, PLAIN), runtime(400)),
  row("two Hosts", bare("Host: curbside.test", "Host: elsewhere.test", PLAIN_LENGTH), HOST),
  row("two Hosts that are the same", bare("Host: curbside.test", "Host: curbside.test", PLAIN_LENGTH), HOST),
  host("a b"),
  host("a,b"),
  host("x/health"),
  host("x/predict?"),
  host("x/predict#"),
  host("x?"),
  host("x#"),
  host("x\\y"),
  host("user:password@x"),
  host("http://x/"),
  host("x/../predict"),
  host("[::1"),
  host("x:99999999"),
  host("x:port"),
  host("%00"),
  host("<script>"),
  host("x^y"),
  row("Host that would be another route, on a path that is none", bytes("GET /nowhere HTTP/1.1\r\nHost: x/config.json?\r\n\r\n"), HOST),
  goodHost("localhost"),
  goodHost("127.0.0.1:9696"),
  goodHost("[::1]:9696"),
  goodHost("CURBSIDE.TEST."),
  row("Host of 5,000 letters", bare(`Host: ${times(5000, "h")}`, PLAIN_LENGTH), ESTIMATE),
  row("a path of two routes", ask("GET", "/config.json/predict"), NOT_FOUND),
  row("a file of the page by dots", ask("GET", "/assets/../index.html"), NOT_FOUND),
  row("what is there, for measure", ask("GET", "/config.json"), plain(200, "manifest")),
];
