//! The page's service worker: keeps the page's own files, so that it opens without a network.
//!
//! Files of one deployment stay together. Each but the page itself has its content's digest in its name, so a page gets its own
//! files or none; and all that are kept are checked by digest, so that half a deployment is never kept. Weights are not here:
//! the package keeps them, and verifies them whenever it opens them.

import { PrecacheController } from "workbox-precaching";

declare const self: ServiceWorkerGlobalScope;

/** What some browsers have and TypeScript's types have not yet: requests that are answered without a service worker. */
interface RoutingInstallEvent extends ExtendableEvent {
  addRoutes?(rule: { readonly condition: { readonly urlPattern: string }; readonly source: "network" }): Promise<void>;
}

/** Every file of this deployment with its digest: `www/build.mjs` writes the list in. */
declare const FILES: readonly { readonly url: string; readonly revision: string | null; readonly integrity: string }[];

/** Files of this deployment. */
const PAGE = "curbside-page";
/** Files of the one before: a page that was just being opened while this one took over still asks for them. */
const BEFORE = "curbside-page-before";
/** The site's configuration, as it was last. */
const CONFIG = "curbside-config";
/** How long the network may take before what is kept is used, in milliseconds. A page that opens is worth more than a newer one. */
const PATIENCE = 1000;

const scope = new URL(self.registration.scope);
const configUrl = new URL("/config.json", scope).href;
const page = new PrecacheController({ cacheName: PAGE });
page.addToCacheList([...FILES]);

self.addEventListener("install", (event: RoutingInstallEvent) => {
  // An open page looks for newer weights every few seconds: where it can be helped, that wakes nobody. Elsewhere it is only slower.
  event.addRoutes?.({ condition: { urlPattern: "/models/*" }, source: "network" }).catch(() => undefined);
  // At once, for a page may stay open for days. It has all its files when it is open; see BEFORE for one that is not yet.
  event.waitUntil(Promise.all([page.install(event), keepConfig()]).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(setAsideOthers()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.origin) {
    return;
  }
  if (request.mode === "navigate" && url.pathname === scope.pathname) {
    event.respondWith(freshOrKept(fetch(request), () => page.matchPrecache(scope.href)));
  } else if (url.href === configUrl) {
    const fresh = fetch(request);
    event.waitUntil(fresh.then(keepIfGood).catch(() => undefined));
    event.respondWith(freshOrKept(fresh, () => caches.match(configUrl, { cacheName: CONFIG })));
  } else if (url.pathname.startsWith(`${scope.pathname}files/`)) {
    event.respondWith(keptOrFresh(request));
  }
  // Weights, estimates and all else are none of its business: the browser goes on as if there were no service worker.
});

/** What the network gives, if it is good and in time; else what is kept; else whatever the network gives in the end. */
async function freshOrKept(fresh: Promise<Response>, kept: () => Promise<Response | undefined>): Promise<Response> {
  const inTime = await Promise.race([fresh.catch(() => undefined), new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE))]);
  // A redirection is the browser's to follow: such as a network's own page that asks to log in.
  if (inTime?.ok === true || inTime?.type === "opaqueredirect") {
    return inTime;
  }
  return (await kept()) ?? fresh;
}

/** A file whose name says its content: kept, it is as good as new. */
async function keptOrFresh(request: Request): Promise<Response> {
  return (await page.matchPrecache(request)) ?? (await caches.match(request, { cacheName: BEFORE })) ?? fetch(request);
}

async function keepConfig(): Promise<void> {
  const response = await fetch(configUrl, { cache: "no-cache" });
  if (!response.ok) {
    throw new Error(`/config.json: expected HTTP status 200, found ${response.status}; the page is not kept, and the next visit tries again`);
  }
  await keepIfGood(response);
}

async function keepIfGood(response: Response): Promise<void> {
  if (response.ok) {
    const copy = response.clone();
    await (await caches.open(CONFIG)).put(configUrl, copy);
  }
}

/** Sets the files of the deployment before aside, and forgets those of the one before that. */
async function setAsideOthers(): Promise<void> {
  await caches.delete(BEFORE);
  const [files, before] = await Promise.all([caches.open(PAGE), caches.open(BEFORE)]);
  const wanted = new Set(page.getCachedURLs().map((url) => page.getCacheKeyForURL(url)));
  for (const request of await files.keys()) {
    const response = wanted.has(request.url) ? undefined : await files.match(request);
    if (response !== undefined) {
      await before.put(request, response);
      await files.delete(request);
    }
  }
}
