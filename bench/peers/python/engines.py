"""The native engines: for each, its C functions ready to be called, or what a user of Python calls. Every engine has one thread.

An opener takes the model's folder, the rows and the way (`c` or `python`). By C it gives the structure of bare.c and a function
that scores all rows at once; for Python a function from a matrix to predictions.
"""

import ctypes
import json
from pathlib import Path

import numpy

DOUBLES, ROW_MAJOR, NORMAL = 1, 1, 0


class Engine(ctypes.Structure):
    """`struct engine` in bare.c."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("handle", ctypes.c_void_p),
        ("columns", ctypes.c_int),
        ("rows", ctypes.c_char_p),
        ("config", ctypes.c_char_p),
        ("staged", ctypes.c_void_p),
    ]


def made(path):
    """The file, or the reason why it is not there."""
    failed = Path(f"{path}.failed")
    if failed.exists():
        raise ValueError(failed.read_text())
    return path


def address(function):
    return ctypes.cast(function, ctypes.c_void_p)


def place(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def lightgbm(folder, rows, way):
    import lightgbm as library

    booster = library.Booster(model_file=made(folder / "model.txt"), params={"num_threads": 1})
    if way == "python":
        return lambda matrix: booster.predict(matrix, num_threads=1)
    functions, handle = library.basic._LIB, booster._handle
    columns, one_thread = ctypes.c_int32(rows.shape[1]), ctypes.c_char_p(b"num_threads=1")
    fast = ctypes.c_void_p()
    functions.LGBM_BoosterPredictForMatSingleRowFastInit(
        handle, NORMAL, 0, -1, DOUBLES, columns, one_thread, ctypes.byref(fast)
    )
    out, length = numpy.zeros(len(rows)), ctypes.c_int64()

    def batch():
        functions.LGBM_BoosterPredictForMat(
            handle, place(rows), DOUBLES, ctypes.c_int32(len(rows)), columns, ROW_MAJOR, NORMAL, 0, -1, one_thread,
            ctypes.byref(length), place(out),
        )  # fmt: skip
        return out

    function = address(functions.LGBM_BoosterPredictForMatSingleRowFast)
    batch.keeps = booster
    return Engine(kind=0, function=function, handle=fast, columns=rows.shape[1]), batch


def array_interface(array):
    """An array as XGBoost's C functions are told of it."""
    interface = array.__array_interface__
    return json.dumps({key: interface[key] for key in ("data", "shape", "typestr", "version")}).encode()


def xgboost(folder, rows, way):
    import xgboost as library

    booster = library.Booster({"nthread": 1}, model_file=made(folder / "model.ubj"))
    if way == "python":
        return lambda matrix: booster.inplace_predict(matrix, validate_features=False)
    functions = library.core._LIB
    config = json.dumps({
        "type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False, "cache_id": 0,
        "missing": float("nan"),
    }).encode()  # fmt: skip
    staged = numpy.zeros((1, rows.shape[1]), dtype=numpy.float32)
    singles = numpy.ascontiguousarray(rows, dtype=numpy.float32)
    matrix, one = array_interface(singles), array_interface(staged)
    shape, dimensions, result = ctypes.c_void_p(), ctypes.c_uint64(), ctypes.POINTER(ctypes.c_float)()

    def batch():
        functions.XGBoosterPredictFromDense(
            booster.handle, matrix, config, None, ctypes.byref(shape), ctypes.byref(dimensions), ctypes.byref(result)
        )
        return numpy.ctypeslib.as_array(result, (len(rows),))

    batch.keeps = (booster, staged, singles)
    engine = Engine(
        kind=1,
        function=address(functions.XGBoosterPredictFromDense),
        handle=booster.handle,
        columns=rows.shape[1],
        rows=one,
        config=config,
        staged=place(staged),
    )
    return engine, batch


def tl2cgen(folder, rows, way):
    import tl2cgen as library

    path = made(folder / "tl2cgen.so")
    predictor = library.Predictor(path, nthread=1)
    dtype = {"float64": numpy.float64, "float32": numpy.float32}[predictor.threshold_type]
    if way == "python":
        return lambda matrix: predictor.predict(library.DMatrix(matrix, dtype=predictor.threshold_type))
    if dtype is numpy.float32:
        raise ValueError("not measured: the compiled function of a model in single precision has another layout of rows")
    functions = ctypes.CDLL(str(path))
    matrix = library.DMatrix(rows, dtype="float64")

    def batch():
        return predictor.predict(matrix)

    batch.keeps = functions
    # A cell is a double or, where its value is missing, the number -1: a NaN of nothing but ones is both.
    rows[numpy.isnan(rows)] = numpy.int64(-1).view(numpy.float64)
    return Engine(kind=2, function=address(functions.predict), columns=rows.shape[1]), batch


def lleaves(folder, rows, way):
    import lleaves as library

    made(folder / "lleaves.o")
    model, by_row = (library.Model(model_file=folder / "model.txt") for _ in range(2))
    model.compile(cache=folder / "lleaves.o")
    by_row.compile(cache=folder / "lleaves-row.o")
    if way == "python":
        return lambda matrix: (by_row if len(matrix) == 1 else model).predict(matrix, n_jobs=1)
    out = numpy.zeros(len(rows))
    doubles = ctypes.POINTER(ctypes.c_double)

    def batch():
        model._c_entry_func(rows.ctypes.data_as(doubles), out.ctypes.data_as(doubles), 0, len(rows))
        return out

    batch.keeps = by_row
    return Engine(kind=3, function=address(by_row._c_entry_func), columns=rows.shape[1]), batch


OPENERS = {"lightgbm": lightgbm, "xgboost": xgboost, "tl2cgen": tl2cgen, "lleaves": lleaves}
