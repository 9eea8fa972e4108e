"""Writes small LightGBM models and what LightGBM itself predicts of hard rows.

    python -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python make.py
    for v in 3.3.5 4.0.0 4.6.0; do  # with Python 3.10, which has wheels of all
        python3.10 -m venv .venv-$v && .venv-$v/bin/pip install lightgbm==$v "numpy<2" "scipy<1.12" && .venv-$v/bin/python make.py
    done

For each model NAME.txt (LightGBM's own text format) there is NAME.rows: one row a line, every feature and then the
prediction as the 16 hexadecimal digits of an IEEE 754 double. `crates/import/tests/golden_lightgbm.rs` reads them and
must give the same bits.

The objectives that transform the sum, the mean, linear leaves and the options are in ../lightgbm-VERSION: for each row the features, the raw
score and the prediction as big-endian doubles. Older versions write only what each option may write in its own way.
"""

import pathlib
import re
import struct

import lightgbm
import numpy

HERE = pathlib.Path(__file__).parent
ROWS = 600
# LightGBM's kZeroThreshold: the literal is a float there.
ZERO = float(numpy.float32(1e-35))
COMMON = {
    "objective": "regression",
    "num_leaves": 15,
    "learning_rate": 0.2,
    "min_data_in_leaf": 5,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
}


def neighbours(x):
    return [numpy.nextafter(x, -numpy.inf), x, numpy.nextafter(x, numpy.inf)]


def numeric_specials():
    values = [numpy.nan, numpy.inf, -numpy.inf, 0.0, -0.0, 1e-300, -1e-300, 5e-324, 1.7976931348623157e308]
    for x in (1e-35, -1e-35, ZERO, -ZERO):
        values += neighbours(x)
    return values


def category_specials():
    # Within what a C int holds: beyond it the cast in LightGBM has no defined answer.
    return [numpy.nan, -0.0, -0.5, -1.0, -7.0, 0.9, 2.9, 33.5, 63.0, 64.0, 1000.0, 2.0e9]


def thresholds(text):
    """Thresholds of the numeric splits by feature."""
    found = {}
    for block in text.split("Tree=")[1:]:
        lines = dict(re.findall(r"^(split_feature|threshold|decision_type)=(.*)$", block, re.M))
        if not lines:
            continue
        for feature, threshold, decision in zip(*(lines[k].split() for k in ("split_feature", "threshold", "decision_type"))):
            if int(decision) & 1 == 0:
                found.setdefault(int(feature), []).append(float(threshold))
    return found


def bits(x):
    return struct.pack(">d", x).hex()


def write(name, x, y, categorical, parameters, trees):
    settings = {**COMMON, **parameters}
    data = lightgbm.Dataset(x, y, categorical_feature=categorical, params=settings)
    model = lightgbm.train(settings, data, trees)
    text = model.model_to_string()
    (HERE / f"{name}.txt").write_text(text)

    rows = hard_rows(x, text, categorical, ROWS)
    # Read back from the text, so that what is compared is what the text means.
    predictions = lightgbm.Booster(model_str=text).predict(rows, num_threads=1)
    lines = [" ".join(bits(value) for value in [*row, prediction]) for row, prediction in zip(rows, predictions)]
    (HERE / f"{name}.rows").write_text("\n".join(lines) + "\n")
    print(name, model.num_trees(), "trees")


def hard_rows(x, text, categorical, count):
    random = numpy.random.default_rng(2)
    at = thresholds(text)
    rows = x[random.integers(0, len(x), count)].copy()
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
                row[feature] = random.choice(numeric_specials())
    return rows


def write_transformed(name, x, y, parameters, trees, categorical=()):
    """A model whose prediction is not the sum of its leaves."""
    folder = HERE.parent / f"lightgbm-{lightgbm.__version__}"
    folder.mkdir(exist_ok=True)
    settings = {**COMMON, "num_leaves": 7, **parameters}
    data = lightgbm.Dataset(x, y, categorical_feature=list(categorical), params=settings)
    text = lightgbm.train(settings, data, trees).model_to_string()
    # Neither importances nor parameters say anything about predictions.
    text = text[: text.index("end of trees")] + "end of trees\n"
    (folder / f"{name}.txt").write_text(text)
    rows = hard_rows(x, text, categorical, 500)
    model = lightgbm.Booster(model_str=text)
    raw, predicted = model.predict(rows, raw_score=True, num_threads=1), model.predict(rows, num_threads=1)
    with open(folder / f"{name}.rows", "wb") as file:
        for row, score, value in zip(rows, raw, predicted):
            file.write(struct.pack(f">{len(row) + 2}d", *row, score, value))
    print(lightgbm.__version__, name, len(text))


def main():
    random = numpy.random.default_rng(1)
    x = random.normal(size=(3000, 4))
    x[random.random(x.shape) < 0.15] = 0.0
    y = numpy.where(x[:, 0] > 0, 3.0, -1.0) * x[:, 1] + numpy.sin(3 * x[:, 2]) + 20.0 + (x[:, 3] == 0)
    holes = x.copy()
    holes[random.random(x.shape) < 0.1] = numpy.nan
    holed = y + 2 * numpy.isnan(holes[:, 1])

    if lightgbm.__version__ == "4.7.0":
        write("missing_none", x, y, [], {}, 20)
        write("missing_zero", holes, holed, [], {"zero_as_missing": True}, 20)
        write("missing_nan", holes, holed, [], {}, 20)

    # Few categories are split one against the rest, many by sets of several words.
    few, many = random.integers(0, 4, 3000), random.integers(0, 90, 3000)
    mixed = numpy.column_stack([few.astype(float), many.astype(float), x[:, 0], holes[:, 1]])
    mixed[random.random(3000) < 0.1, 1] = numpy.nan
    effect = random.normal(size=90)
    by_category = effect[many] * 3 + (few == 2) * 2 + x[:, 0] * few + 10.0
    sets = {"min_data_per_group": 5, "cat_smooth": 1.0}
    small, above = holes[:, :3], numpy.clip(holed, 0.1, None)
    bag = {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}

    write_transformed("zero", small, holed, {"zero_as_missing": True}, 5)
    write_transformed("unused", small, holed, {"use_missing": False}, 5)
    write_transformed("onehot", mixed, by_category, {"max_cat_to_onehot": 100}, 6, [0, 1])
    write_transformed("sets", mixed, by_category, {"max_cat_to_onehot": 1, **sets}, 6, [0, 1])
    write_transformed("dart", small, holed, {"boosting": "dart", "drop_rate": 0.5}, 8)
    write_transformed("goss", small, holed, {"boosting": "goss"}, 8)
    write_transformed("sqrt", small, holed - 18, {"reg_sqrt": True}, 6)
    write_transformed("forest_poisson", small, above, {**bag, "objective": "poisson"}, 7)
    write_transformed("linear_categorical", mixed[:, 1:], by_category, {"linear_tree": True, "objective": "regression"}, 6, [0])
    write_transformed("binary", small, (holed > 20) * 1.0, {"objective": "binary", "sigmoid": 0.7}, 6)
    if lightgbm.__version__ != "4.7.0":
        return

    write("categorical", mixed, by_category, [0, 1], sets, 20)
    # Nothing is worth a split: a tree of one leaf.
    write("constant", x, numpy.full(3000, 7.25) + (numpy.arange(3000) % 2) * 0.5, [], {"min_data_in_leaf": 3000}, 3)
    for name in ("regression_l1", "huber", "fair", "quantile", "mape"):
        write_transformed(name, small, holed, {"objective": name}, 5)
    for name in ("poisson", "gamma", "tweedie"):
        write_transformed(name, small, above, {"objective": name}, 5)
    write_transformed("cross_entropy", small, 1.0 / (1.0 + numpy.exp(20.0 - holed)), {"objective": "cross_entropy"}, 6)
    write_transformed("quantile_sqrt", small, above, {"objective": "quantile", "reg_sqrt": True}, 5)
    write_transformed("forest", small, holed, bag, 7)
    write_transformed("linear", small, holed, {"linear_tree": True}, 6)


if __name__ == "__main__":
    main()
