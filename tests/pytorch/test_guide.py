"""The guide: its Python runs, its table names every module; and the example learns."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import fastweights.torch as ft

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "pytorch.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_runs_as_written(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("program.py").write_text(BLOCKS[number])
    runpy.run_path("program.py", run_name="__main__")


def test_the_table_names_every_module_and_cell():
    table = TEXT[TEXT.index("| you want") : TEXT.index("[Cells](cells.md)")]
    names = set(re.findall(r"`([^`]+)`", table))
    assert names == {*ft.MODULES, *(module.__name__ for module in ft.MODULES.values())}


def test_the_example_in_short():
    """With all of its 6,000 updates the error is below 1 %; without a memory it would be 61.65 %. How fast it
    falls depends on how a processor rounds."""
    command = [sys.executable, str(ROOT / "examples" / "pytorch_retrieval.py"), "2000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    (error,) = re.findall(r"test error ([\d.]+) %", done.stdout)
    assert float(error) < 50
