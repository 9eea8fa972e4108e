"""Writes MLflow model folders of small models into ../mlflow-VERSION, without what is about Python.

    python -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make.py

`crates/cli/tests/command/pack.rs` packs them.
"""

import pathlib
import shutil

import lightgbm
import mlflow
import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import numpy
import pandas
import xgboost

HERE = pathlib.Path(__file__).parent.parent / f"mlflow-{mlflow.__version__}"


def main():
    random = numpy.random.default_rng(1)
    x = numpy.column_stack([random.integers(0, 24, 300), random.integers(0, 7, 300)]).astype(float)
    y = 10.0 + x[:, 0] / 4 - x[:, 1]
    names = ["hour", "weekday"]
    boosted = xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(x, y, feature_names=names), 3)
    light = lightgbm.train({"num_leaves": 4, "verbosity": -1, "num_threads": 1}, lightgbm.Dataset(x, y, feature_name=names), 3)
    shutil.rmtree(HERE, ignore_errors=True)
    for form in ("ubj", "json"):
        mlflow.xgboost.save_model(boosted, HERE / f"xgboost-{form}", model_format=form)
    mlflow.lightgbm.save_model(light, HERE / "lightgbm")
    frame = pandas.DataFrame(x, columns=names)
    wrapper = lightgbm.LGBMRegressor(n_estimators=3, num_leaves=4, verbose=-1, n_jobs=1).fit(frame, y)
    mlflow.lightgbm.save_model(wrapper, HERE / "lightgbm-wrapper")
    trusted = ["lightgbm.basic.Booster", "lightgbm.sklearn.LGBMRegressor", "collections.OrderedDict"]
    mlflow.sklearn.save_model(wrapper, HERE / "sklearn", serialization_format="skops", skops_trusted_types=trusted)
    for path in HERE.glob("*/*"):
        if path.name != "MLmodel" and path.stem != "model":
            path.unlink()


if __name__ == "__main__":
    main()
