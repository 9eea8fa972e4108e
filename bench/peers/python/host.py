"""Scores rows with one native engine on request and says what that cost: ../README.md has the words.

    host.py ENGINE MODEL

ENGINE is a library's name and how it is called: `-c` by its C functions alone (bare.c), `-python` as a user of Python calls it.
"""

import ctypes
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy

import engines

HERE = Path(__file__).parent


def library():
    """bare.c, compiled beside the models."""
    source, built = HERE / "bare.c", HERE.parent.parent.parent / ".curbside/bench/bare.so"
    if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", built, source], check=True)
    bare = ctypes.CDLL(str(built))
    bare.one.restype = bare.warm.restype = ctypes.c_double
    return bare


class Bare:
    """An engine by its C functions."""

    def __init__(self, engine, rows):
        self.bare, self.rows, self.turn = library(), rows, ctypes.c_long(0)
        self.engine, self.batch = engine
        self.place = rows.ctypes.data_as(ctypes.c_void_p)

    def one(self, index):
        row = ctypes.c_void_p(self.rows.ctypes.data + index * self.rows.strides[0])
        return self.bare.one(ctypes.byref(self.engine), row)

    def warm(self, milliseconds):
        turn, engine = ctypes.byref(self.turn), ctypes.byref(self.engine)
        return self.bare.warm(engine, self.place, len(self.rows), ctypes.c_double(milliseconds), turn)

    def cold(self, samples, size):
        buffer = numpy.ones(size // 8, dtype=numpy.uint64)

        def sample(count, engine):
            out = numpy.zeros(count)
            places = (self.place, len(self.rows), count, buffer.ctypes.data_as(ctypes.c_void_p), len(buffer))
            self.bare.cold(engine, *places, ctypes.byref(self.turn), out.ctypes.data_as(ctypes.c_void_p))
            return out

        clock = statistics.median(sample(min(samples, 15), None))
        return numpy.maximum(sample(samples, ctypes.byref(self.engine)) - clock, 0)


class Called:
    """An engine as a user of Python calls it: a row is a matrix of one row."""

    def __init__(self, engine, rows):
        self.predict, self.rows, self.turn = engine, rows, 0
        self.batch = lambda: engine(rows)

    def one(self, index):
        return float(numpy.ravel(self.predict(self.rows[index : index + 1]))[0])

    def warm(self, milliseconds):
        def turn():
            self.turn = (self.turn + 1) % len(self.rows)
            self.predict(self.rows[self.turn : self.turn + 1])

        return loop_cost(milliseconds, turn)

    def cold(self, samples, size):
        raise ValueError("not measured: Python alone would be most of it")


def loop_cost(milliseconds, run):
    """CPU nanoseconds a turn, of as many turns as last for about `milliseconds`."""
    turns = 1
    while True:
        began = time.process_time_ns()
        for _ in range(turns):
            run()
        took = time.process_time_ns() - began
        if took >= milliseconds * 0.5e6:
            return took / turns
        turns *= 2


def difference(host, expected):
    one_by_one = numpy.array([host.one(index) for index in range(len(expected))])
    at_once = numpy.ravel(host.batch()).astype(float)
    worst = max(numpy.abs(one_by_one - expected).max(), numpy.abs(at_once - expected).max())
    return worst if numpy.isfinite(worst) else numpy.inf


def answer(host, expected, request):
    match request.split():
        case ["difference"]:
            return [difference(host, expected)]
        case ["warm", milliseconds]:
            return [host.warm(float(milliseconds))]
        case ["batch", milliseconds]:
            return [loop_cost(float(milliseconds), host.batch) / len(expected)]
        case ["cold", samples, size]:
            return host.cold(int(samples), int(size))
    raise ValueError(f"expected difference, warm MS, batch MS or cold SAMPLES BYTES, found {request!r}")


def main():
    name, _, way = sys.argv[1].rpartition("-")
    folder = Path(sys.argv[2])
    columns = (folder / "columns.txt").read_text().split()
    rows = numpy.ascontiguousarray(numpy.fromfile(folder / "rows.f64", dtype="<f8").reshape(-1, len(columns)))
    expected = numpy.fromfile(folder / "expected.f64", dtype="<f8")
    try:
        opened = engines.OPENERS[name](folder, rows, way)
        host = Bare(opened, rows) if way == "c" else Called(opened, rows)
        host.one(0)
    except Exception as error:  # noqa: BLE001 - whatever keeps an engine out is what the table says
        print("error", " ".join(str(error).split())[:300])
        return
    print("ready", flush=True)
    for request in sys.stdin:
        try:
            print(*(float(number) for number in answer(host, expected, request)), flush=True)
        except Exception as error:  # noqa: BLE001
            print("error", " ".join(str(error).split())[:300], flush=True)


if __name__ == "__main__":
    main()
