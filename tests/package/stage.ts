// What the tests of following share: the package as it is installed, three versions of a model, and loading by a bucket's manifest.

import type { Estimator, LoadOptions, ManifestSource } from "curbside";

import type { Signer } from "../worker/publication.ts";
import type { Bucket } from "./bucket.ts";
import { type Installed, install } from "./packed.ts";
import { type Version, versionsOf } from "./versions.ts";

/** The package, ready to follow. */
export interface Stage {
  readonly installed: Installed;
  readonly versions: readonly [Version, Version, Version];
  /** Loads by the bucket's manifest, trusting the stage's signer unless told otherwise. */
  load(bucket: Bucket, options?: Partial<ManifestSource & LoadOptions>): Promise<Estimator>;
}

/** Installs the package; `installed` is to be disposed of. */
export async function openStage(signer: Signer): Promise<Stage> {
  const installed = await install();
  return {
    installed,
    versions: await versionsOf(installed),
    load: (bucket, options = {}) =>
      installed.curbside.loadEstimator({ manifest: bucket.manifest, trustedKeys: [signer.publicKey], ...options } as LoadOptions),
  };
}
