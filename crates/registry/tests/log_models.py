"""Logs models of other libraries as their users do, and says what they predict.

Arguments: what names of registered models begin with, and the file to write.
"""

import json
import sys
import tempfile
from pathlib import Path

import lightgbm
import mlflow
import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pandas as pd
import xgboost

prefix = sys.argv[1]
client = mlflow.MlflowClient()
random = np.random.default_rng(5)
rides = pd.DataFrame(
    {
        "PULocationID": random.integers(1, 266, 3000).astype("float64"),
        "DOLocationID": random.integers(1, 266, 3000).astype("float64"),
        "trip_distance": random.uniform(0.3, 20, 3000).round(2),
    }
)
minutes = 4 + 3 * rides.trip_distance + (rides.PULocationID % 7) + random.normal(0, 1, 3000)
seen = rides.head(200)
told = []


def tell(name, uri, library, predictions):
    told.append({"name": name, "uri": uri, "library": library, "predictions": [float(x) for x in predictions]})


mlflow.set_experiment(prefix)
settings = {"objective": "regression", "num_leaves": 15, "verbose": -1, "num_threads": 1, "seed": 1}
booster = lightgbm.train(settings, lightgbm.Dataset(rides, minutes), 20)
wrapper = lightgbm.LGBMRegressor(n_estimators=12, num_leaves=15, verbose=-1, n_jobs=1).fit(rides, minutes)
trees = xgboost.train(
    {"objective": "reg:squarederror", "max_depth": 4, "nthread": 1}, xgboost.DMatrix(rides, minutes), 15
)

# Otherwise MLflow starts Python once more for each model, to see what it imports.
named = {"pip_requirements": ["lightgbm", "xgboost-cpu"]}
# MLflow 3: logged models, apart from the run's artifacts.
with mlflow.start_run() as run:
    mlflow.lightgbm.log_model(booster, name="boosted", registered_model_name=f"{prefix}-lightgbm", **named)
    client.set_registered_model_alias(f"{prefix}-lightgbm", "champion", "1")
    tell("LightGBM by alias", f"models:/{prefix}-lightgbm@champion", "LightGBM", booster.predict(seen))
    tell("LightGBM by version", f"models:/{prefix}-lightgbm/1", "LightGBM", booster.predict(seen))
    tell("LightGBM, the latest", f"models:/{prefix}-lightgbm/latest", "LightGBM", booster.predict(seen))
    tell("LightGBM by run and name", f"runs:/{run.info.run_id}/boosted", "LightGBM", booster.predict(seen))
    info = mlflow.xgboost.log_model(trees, name="extreme", **named)
    predictions = trees.predict(xgboost.DMatrix(seen))
    tell("XGBoost by run and name", f"runs:/{run.info.run_id}/extreme", "XGBoost", predictions)
    tell("XGBoost by its own id", f"models:/{info.model_id}", "XGBoost", predictions)
    trusted = [
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMRegressor",
    ]
    skops = {"serialization_format": "skops", "skops_trusted_types": trusted}
    mlflow.sklearn.log_model(wrapper, name="wrapped", **skops, **named)
    tell("scikit-learn wrapper", f"runs:/{run.info.run_id}/wrapped", "LightGBM", wrapper.predict(seen))
    mlflow_3 = run.info.run_id

# MLflow 2: the model lies among the run's artifacts, and a version names that folder.
with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
    mlflow.lightgbm.save_model(booster, f"{folder}/model", **named)
    client.log_artifacts(run.info.run_id, f"{folder}/model", "model")
    client.create_registered_model(f"{prefix}-old")
    source = f"{run.info.artifact_uri}/model"
    client.create_model_version(f"{prefix}-old", source, run.info.run_id)
    tell("MLflow 2 by version", f"models:/{prefix}-old/1", "LightGBM", booster.predict(seen))
    tell("MLflow 2 by run", f"runs:/{run.info.run_id}/model", "LightGBM", booster.predict(seen))
    file = next(Path(folder, "model").glob("model.*")).name
    tell("one file of a run", f"runs:/{run.info.run_id}/model/{file}", "LightGBM", booster.predict(seen))
    tell("by where it lies", source, "LightGBM", booster.predict(seen))

answer = {"rows": seen.to_numpy().tolist(), "models": told, "run": mlflow_3, "experiment": prefix}
Path(sys.argv[2]).write_text(json.dumps(answer))
