"""A library that has just been compiled is tried; wrong kernels are refused, and slow compilers ended."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from fastweights.native import library, trial

KERNELS = ("Attend", "AttendChunks", "Lstm", "Associate", "Write")


@pytest.fixture(scope="module")
def loaded():
    found = library.load()
    assert found is not None, "no C++ compiler? the kernels cannot be tested"
    return found[0]


def test_the_kernels_pass(loaded):
    assert all(
        trial._fault(loaded, case, *precision) is None
        for case in trial._cases()
        for precision in trial._TOLERANCES
    )


@pytest.mark.parametrize("precision", trial._TOLERANCES, ids=lambda p: np.dtype(p[0]).name)
@pytest.mark.parametrize("direction", ["Forward", "Backward"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_result_of_every_kernel_is_looked_at(loaded, kernel, direction, precision, monkeypatch):
    """One array after the other that a kernel writes has the other sign, in every case of the kernel."""
    right = trial._call
    for case in (case for case in trial._cases() if case.name == kernel):
        results = 2 if direction == "Forward" else len(case.real)
        noticed = []
        for i in range(results):

            def wrong(loaded, name, arrays, numbers, i=i, results=results, case=case):
                right(loaded, name, arrays, numbers)
                if name.endswith(direction):
                    first = len(case.given(case.real)) if direction == "Forward" else len(arrays) - results
                    arrays[first + i] *= -1

            monkeypatch.setattr(trial, "_call", wrong)
            noticed.append(trial._fault(loaded, case, *precision))
        expected = f"{kernel}{direction} gives wrong numbers in {np.dtype(precision[0]).name}"
        absent = 0 if direction == "Forward" else sum(a is None for a in case.real)
        assert noticed.count(expected) == results - absent


def fake(folder: Path, body: str) -> Path:
    """A library all of whose kernels do that instead."""
    source, path = folder / "fake.cc", folder / "fake.so"
    names = [kernel + direction for kernel in KERNELS for direction in ("Forward", "Backward")]
    lines = [f'extern "C" const char* {name}(const void*, const void*) {{ {body} }}' for name in names]
    source.write_text("#include <cstdlib>\n" + "\n".join(lines))
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or "clang++"
    command = [*compiler.split(), "-shared", "-fPIC", str(source), "-o", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return nullptr;", "WriteForward gives wrong numbers in float64"),
        ('return "no tape";', "WriteForward: no tape"),
        ("std::abort();", "their trial ended with -6"),
    ],
)
def test_wrong_kernels_are_refused_with_one_warning(tmp_path, monkeypatch, body, said):
    """The compiler copies what is there. What is refused is not kept: the next process tries anew."""
    copy = f"sh -c 'for last; do :; done; cp {fake(tmp_path, body)} \"$last\"' compiler"
    monkeypatch.setenv("CXX", copy)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.warns(RuntimeWarning, match=f"slower: .*made wrong ones: {said}") as caught:
        assert library.load.__wrapped__() is None
    assert len(caught) == 1
    assert not list(tmp_path.glob("**/kernels-*.so"))


def test_a_library_is_a_library(tmp_path):
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(RuntimeError, match=r"made wrong ones: .*text\.so"):
        library._try(tmp_path / "text.so")


def test_what_a_compiler_started_ends_with_it(tmp_path):
    """g++ has cc1plus do the work."""
    noted = tmp_path / "worker"
    with pytest.raises(subprocess.TimeoutExpired):
        library._run(["sh", "-c", f"sleep 60 & echo $! > {noted}; wait"], seconds=0.5)
    worker = int(noted.read_text())
    for _ in range(100):
        if not is_running(worker):
            return
        time.sleep(0.02)
    pytest.fail("the worker runs on")


def is_running(process: int) -> bool:
    """A zombie, which nobody has taken notice of, is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
