"""Building the kernels: once, by whoever comes first; and doing without, where there is no compiler."""

import json
import os
import subprocess
import sys

import pytest

from fastweights.files import cache_folder
from fastweights.native import library
from fastweights.native.library import SWITCH
from fastweights.native.xla import available

PROGRAM = """
import json, warnings
import jax
from fastweights import FastWeights
from fastweights.native import xla
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    kind = xla.describe()
cell = FastWeights(3, 5, key=jax.random.key(0))
outputs, _ = cell.unroll(jax.random.normal(jax.random.key(1), (2, 7, 3)))
total = float(abs(outputs).sum())
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


def test_the_library_is_loaded_without_jax():
    program = (
        "import sys; from fastweights.native import library; library.load()[0].WriteForward;"
        "assert not {'jax', 'jaxlib'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


@pytest.mark.thorough
def test_a_compiler_that_fails_is_named_once_and_done_without(tmp_path):
    result = run(CXX="false", XDG_CACHE_HOME=str(tmp_path))
    assert result["kind"] == "jax"
    assert len(result["warnings"]) == 1
    assert "native kernels could not be built" in result["warnings"][0]


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache folder of the test's own with the kernels of the session; returns their file."""
    assert available()
    (kept,) = (cache_folder() / "native").glob("*.so")
    copy = tmp_path / "fastweights" / "native" / kept.name
    copy.parent.mkdir(parents=True, mode=0o700)
    copy.write_bytes(kept.read_bytes())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return copy


DAMAGES = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[: len(content) // 2],
    "one bit": lambda content: content[:5000] + bytes([content[5000] ^ 1]) + content[5001:],
    "without its digest": lambda content: content[:-32],
    "garbage": lambda content: b"not a library",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_library_is_noticed_before_it_is_loaded(own_cache, damage):
    assert library._is_intact(own_cache)
    own_cache.write_bytes(DAMAGES[damage](own_cache.read_bytes()))
    assert not library._is_intact(own_cache)


def test_a_damaged_library_is_built_anew_and_said_to_be_once(own_cache, monkeypatch):
    """Also what a killed compilation left goes. The compiler copies what is there: it takes no time."""
    whole = own_cache.read_bytes()
    own_cache.with_name("whole").write_bytes(whole[:-32])
    own_cache.write_bytes(whole[:20_000])
    (own_cache.parent / f"{own_cache.stem}-killed").mkdir()
    (own_cache.parent / f"{own_cache.stem}-killed" / "unfinished").touch()
    (own_cache.parent / f".{own_cache.name}.01234567.tmp").touch()
    compiler = f"sh -c 'for last; do :; done; cp {own_cache.with_name('whole')} \"$last\"' compiler"
    with pytest.warns(RuntimeWarning, match="damaged, and are built anew") as caught:
        library._compile(compiler, [], own_cache)
    assert len(caught) == 1
    assert own_cache.read_bytes() == whole
    assert sorted(os.listdir(own_cache.parent)) == sorted(
        [own_cache.name, own_cache.with_suffix(".lock").name, "whole"]
    )


@pytest.mark.thorough
def test_a_truncated_library_does_not_end_the_process(own_cache):
    """To load it would: SIGBUS."""
    own_cache.write_bytes(own_cache.read_bytes()[:20_000])
    first, second = run(), run()
    assert first["kind"] == second["kind"] != "jax"
    assert (len(first["warnings"]), len(second["warnings"])) == (1, 0)


@pytest.mark.slow
def test_two_processes_at_once_build_one_library(tmp_path):
    both = [start(XDG_CACHE_HOME=str(tmp_path)) for _ in range(2)]
    results = [finish(process) for process in both]
    assert results[0] == results[1]
    assert results[0]["kind"].startswith("native")
    assert len(list((tmp_path / "fastweights" / "native").glob("*.so"))) == 1
