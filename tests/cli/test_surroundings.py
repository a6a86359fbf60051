"""Surroundings in which a command could not work: narrow terminals, readers that leave, settings of JAX."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "fastweights"]
TINY = (
    "train --model irnn --hidden-size 3 --num-pairs 1 --batch-size 8 --train-sequences 200 "
    "--validation-sequences 26 --test-sequences 30 --updates 20 --evaluate-every 10 --out m"
).split()


def run(arguments: list[str], folder, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_narrow_terminal_gets_help_of_forty_columns(tmp_path):
    """Tyro wraps its help for ever where there are fewer than ten columns."""
    end = run(["data", "--help"], tmp_path, COLUMNS="5")
    assert (end.returncode, end.stderr) == (0, "")
    assert "--num-pairs" in end.stdout
    assert {len(line) for line in end.stdout.splitlines() if line[:1] in "╭│╰" and line} == {40}


@pytest.mark.parametrize(
    "arguments",
    ["models", *(pytest.param(text, marks=pytest.mark.thorough) for text in ("--help", "data --help"))],
)
def test_a_reader_who_leaves_is_no_error(arguments, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as output:
        command = [*PROGRAM, *arguments.split()]
        end = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True)
    assert (end.returncode, end.stderr) == (141, "")


@pytest.mark.parametrize("platform", ["nonsense", pytest.param("cuda", marks=pytest.mark.thorough)])
@pytest.mark.parametrize(
    "arguments",
    ["data --count 1", pytest.param("reproduce --preset smoke --dir new", marks=pytest.mark.thorough)],
)
def test_a_platform_that_is_not_there_is_one_line(platform, arguments, tmp_path):
    if platform == "cuda" and Path("/dev/nvidiactl").exists():
        pytest.skip("there is a GPU")
    end = run(arguments.split(), tmp_path, JAX_PLATFORMS=platform)
    assert (end.returncode, end.stdout) == (2, "")
    assert end.stderr.startswith(
        f"fastweights: error: JAX_PLATFORMS is {platform}, which JAX cannot use here"
    )
    assert end.stderr.count("\n") == 1
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.thorough
def test_settings_of_jax_that_forbid_how_equations_are_written_do_not_matter(tmp_path):
    """Beside it: a warning, here of a compiler that fails, is one line."""
    strict = {"JAX_NUMPY_DTYPE_PROMOTION": "strict", "JAX_NUMPY_RANK_PROMOTION": "raise"}
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "CXX": "false"}
    end = run(TINY, tmp_path, **strict, **cache, JAX_TRANSFER_GUARD="disallow")
    assert end.returncode == 0
    warning, finished = end.stderr.splitlines()
    assert warning.startswith("fastweights: warning: the native kernels could not be built")
    assert finished == "irnn R=3: finished"


@pytest.mark.parametrize("name", ["JAX_ENABLE_X64", "JAX_DEFAULT_MATMUL_PRECISION"])
def test_a_variable_that_jax_cannot_read_is_one_line(name, tmp_path):
    end = run(["models"], tmp_path, **{name: "banana"})
    assert (end.returncode, end.stdout, end.stderr.count("\n")) == (2, "", 1)
    assert "JAX refuses a setting" in end.stderr and name.lower() in end.stderr.lower()


def test_a_minus_is_standard_output(tmp_path):
    written = run("data --num-pairs 1 --count 3 --out -".split(), tmp_path)
    assert (written.returncode, written.stderr, len(written.stdout.splitlines())) == (0, "", 3)
    assert not os.listdir(tmp_path)
