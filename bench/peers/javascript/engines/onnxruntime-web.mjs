// onnxruntime-web's build for WebAssembly alone, on one thread. Its tensors are made beforehand.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { rowsOf } from "../matrix.mjs";

const FOLDER = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));

export function files(model) {
  return {
    module: join(FOLDER, "ort-wasm-simd-threaded.wasm"),
    glue: [join(FOLDER, "ort.wasm.bundle.min.mjs")],
    weights: join(model, "model.onnx"),
  };
}

export async function open({ module, weights }, { columns }) {
  const ort = await import(pathToFileURL(join(FOLDER, "ort.wasm.bundle.min.mjs")).href);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = module;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(weights, { executionProviders: ["wasm"] });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  const tensor = (rows) => ({ [input]: new ort.Tensor("float32", Float32Array.from(rows), [rows.length / columns.length, columns.length]) });
  return {
    isAsync: true,
    rows: (matrix) => rowsOf(matrix, columns.length, tensor),
    one: async (feeds) => (await session.run(feeds))[output].data[0],
    batch: tensor,
    many: async (feeds) => (await session.run(feeds))[output].data,
  };
}
