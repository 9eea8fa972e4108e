"""Compiles a model of LightGBM: compile.py tl2cgen|lleaves FOLDER."""

import sys
from pathlib import Path

# Files that the C compiler gets: it takes far longer than twice the time for twice the code.
PARTS = 16


def by_tl2cgen(folder):
    import tl2cgen
    import treelite

    model = treelite.frontend.load_lightgbm_model(folder / "model.txt")
    tl2cgen.export_lib(model, toolchain="gcc", libpath=folder / "tl2cgen.so", params={"parallel_comp": PARTS}, nthread=2)


def by_lleaves(folder):
    import lleaves

    model = lleaves.Model(model_file=folder / "model.txt")
    model.compile(cache=folder / "lleaves.o")
    # What its documentation advises for rows that come one by one.
    model.compile(cache=folder / "lleaves-row.o", fblocksize=model.num_trees())


if __name__ == "__main__":
    {"tl2cgen": by_tl2cgen, "lleaves": by_lleaves}[sys.argv[1]](Path(sys.argv[2]))
