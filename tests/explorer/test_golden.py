"""What the page's program is compared with (`explorer/golden`) is what the library computes now."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "explorer" / "golden"


def made():
    spec = importlib.util.spec_from_file_location("golden_make", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKE = made()
QUICK = ("theory", "dynamics")


def test_every_file_is_one_that_is_compared():
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(MAKE.names())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.thorough) for name in MAKE.names()]
)
def test_the_library_still_computes_it(name):
    compare(MAKE.content(name), json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")), name)


def compare(now, kept, place: str) -> None:
    """Numbers to single precision, all else to the letter."""
    if isinstance(kept, dict):
        assert now.keys() == kept.keys(), place
        for name in kept:
            compare(now[name], kept[name], f"{place}.{name}")
    elif isinstance(kept, list) and kept and isinstance(kept[0], dict):
        assert len(now) == len(kept), place
        for i, (one, other) in enumerate(zip(now, kept, strict=True)):
            compare(one, other, f"{place}[{i}]")
    elif isinstance(kept, float) or (isinstance(kept, list) and not isinstance(kept[0], str)):
        np.testing.assert_allclose(np.array(now, float), np.array(kept, float), 1e-5, 1e-6, err_msg=place)
    else:
        assert now == kept, place
