"""Writes models of data frames with columns of pandas' category type, and what each library predicts of frames.

    python3.12 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make.py

For each model there is NAME.rows: for each row the features (ids as numbers, not codes) and the prediction as big-endian doubles.
`crates/import/tests/golden_frames.rs` reads them.
"""

import pathlib
import struct
import sys

import lightgbm
import numpy
import pandas
import xgboost

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lightgbm"))
import make as light  # noqa: E402  Its hard rows.

NAMES = ["PULocationID", "trip_distance", "hour"]
HOURS = list(range(24))


def frame(rows, ids, texts):
    """Ids and hours as categories, of numbers or of texts, which have another order."""
    kind = (lambda column: column.map(lambda value: "" if value != value else str(int(value)))) if texts else (lambda column: column)
    columns = {"PULocationID": kind(pandas.Series(rows[:, 0])), "trip_distance": rows[:, 1], "hour": kind(pandas.Series(rows[:, 2]))}
    for name, values in (("PULocationID", ids), ("hour", HOURS)):
        values = sorted(str(value) for value in values) if texts else values
        column = columns[name].astype(object) if texts else columns[name].astype("Int64")
        columns[name] = pandas.Categorical(column, categories=pandas.Index(values, dtype=object if texts else "int64"))
    return pandas.DataFrame(columns)


def main():
    random = numpy.random.default_rng(1)
    ids = sorted(int(value) for value in random.choice(numpy.arange(1, 264), 60, replace=False))
    x = numpy.column_stack([random.choice(ids, 3000), random.gamma(2.0, 1.5, 3000), random.integers(0, 24, 3000)]).astype(float)
    worth = random.normal(size=264) * 3
    y = 4.0 + 3.5 * x[:, 1] + worth[x[:, 0].astype(int)] + 4 * (x[:, 2] % 7 < 2) + random.normal(size=3000)
    x[random.random(x.shape) < 0.05] = numpy.nan
    settings = {**light.COMMON, "num_leaves": 9, "min_data_per_group": 5, "cat_smooth": 1.0}
    for kind, texts in (("ids", False), ("texts", True)):
        table = frame(x, ids, texts)
        model = lightgbm.train(settings, lightgbm.Dataset(table, y), 6)
        text = model.model_to_string()
        # Parameters say nothing about predictions; the last line does.
        text = text[: text.index("end of trees")] + "end of trees\n\n" + text[text.index("pandas_categorical") :]
        (HERE / f"lightgbm_{kind}.txt").write_text(text)
        boosted = xgboost.train(
            {"max_depth": 4, "nthread": 1, "seed": 1, "max_cat_to_onehot": 30},
            xgboost.DMatrix(table, y, enable_categorical=True),
            6,
        )
        ending = "json" if texts else "ubj"
        boosted.save_model(HERE / f"xgboost_{kind}.{ending}")
        rows = light.hard_rows(x, text, [0, 2], 500)
        # Ids that were met, that were not, and none; halves are no ids.
        rows[:, 0] = random.choice([*ids, numpy.nan, 264.0, 0.0], 500)
        rows[:, 2] = random.choice([*HOURS, numpy.nan], 500)
        later = xgboost.Booster({"nthread": 1}, model_file=HERE / f"xgboost_{kind}.{ending}")
        # XGBoost refuses infinities in a frame, and ids that it has not met.
        plain = rows.copy()
        plain[~numpy.isfinite(plain[:, 1].astype(numpy.float32)), 1] = numpy.nan
        plain[~numpy.isin(plain[:, 0], ids), 0] = numpy.nan
        for library, rows, predicted in (
            ("lightgbm", rows, lightgbm.Booster(model_str=text).predict(frame(rows, ids, texts), num_threads=1)),
            ("xgboost", plain, later.predict(xgboost.DMatrix(frame(plain, ids, texts), enable_categorical=True))),
        ):
            with open(HERE / f"{library}_{kind}.rows", "wb") as file:
                for row, value in zip(rows, predicted):
                    file.write(struct.pack(">4d", *row, value))


if __name__ == "__main__":
    main()
