"""Writes what LightGBM and XGBoost themselves say of contributions, for the models beside this folder.

    python -m venv .venv && .venv/bin/pip install lightgbm==4.7.0 && .venv/bin/python make.py
    python -m venv .venv && .venv/bin/pip install xgboost-cpu==3.4.1 && .venv/bin/python make.py

and the same with XGBoost 1.7.6 (which wants numpy<2), 2.1.4, 3.2.0 and 3.3.0. Whichever of the two is installed explains 300 of
the rows that ../lightgbm/make.py and ../xgboost/make.py made: LIBRARY-VERSION/NAME.bin here holds for each of them the row's
number in NAME.rows there (a big-endian unsigned 32), then what each feature contributes and the expected value, as big-endian
doubles of LightGBM's `pred_contrib` or floats of XGBoost's `pred_contribs`. Rows with infinities are left out for XGBoost, which
takes none in such a matrix. `crates/import/tests/contributions.rs` reads them.
"""

import pathlib
import struct

import numpy

HERE = pathlib.Path(__file__).parent
ROWS = 300
LIGHTGBM = {
    "lightgbm": ["missing_none", "missing_zero", "missing_nan", "categorical", "constant"],
    # Linear leaves have no contributions there either.
    "lightgbm-4.7.0": ["regression_l1", "quantile", "poisson", "binary", "sqrt", "forest", "forest_poisson"],
}
XGBOOST = ["squared", "category", "dart", "parallel", "poisson", "logistic"]


def write(folder, name, numbers, kind, contributions):
    (HERE / folder).mkdir(exist_ok=True)
    with open(HERE / folder / f"{name}.bin", "wb") as file:
        for number, row in zip(numbers, contributions):
            file.write(struct.pack(f">I{len(row)}{kind}", number, *row))
    print(folder, name, contributions.shape)


def binary_rows(path, columns, rest):
    data = path.read_bytes()
    width = 8 * columns + rest
    return numpy.array([struct.unpack_from(f">{columns}d", data, at) for at in range(0, len(data), width)])


def text_rows(path):
    digits = [line.split() for line in path.read_text().splitlines()]
    return numpy.array([[struct.unpack(">d", bytes.fromhex(x))[0] for x in row[:-1]] for row in digits])


def explain_lightgbm(lightgbm):
    for folder, names in LIGHTGBM.items():
        for name in names:
            model = lightgbm.Booster(model_file=HERE.parent / folder / f"{name}.txt")
            path = HERE.parent / folder / f"{name}.rows"
            rows = text_rows(path) if folder == "lightgbm" else binary_rows(path, model.num_feature(), 16)
            contributions = model.predict(rows[:ROWS], pred_contrib=True, num_threads=1)
            write(f"lightgbm-{lightgbm.__version__}", name, range(ROWS), "d", contributions)


def explain_xgboost(xgboost):
    folder = f"xgboost-{xgboost.__version__}"
    for name in XGBOOST:
        model = xgboost.Booster(model_file=HERE.parent / folder / f"{name}.ubj")
        rows = binary_rows(HERE.parent / folder / f"{name}.rows", model.num_features(), 8)
        finite = numpy.flatnonzero(~numpy.isinf(rows.astype(numpy.float32)).any(axis=1))[:ROWS]
        matrix = xgboost.DMatrix(rows[finite], feature_names=model.feature_names, feature_types=model.feature_types)
        write(folder, name, finite, "f", model.predict(matrix, pred_contribs=True, strict_shape=False))


try:
    import lightgbm as library

    explain_lightgbm(library)
except ImportError:
    import xgboost as library

    explain_xgboost(library)
