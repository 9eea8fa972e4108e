// The Worker as curbside-server runs it: the same handler as at the edge, with what the platform adds there: the page, and one sum
// of what all processes count. Beside clients, two others ask a process, each on a socket of its own.

import type { Env } from "../env.ts";
import { Tokens } from "../http/auth.ts";
import { handler } from "../http/handler.ts";
import { type Host, serviceOf } from "../http/service.ts";
import { Gate } from "./gate.ts";
import { page } from "./page.ts";
import { countsOf, peers, type ProcessEnv } from "./peers.ts";

const host: Host = { page, peers: (env) => peers(env as ProcessEnv) };

const open = handler(host);
const gate = new Gate();
const SCHEME = "Bearer ";
/** The word that the launcher and the other processes know. */
let known: Tokens | undefined;

// The runtime asks for a default export.
export default {
  fetch(request, env, context) {
    return gate.isShut ? gate.pass().then(() => open.fetch(request, env, context)) : open.fetch(request, env, context);
  },
} satisfies ExportedHandler<Env>;

/** For the launcher and the other processes, who know the token: how this process is, and what it has counted. */
const privately = {
  async fetch(request, env, context) {
    known ??= new Tokens([env.PRIVATE_TOKEN]);
    const credentials = request.headers.get("authorization") ?? "";
    if (!credentials.startsWith(SCHEME) || known.indexOf(credentials.slice(SCHEME.length)) === 0) {
      return new Response(null, { status: 401 });
    }
    switch (new URL(request.url).pathname) {
      case "/counts":
        return Response.json(countsOf(env, host));
      case "/pulse": {
        // Looks for newer weights, which no request may have asked for lately.
        const { weights } = serviceOf(env, host);
        await weights.ready(context);
        return Response.json({ configuration: weights.faults, serves: weights.estimator !== null, counts: countsOf(env, host) });
      }
      case "/hold":
        return Response.json({ waiting: gate.shut(), counts: countsOf(env, host) });
      case "/release":
        gate.open();
        return new Response(null, { status: 204 });
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<ProcessEnv>;
export { privately as private };

/** For `curbside-server health`: whether this process can answer rides, and no more. */
export const health = {
  async fetch(_request, env, context) {
    const { weights } = serviceOf(env, host);
    await weights.ready(context);
    return weights.estimator === null ? new Response("no model is loaded; see the log\n", { status: 503 }) : new Response("ready\n");
  },
} satisfies ExportedHandler<Env>;
