"""A trained model in the form of each engine. What an engine cannot have is a file FILE.failed with the reason."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

# A C compiler needs minutes for what others read in milliseconds; past this the engine is left out.
COMPILING_SECONDS = float(os.environ.get("CURBSIDE_BENCH_COMPILING", "300"))
# Source code of more than this is no module that anybody would ship, and stalls whatever reads it.
LARGEST_SOURCE = 64 << 20
# What compilers leave.
COMPILED = {"tl2cgen": "tl2cgen.so", "lleaves": "lleaves.o"}


def attempt(path, write, *arguments):
    """Calls write(path, ...); an error is written beside, and the other engines go on."""
    failed = Path(f"{path}.failed")
    failed.unlink(missing_ok=True)
    try:
        write(path, *arguments)
    except Exception as error:  # noqa: BLE001 - whatever a converter throws is what the table says
        reason = " ".join(str(error).split()) or type(error).__name__
        failed.write_text(reason[:300])
        Path(path).unlink(missing_ok=True)
        print(f"    not made: {path.name}: {reason[:150]}")


def write_all(library, kind, booster, columns, out):
    """Every form that is read by a library and not run by the processor."""
    if library == "lightgbm":
        booster.save_model(out / "model.txt")
        attempt(out / "trees.json", write_trees, booster, kind)
    else:
        booster.save_model(out / "model.ubj")
    attempt(out / "model.onnx", write_onnx, library, kind, booster, len(columns))
    attempt(out / "m2cgen.js", write_m2cgen, library, kind, booster)


def write_trees(path, booster, kind):
    """Nested objects, as a user would take them out of `dump_model`; `missing` where NaN goes left."""

    def node(found):
        if "leaf_value" in found:
            return {"value": found["leaf_value"]}
        sides = {"left": node(found["left_child"]), "right": node(found["right_child"])}
        if found["decision_type"] == "==":
            return {"feature": found["split_feature"], "categories": [int(c) for c in found["threshold"].split("||")], **sides}
        missing = {"missing": True} if found["missing_type"] == "NaN" and found["default_left"] else {}
        return {"feature": found["split_feature"], "threshold": found["threshold"], **missing, **sides}

    trees = [node(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    path.write_text(json.dumps({"mean": kind == "forest", "trees": trees}, separators=(",", ":")))


def write_onnx(path, library, kind, booster, columns):
    from onnx import helper
    from onnxmltools import convert_lightgbm, convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    inputs = [("input", FloatTensorType([None, columns]))]
    if library == "xgboost":
        # The converter wants f0, f1, ... for names.
        booster = booster.copy()
        booster.feature_names = [f"f{index}" for index in range(columns)]
        model = convert_xgboost(booster, initial_types=inputs, target_opset=15)
    else:
        model = convert_lightgbm(booster, initial_types=inputs, zipmap=False, target_opset=15)
    if kind == "forest":
        # The converter makes a sum of LightGBM's forests, whose prediction is the mean.
        for found in model.graph.node:
            if found.op_type == "TreeEnsembleRegressor":
                found.attribute.append(helper.make_attribute("aggregate_function", "AVERAGE"))
    path.write_bytes(model.SerializeToString())


def write_m2cgen(path, library, kind, booster):
    import lightgbm
    import m2cgen
    import xgboost

    if kind == "forest":
        raise ValueError("m2cgen knows no mean of LightGBM's trees, and its source would be over 60 MB")
    if library == "xgboost":
        model = xgboost.XGBRegressor()
        model._Booster = booster
        model.base_score = json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"]
        model.base_score = float(str(model.base_score).strip("[]"))
    else:
        model = lightgbm.LGBMRegressor()
        model._Booster, model.fitted_, model._objective = booster, True, "regression"
        if any(kind == "==" for kind in booster.trees_to_dataframe()["decision_type"]):
            raise ValueError("m2cgen reads no sets of categories")
    sys.setrecursionlimit(1 << 20)
    source = m2cgen.export_to_javascript(model)
    if len(source) > LARGEST_SOURCE:
        raise ValueError(f"{len(source) >> 20} MB of source")
    path.write_text(source)


def compile_apart(path, engine, out):
    """A compiler in a process of its own, for it may have to be stopped with all that it started."""
    path.unlink(missing_ok=True)
    command = [sys.executable, str(Path(__file__).with_name("compile.py")), engine, str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        _, said = process.communicate(timeout=COMPILING_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        raise ValueError(f"was not compiled within {COMPILING_SECONDS:.0f} s") from None
    if process.returncode != 0:
        raise ValueError(said.strip().splitlines()[-1] if said.strip() else f"exit code {process.returncode}")


def write_ydf(path, learn, minutes, rows, columns, categories, shape):
    """A model of the same shape by Yggdrasil, which neither reads nor writes other libraries' models."""
    import ydf

    def frame(matrix):
        return {
            name: matrix[:, index].astype(int).astype(str) if name in categories else matrix[:, index].astype(numpy.float32)
            for index, name in enumerate(columns)
        }

    kind, trees, leaves = shape
    common = {"label": "minutes", "task": ydf.Task.REGRESSION, "num_trees": trees, "num_threads": 2, "random_seed": 1}
    features = {"features": [(name, ydf.Semantic.CATEGORICAL if name in categories else ydf.Semantic.NUMERICAL) for name in columns]}
    if kind == "forest":
        learner = ydf.RandomForestLearner(**common, **features, max_depth=13, min_examples=20, compute_oob_performances=False)
    else:
        learner = ydf.GradientBoostedTreesLearner(
            **common,
            **features,
            growing_strategy="BEST_FIRST_GLOBAL",
            max_num_nodes=leaves,
            max_depth=-1,
            min_examples=20,
            shrinkage=0.1 if trees == 300 else 0.05,
            validation_ratio=0.0,
            early_stopping="NONE",
            pure_serving_model=True,
        )
    model = learner.train({**frame(learn), "minutes": minutes.astype(numpy.float32)}, verbose=0)
    model.predict(frame(rows)).astype("<f8").tofile(path.with_suffix(".expected.f64"))
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model")
        shutil.make_archive(str(path.with_suffix("")), "zip", f"{folder}/model")
