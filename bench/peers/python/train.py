"""Trains one model of the comparison, and writes it in every form that an engine reads.

    train.py MODEL ENCODED OUT

ENCODED is what `curbside-bench encode` wrote: learn.f64, minutes.f64, rows.f64, columns.txt. OUT gets the rows, what the training
library predicts of them (expected.f64), and for each engine its file or a FILE.failed with the reason.
"""

import shutil
import sys
from pathlib import Path

import lightgbm
import numpy
import xgboost

import forms

# Everything that depends on chance or on threads is nailed down, so that the same data give the same model.
LIGHTGBM = {
    "objective": "regression",
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "verbosity": -1,
    "num_threads": 2,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
}
FOREST = {
    "boosting": "rf",
    "num_leaves": 4096,
    "max_depth": 12,
    "bagging_fraction": 0.632,
    "bagging_freq": 1,
    "feature_fraction_bynode": 0.8,
}
XGBOOST = {
    "tree_method": "hist",
    "grow_policy": "lossguide",
    "max_leaves": 31,
    "max_depth": 0,
    "eta": 0.1,
    "min_child_weight": 20,
    "nthread": 2,
    "seed": 1,
}
ZONES = ["PULocationID", "DOLocationID"]

# Name, what trains it, trees, leaves, what differs from the parameters above, and which compilers it is given to: these need
# minutes for anything large, and for sets of categories.
MODELS = {
    "five": ("lightgbm", 300, 31, {}, ["tl2cgen", "lleaves"]),
    "large": ("lightgbm", 1000, 63, {"num_leaves": 63, "learning_rate": 0.05}, []),
    "thirty": ("lightgbm", 300, 31, {}, ["tl2cgen", "lleaves"]),
    "categories": ("lightgbm", 300, 31, {"categorical_feature": ZONES}, []),
    "forest": ("lightgbm", 500, 0, FOREST, []),
    "xgboost": ("xgboost", 300, 31, {}, []),
}


def numbers(path, columns=1):
    """A file of doubles as rows of columns."""
    flat = numpy.fromfile(path, dtype="<f8")
    return flat if columns == 1 else flat.reshape(-1, columns)


def train_lightgbm(learn, minutes, columns, trees, changes):
    """A booster, and what its library predicts."""
    parameters = {**LIGHTGBM, **changes}
    categories = parameters.pop("categorical_feature", [])
    data = lightgbm.Dataset(learn, minutes, feature_name=columns, categorical_feature=categories)
    booster = lightgbm.train(parameters, data, trees)
    return booster, lambda rows: booster.predict(rows, num_threads=1)


def train_xgboost(learn, minutes, columns, trees, changes):
    """The same of XGBoost."""
    data = xgboost.DMatrix(learn, minutes, feature_names=columns)
    booster = xgboost.train({**XGBOOST, **changes}, data, trees)
    return booster, lambda rows: booster.predict(xgboost.DMatrix(rows, feature_names=columns))


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in MODELS:
        sys.exit(f"usage: train.py MODEL ENCODED OUT, where MODEL is one of {', '.join(MODELS)}")
    name, encoded, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    columns = (encoded / "columns.txt").read_text().split()
    learn, rows = (numbers(encoded / file, len(columns)) for file in ("learn.f64", "rows.f64"))
    minutes = numbers(encoded / "minutes.f64")
    library, trees, leaves, changes, compilers = MODELS[name]
    train = train_lightgbm if library == "lightgbm" else train_xgboost
    booster, predict = train(learn, minutes, columns, trees, changes)
    for file in ("rows.f64", "columns.txt"):
        shutil.copyfile(encoded / file, out / file)
    predict(rows).astype("<f8").tofile(out / "expected.f64")
    categories = ZONES if name == "categories" else []
    (out / "categories.txt").write_text("\n".join(categories))
    kind = "forest" if name == "forest" else "boosted"
    forms.write_all(library, kind, booster, columns, out)
    for compiler in compilers:
        forms.attempt(out / forms.COMPILED[compiler], forms.compile_apart, compiler, out)
    forms.attempt(out / "ydf.zip", forms.write_ydf, learn, minutes, rows, columns, categories, (kind, trees, leaves))


if __name__ == "__main__":
    main()
