// What is written by hand in index.d.ts, held against what the code is. Checked, not packed.

import type * as declared from "../index.js";
import type * as slim from "../slim.js";
import type * as built from "../browser.js";
import type * as builtNode from "../node.js";
import type * as builtSlim from "../slim.js";
import type * as builtWorkerd from "../workerd.js";

type Is<Declared, Built extends Declared> = Built;

export type Errors = [
  Is<declared.CurbsideError, built.CurbsideError>,
  Is<declared.TripError, built.TripError>,
  Is<declared.MatrixError, built.MatrixError>,
  Is<declared.ExplainError, built.ExplainError>,
  Is<declared.BundleError, built.BundleError>,
  Is<declared.WeightsError, built.WeightsError>,
  Is<declared.EngineError, built.EngineError>,
];
export type Loaders = [
  Is<typeof declared.loadEstimator, typeof built.loadEstimator>,
  Is<typeof declared.loadEstimator, typeof builtNode.loadEstimator>,
  Is<typeof declared.loadEstimator, typeof builtWorkerd.loadEstimator>,
  Is<typeof slim.loadEstimator, typeof builtSlim.loadEstimator>,
];
export type NothingElse = Is<keyof typeof declared, keyof typeof built>;
export type NothingMissing = Is<keyof typeof built, keyof typeof declared>;
