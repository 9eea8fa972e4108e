// The Worker: it carries bytes between the web, object storage and the scoring module, and decides nothing about a ride.
// http/routes.ts says which path is whose; a path that is not there is a file of the page, which the platform has answered for, or unknown.

import type { Env } from "./env.ts";
import { handler } from "./http/handler.ts";

// The runtime asks for a default export; nothing else in this project has one.
export default handler() satisfies ExportedHandler<Env>;
