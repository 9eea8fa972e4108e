"""Writes scikit-learn wrappers with skops, and what their own predict gives for hard rows, into ../skops-VERSION.

    python3.12 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make.py

For each NAME.skops that can be read there is NAME.rows: for each row the features and the prediction as big-endian doubles.
Those without are refused by name. `crates/import/tests/golden_skops.rs` reads them.
"""

import pathlib
import struct
import sys
import zipfile

import lightgbm
import numpy
import pandas
import skops
import skops.io
import xgboost
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lightgbm"))
import make as light  # noqa: E402  Its hard rows.

HERE = pathlib.Path(__file__).parent.parent / f"skops-{skops.__version__}"
NAMES = ["hour", "trip_distance", "weekday"]


def write(name, model, stored=False):
    path = HERE / f"{name}.skops"
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    skops.io.dump(model, path, compression=method, compresslevel=None if stored else 9)
    print(name, path.stat().st_size)
    # Read back, so that what is compared is what the file means.
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def write_rows(name, model, x, text=""):
    rows = light.hard_rows(x, text, [], 500)
    predicted = model.predict(pandas.DataFrame(rows, columns=NAMES))
    with open(HERE / f"{name}.rows", "wb") as file:
        for row, value in zip(rows, predicted):
            file.write(struct.pack(">4d", *row, value))


def main():
    HERE.mkdir(exist_ok=True)
    random = numpy.random.default_rng(1)
    x = numpy.column_stack([random.integers(0, 24, 2000), random.gamma(2.0, 1.5, 2000), random.integers(0, 7, 2000)]).astype(float)
    y = 4.0 + 3.5 * x[:, 1] + numpy.sin(x[:, 0] / 4) * 3 - (x[:, 2] > 4) + random.normal(size=2000)
    x[random.random(x.shape) < 0.1] = numpy.nan
    frame = pandas.DataFrame(x, columns=NAMES)
    settings = {"num_leaves": 7, "verbose": -1, "n_jobs": 1, "random_state": 1}
    regressor = lambda **more: lightgbm.LGBMRegressor(**{"n_estimators": 5, **settings, **more})
    boosted = lambda **more: xgboost.XGBRegressor(**{"n_estimators": 5, "max_depth": 3, "n_jobs": 1, "random_state": 1, **more})

    for name, model in (
        ("lightgbm", regressor()),
        ("poisson", regressor(objective="poisson")),
        ("pipeline", Pipeline([("nothing", "passthrough"), ("model", regressor())])),
    ):
        model.fit(frame, numpy.clip(y, 0.1, None))
        booster = getattr(model, "booster_", None) or model[-1].booster_
        write_rows(name, write(name, model, stored=name == "lightgbm"), x, booster.model_to_string())
    stopped = lightgbm.early_stopping(3, verbose=False)
    early = regressor(n_estimators=60, learning_rate=0.5)
    early.fit(frame[:500], y[:500], eval_set=[(frame[500:], y[500:])], callbacks=[stopped])
    assert 0 < early.best_iteration_ < 60
    write_rows("early", write("early", early), x, early.booster_.model_to_string())

    early = boosted(n_estimators=60, learning_rate=0.7, early_stopping_rounds=8)
    early.fit(frame[:500], y[:500], eval_set=[(frame[500:], y[500:])], verbose=False)
    assert early.best_iteration + 8 <= early.get_booster().num_boosted_rounds()
    write_rows("xgboost", write("xgboost", early), x)
    write_rows("xgboost_forest", write("xgboost_forest", xgboost.XGBRFRegressor(4, max_depth=3, n_jobs=1).fit(frame, y)), x)

    # What their predict does is not only the model's.
    write("scaled", make_pipeline(StandardScaler(), regressor()).fit(frame, y))
    write("log", TransformedTargetRegressor(regressor(), func=numpy.log1p, inverse_func=numpy.expm1).fit(frame, numpy.abs(y)))
    write("missing", boosted(missing=-1.0).fit(frame.fillna(-1.0), y))
    write("classes", lightgbm.LGBMClassifier(n_estimators=2, **settings).fit(frame, y > 10))
    write("raw", regressor(predict_raw_score=True).fit(frame, y))


if __name__ == "__main__":
    main()
