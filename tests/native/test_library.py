"""Building the kernels: once, by whoever comes first; and doing without, where there is no compiler."""

import json
import os
import subprocess
import sys

import pytest

from fastweights.files import cache_folder
from fastweights.native.library import SWITCH, available

PROGRAM = """
import json, warnings
import jax
from fastweights import FastWeights
from fastweights.native import library
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    kind = library.describe()
cell = FastWeights(3, 5, key=jax.random.key(0))
total = float(abs(cell.unroll(jax.random.normal(jax.random.key(1), (7, 3, 2)))).sum())
print(json.dumps({"kind": kind, "total": total, "warnings": [str(w.message) for w in caught]}))
"""


def start(**environment):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(out)


def run(**environment):
    return finish(start(**environment))


@pytest.mark.thorough
def test_without_a_compiler_all_works_in_jax_to_the_same_numbers(tmp_path):
    usual = run()
    assert usual["kind"].startswith("native")
    without = run(PATH="", CXX="", XDG_CACHE_HOME=str(tmp_path))
    switched_off = run(FASTWEIGHTS_NATIVE="0")
    assert (without["kind"], without["warnings"]) == ("jax", [])
    assert (switched_off["kind"], switched_off["warnings"]) == ("jax", [])
    assert without["total"] == pytest.approx(usual["total"], rel=1e-5)
    assert switched_off["total"] == without["total"]


def test_turning_them_off_is_not_remembered(monkeypatch):
    monkeypatch.setenv(SWITCH, "0")
    assert not available()
    monkeypatch.delenv(SWITCH)
    assert available()


def test_a_compiler_that_fails_is_named_once_and_done_without(tmp_path):
    result = run(CXX="false", XDG_CACHE_HOME=str(tmp_path))
    assert result["kind"] == "jax"
    assert len(result["warnings"]) == 1
    assert "native kernels could not be built" in result["warnings"][0]


def test_a_damaged_library_is_done_without(tmp_path):
    run()
    (library,) = (cache_folder() / "native").glob("*.so")
    damaged = tmp_path / "fastweights" / "native" / library.name
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"not a library")
    result = run(XDG_CACHE_HOME=str(tmp_path))
    assert result["kind"] == "jax"
    assert len(result["warnings"]) == 1


@pytest.mark.slow
def test_two_processes_at_once_build_one_library(tmp_path):
    both = [start(XDG_CACHE_HOME=str(tmp_path)) for _ in range(2)]
    results = [finish(process) for process in both]
    assert results[0] == results[1]
    assert results[0]["kind"].startswith("native")
    assert len(list((tmp_path / "fastweights" / "native").glob("*.so"))) == 1
