"""docs/architecture.md: the files that it names exist, and a run crosses no more of them than it says."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fastweights.native import library
from fastweights.runs import environment

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "fastweights"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

# Python imports it at the start of every process. Of each function of the package that is called it notes the
# file, and whether that was for the report; what is called only while modules are imported does not count.
PROFILER = """
import atexit, multiprocessing.util, os, sys, threading

SOURCE, OUT = os.environ["PROFILED_SOURCE"], os.environ["PROFILE_FOLDER"]
found = set()

def profile(frame, event, argument):
    code = frame.f_code
    if event != "call" or not code.co_filename.startswith(SOURCE) or code.co_name == "<module>":
        return
    part, called = "run", code.co_filename
    while frame:
        name, file, frame = frame.f_code.co_name, frame.f_code.co_filename, frame.f_back
        if name == "<module>" and frame and "importlib" in frame.f_code.co_filename:
            return
        if name == "report" and file.endswith("cli/report.py"):
            part = "report"
    found.add(f"{part} {called}")

def write():
    sys.setprofile(None)
    with open(os.path.join(OUT, str(os.getpid())), "w") as file:
        file.write("\\n".join(found))

atexit.register(write)
multiprocessing.util.Finalize(None, write, exitpriority=10)  # a worker's process calls no exit handlers
threading.setprofile(profile)
sys.setprofile(profile)
"""


def test_the_files_that_it_names_exist():
    names = set(re.findall(r"`((?:[a-z0-9_]+/)+(?:[a-z0-9_]+\.py)?)`", TEXT))
    assert len(names) > 15
    for name in names:
        assert (SOURCE / name).exists(), name


@pytest.mark.thorough
def test_a_run_crosses_no_more_files_than_it_says(tmp_path):
    library.load()  # a library that must be built first is tried in a process of its own
    (tmp_path / "sitecustomize.py").write_text(PROFILER)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    command = [sys.executable, "-m", "fastweights", "reproduce", "--dir", str(tmp_path / "study")]
    command += ["--preset", "smoke", "--models", "irnn", "--workers", "1"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SOURCE.parent)]),
        "PROFILED_SOURCE": f"{SOURCE}{os.sep}",
        "PROFILE_FOLDER": str(profiles),
    }
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)

    crossed = {"run": set(), "report": set()}
    processes = [set(file.read_text().splitlines()) for file in profiles.iterdir()]
    assert sum(bool(lines) for lines in processes) == 2, "the coordinator's process and one worker's"
    for part, _, name in (line.partition(" ") for line in set().union(*processes)):
        crossed[part].add(Path(name).relative_to(SOURCE).as_posix())
    # Which cell and which task are trained is the user's choice.
    chosen = {"cells/irnn.py", "cells/options/simple.py", "tasks/associative_retrieval.py"}
    before = crossed["run"] - chosen
    assert {"training/loop.py", "studies/execution/scheduler.py", "runs/worker.py"} <= before
    after = {name for name in crossed["report"] - crossed["run"] if name.endswith(".py")}
    assert "report/study_table.py" in after
    numbers = re.search(r"at most (\d+) files.*?the report in (\d+) more", TEXT, re.DOTALL)
    assert numbers
    most, more = map(int, numbers.groups())
    assert len(before) <= most, " ".join(sorted(before))
    assert len(after) <= more, " ".join(sorted(after))


def test_the_code_of_a_run_is_all_that_its_numbers_are_computed_by():
    """Each layer up to the runs', but those by which no number is computed."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["id"] == "layers")
    first = next(place for place, layer in enumerate(layers) if "fastweights.runs" in layer)
    rooms = {name.split(".")[1] for layer in layers[first:] for name in layer.split(" | ")}
    others = {"torch", "compilation", "registry", "files", "machine", "plugins", "types", "errors"}
    assert {Path(place).stem for place in environment._CODE} == rooms - others and others < rooms


def test_any_change_of_that_code_changes_its_digest(tmp_path, monkeypatch):
    def digest():
        environment.code.cache_clear()
        return environment.code()

    before = digest()
    for place in environment._CODE:
        copy = shutil.copytree if (SOURCE / place).is_dir() else shutil.copy
        copy(SOURCE / place, tmp_path / place)
    monkeypatch.setattr(environment, "_PACKAGE", tmp_path)
    assert digest() == before
    try:
        for name in ("cells/fast_weights.py", "native/kernels/lstm.h", "numerics.py"):
            with (tmp_path / name).open("a") as file:
                file.write("\n")
            before, last = digest(), before
            assert before != last, name
    finally:
        environment.code.cache_clear()
