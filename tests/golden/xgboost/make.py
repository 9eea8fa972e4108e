"""Writes small XGBoost models and what XGBoost itself predicts of hard rows, into ../xgboost-VERSION.

    for v in 1.7.6 2.1.4 3.2.0 3.3.0 3.4.1; do
        python3.12 -m venv .venv-$v && .venv-$v/bin/pip install xgboost==$v -r requirements.txt && .venv-$v/bin/python make.py
    done

For each model NAME.json or NAME.ubj there is NAME.rows: for each row the features as big-endian doubles, then the raw score
and the prediction as big-endian floats. `crates/import/tests/golden_xgboost.rs` reads them.
"""

import json
import pathlib
import struct

import numpy
import xgboost

VERSION = xgboost.__version__
HERE = pathlib.Path(__file__).parent.parent / f"xgboost-{VERSION}"
ROWS = 500
NAMES = ["a", "b", "c"]
COMMON = {"max_depth": 3, "eta": 0.3, "nthread": 1, "seed": 1, "verbosity": 0, "max_cat_to_onehot": 3}


def neighbours(x):
    """A float and its two neighbours; and doubles between them, which round to one of the three."""
    x = numpy.float32(x)
    low, high = numpy.nextafter(x, numpy.float32(-numpy.inf)), numpy.nextafter(x, numpy.float32(numpy.inf))
    x, low, high = float(x), float(low), float(high)
    return [low, x, high, numpy.nextafter(x, -numpy.inf), numpy.nextafter(x, numpy.inf), x + 0.49 * (low - x)]


def specials(infinities):
    values = [numpy.nan, 0.0, -0.0, 1e-300, -5e-324, 1e-45, 3.4028235e38]
    # The last two are infinite as floats.
    values += [numpy.inf, -numpy.inf, 1e39, -1e300] if infinities else []
    for x in (1e-35, -1e-35, 1.1754944e-38):
        values += neighbours(x)
    return values


def category_specials():
    # Categories are whole numbers below 2^24; what XGBoost makes of the rest is part of its arithmetic.
    return [numpy.nan, -0.0, -0.5, -1.0, -7.0, 0.9, 2.9, 33.5, 63.0, 64.0, 1000.0, 16777215.0, 16777216.0, 2.0e9]


def thresholds(model):
    """Thresholds of the numeric splits by feature."""
    found = {}
    booster = model["learner"]["gradient_booster"]
    for tree in booster.get("gbtree", booster)["model"]["trees"]:
        columns = (tree[key] for key in ("left_children", "split_indices", "split_conditions", "split_type"))
        for left, feature, threshold, categorical in zip(*columns):
            if left >= 0 and not categorical:
                found.setdefault(feature, []).append(threshold)
    return found


def hard_rows(x, model, categorical, infinities):
    random = numpy.random.default_rng(2)
    at = thresholds(model)
    rows = x[random.integers(0, len(x), ROWS)].copy()
    for row in rows:
        for feature in range(x.shape[1]):
            # A third of the values stay as they were trained on.
            if random.random() < 1 / 3:
                continue
            if feature in categorical:
                row[feature] = random.choice(category_specials())
            elif feature in at and random.random() < 0.6:
                row[feature] = random.choice(neighbours(random.choice(at[feature])))
            else:
                row[feature] = random.choice(specials(infinities))
    return rows


def write(name, x, y, parameters, trees, categorical=(), best=False):
    settings = {**COMMON, **parameters}
    types = ["c" if column in categorical else "q" for column in range(x.shape[1])]
    data = lambda part: xgboost.DMatrix(x[part], y[part], feature_names=NAMES, feature_types=types)
    if best:
        half = len(x) // 2
        model = xgboost.train(settings, data(slice(half)), trees, evals=[(data(slice(half, None)), "later")],
                              early_stopping_rounds=8, verbose_eval=False)
        assert model.best_iteration < model.num_boosted_rounds() - 1
    else:
        model = xgboost.train(settings, data(slice(None)), trees)
    ending = "json" if name.endswith("_text") else "ubj"
    path = HERE / f"{name}.{ending}"
    path.write_bytes(model.save_raw(ending))
    # Read back, so that what is compared is what the file means.
    model = xgboost.Booster({"nthread": 1}, model_file=str(path))
    dart = parameters.get("booster") == "dart"
    rows = hard_rows(x, json.loads(model.save_raw("json")), categorical, infinities=not dart)
    how = {"iteration_range": (0, int(model.attr("best_iteration")) + 1)} if best else {}
    # A DMatrix refuses infinities, which prediction in place does not; that adds up DART's trees in another order.
    infinite = numpy.isinf(rows.astype(numpy.float32)).any(axis=1)
    plain = xgboost.DMatrix(rows[~infinite], feature_names=NAMES, feature_types=types)
    raw, predicted = numpy.empty(ROWS, numpy.float32), numpy.empty(ROWS, numpy.float32)
    for scores, kind in ((raw, "margin"), (predicted, "value")):
        if not dart:
            scores[:] = model.inplace_predict(rows, predict_type=kind, validate_features=False, missing=numpy.nan, **how)
            assert (scores[~infinite] == model.predict(plain, output_margin=kind == "margin", **how)).all()
        scores[~infinite] = model.predict(plain, output_margin=kind == "margin", **how)
    with open(HERE / f"{name}.rows", "wb") as file:
        for row, margin, value in zip(rows, raw, predicted):
            file.write(struct.pack(">dddff", *row, margin, value))
    print(VERSION, name, path.stat().st_size)


def main():
    HERE.mkdir(exist_ok=True)
    random = numpy.random.default_rng(1)
    x = random.normal(size=(2000, 3))
    y = numpy.where(x[:, 0] > 0, 3.0, -1.0) * x[:, 1] + numpy.sin(3 * x[:, 2]) + 20.0
    holes = x.copy()
    holes[random.random(x.shape) < 0.1] = numpy.nan
    holed = y + 2 * numpy.isnan(holes[:, 1])
    noisy = holed + random.normal(size=2000) * 4
    few, many = random.integers(0, 4, 2000), random.integers(0, 70, 2000)
    mixed = numpy.column_stack([x[:, 0], few, many]).astype(float)
    worth = random.normal(size=70)
    by_category = x[:, 0] + 2.0 * (few % 2) + worth[many]
    mixed[random.random(mixed.shape) < 0.1] = numpy.nan
    by_category += 3.0 * numpy.isnan(mixed[:, 2]) + numpy.isnan(mixed[:, 1])

    write("squared_text", holes, holed, {}, 6)
    write("squared", holes, holed, {"base_score": 7.25}, 6)
    write("absolute", holes, holed, {"objective": "reg:absoluteerror"}, 5)
    write("pseudohuber", holes, holed, {"objective": "reg:pseudohubererror"}, 5)
    write("pruned", holes, holed, {"tree_method": "exact", "gamma": 400.0}, 5)
    write("parallel", holes, holed, {"num_parallel_tree": 3, "subsample": 0.5}, 2)
    write("category_text", mixed, by_category, {"tree_method": "hist"}, 6, categorical=(1, 2))
    write("category", mixed, by_category, {"tree_method": "hist", "eta": 0.5}, 6, categorical=(1, 2))
    write("onehot", mixed, by_category, {"tree_method": "hist", "max_cat_to_onehot": 100}, 6, categorical=(1, 2))
    dart = {"booster": "dart", "rate_drop": 0.5, "one_drop": 1}
    write("dart", holes, holed, dart, 8)
    write("dart_text", mixed, by_category, {**dart, "tree_method": "hist"}, 6, categorical=(1, 2))
    write("poisson", holes, numpy.clip(numpy.round(holed), 0, None), {"objective": "count:poisson"}, 6)
    write("gamma_text", holes, numpy.clip(holed, 0.1, None), {"objective": "reg:gamma"}, 5)
    write("tweedie", holes, numpy.clip(holed, 0, None), {"objective": "reg:tweedie", "tweedie_variance_power": 1.3}, 5)
    write("logistic", holes, (holed > 20.5) * 1.0, {"objective": "binary:logistic"}, 6)
    share = 1.0 / (1.0 + numpy.exp(20.5 - holed))
    write("share", holes, share, {"objective": "reg:logistic"}, 4)
    write("logitraw", holes, (holed > 20.5) * 1.0, {"objective": "binary:logitraw", "scale_pos_weight": 2.0}, 4)
    write("squaredlog", holes, numpy.clip(holed, 0.1, None), {"objective": "reg:squaredlogerror", "base_score": 19.0}, 4)
    if VERSION >= "2":
        write("quantile", holes, noisy, {"objective": "reg:quantileerror", "quantile_alpha": 0.8}, 4)
    if VERSION >= "3.3":
        write("expectile", holes, noisy, {"objective": "reg:expectileerror", "expectile_alpha": 0.8}, 4)
    write("best", holes, noisy, {"eta": 0.7}, 40, best=True)


if __name__ == "__main__":
    main()
