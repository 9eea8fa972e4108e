// Where a request goes, by its address. A runtime makes the address of the Host header and the request line, so a Host that is no host
// would choose the path: it is refused before anything is looked up.

/** A path and what is behind its question mark. */
export interface Place {
  readonly path: string;
  readonly query: string;
}

/** A name, or an address in brackets; with a port or without. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** The last host that was one: most requests are to one. */
let known = "";

/** The place of a request; null for a host that is none. `host` is its header. */
export function placeOf(url: string, host: string | null): Place | null {
  const begin = url.startsWith("http://") ? 7 : url.startsWith("https://") ? 8 : -1;
  if (begin < 0 || (host !== null && !isHost(host))) {
    return null;
  }
  const slash = url.indexOf("/", begin);
  // An address in the request line has a host of its own.
  if (!isHost(slash < 0 ? url.slice(begin) : url.slice(begin, slash))) {
    return null;
  }
  if (slash < 0) {
    return { path: "/", query: "" };
  }
  const question = url.indexOf("?", slash);
  const hash = url.indexOf("#", slash);
  const end = hash < 0 ? url.length : hash;
  return question < 0 || question > end
    ? { path: url.slice(slash, end), query: "" }
    : { path: url.slice(slash, question), query: url.slice(question + 1, end) };
}

function isHost(text: string): boolean {
  if (text === known) {
    return true;
  }
  if (!HOST.test(text)) {
    return false;
  }
  known = text;
  return true;
}
