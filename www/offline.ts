//! Has the browser keep the page, so that it opens without a network: puts the service worker in and looks for a newer one.

import { element, make } from "./elements.ts";

/** How often a page that stays open asks for the files of a newer deployment, in milliseconds, and only when it is looked at. */
const HOUR = 3_600_000;
/** Where the service worker keeps the files of its deployment. */
const PAGE = "curbside-page";

/** What some browsers have and TypeScript's types have not yet: texts become scripts by a policy that `_headers` names, or not at all. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(of: string): string };
}

/** The one script that this page names by a text. */
const SERVICE_WORKER = "./sw.js";
const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
const policy = trustedTypes?.createPolicy("curbside-service-worker", { createScriptURL: () => SERVICE_WORKER });

/**
 * Keeps the page, where the browser can: over https or on localhost, and not in every private window. Elsewhere all stays as it
 * is. A newer deployment's files are used from the next time that the page is opened, and it says so once they are there.
 */
export async function keepPage(): Promise<void> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) {
    return;
  }
  try {
    const registration = await serviceWorker.register(policy?.createScriptURL(SERVICE_WORKER) ?? SERVICE_WORKER, { updateViaCache: "none" });
    registration.addEventListener("updatefound", () => {
      const { installing } = registration;
      installing?.addEventListener("statechange", () => {
        if (installing.state === "activated") {
          void sayIfNewer();
        }
      });
    });
    let lookedAt = performance.now();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && performance.now() - lookedAt > HOUR) {
        lookedAt = performance.now();
        // Offline it fails, and is tried again the next time.
        registration.update().catch(() => undefined);
      }
    });
  } catch (error) {
    // The page is as good without; it only does not open offline.
    console.warn(`curbside: the page is not kept for when this device is offline: ${String(error)}`);
  }
}

/** The files that are kept now may be those of this very page, which the network gave before the service worker came. */
async function sayIfNewer(): Promise<void> {
  if ((await caches.match(import.meta.url, { cacheName: PAGE })) !== undefined) {
    return;
  }
  const reload = make("button", { className: "link", text: "Reload it" });
  reload.type = "button";
  reload.addEventListener("click", () => location.reload());
  element("newer-page", HTMLElement).replaceChildren("There is a newer version of this page. ", reload);
}
