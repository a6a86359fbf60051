"""The bars of runs, in terminals of any width."""

import io
import sys

import pytest
from rich.console import Console

from fastweights.cli.progress import Bars, StudyProgress, shortened
from fastweights.runs.environment import code
from fastweights.studies.record.store import Run


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, width, name="my-own-associative-memory R=20 seed 0", updates=100_000):
    """What the bars of two runs look like, one of which has begun, and of all runs."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", str(width))
    bars = Bars()
    bars.add_total(12, 3)
    bars.add("a", name, updates)
    bars.advance("a", updates, "64.40 %")
    bars.add("b", "lstm R=20 seed 1", updates)
    bars.end("a", failed=False)
    console = Console(file=io.StringIO(), width=width)
    console.print(bars._progress.make_tasks_table(bars._progress.tasks))
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 3 and all(len(line) <= width for line in lines)
    assert "all runs" in lines[0] and " 4/12 " in lines[0]
    return lines[1]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_what_tells_how_far_a_run_is_is_never_cut(width, monkeypatch):
    line = shown(monkeypatch, width)
    assert "100000/100000 validation 64.40 % " in line and "left 0:00:00" in line
    assert line.startswith("my-ow") and "seed 0 " in line


def test_names_and_bars_have_the_room_that_there_is(monkeypatch):
    assert "━" not in shown(monkeypatch, 80)
    assert "━" * 8 in shown(monkeypatch, 80, "irnn R=20 seed 1")
    assert "my-own-associative-memory R=20 seed 0 ━━━━━━━━" in shown(monkeypatch, 120)
    assert shown(monkeypatch, 80, "[red]x R=5 seed 1").startswith("[red]x R=5 seed 1 ")


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("lstm R=20 seed 0", 16, "lstm R=20 seed 0"),
        ("lstm-with-peepholes R=20 seed 0", 20, "lstm-wi… R=20 seed 0"),
        ("delta R=20 seed 0", 10, "delt…eed 0"),
        ("a-name-without-any-space", 11, "a-nam…space"),
    ],
)
def test_a_long_name_keeps_its_end(name, width, short):
    assert shortened(name, width) == short


def test_runs_of_other_code_are_counted_at_the_start(capsys):
    def run(trial, state, **environment):
        return Run(trial, f"{trial}", state, {}, {"environment": environment})

    listener = StudyProgress()
    listener.planned([run(0, "finished", code=code()), run(1, "finished"), Run(2, "2", "waiting", {})])
    assert capsys.readouterr().err == "2 of 3 runs are finished already\n"
    listener = StudyProgress()
    listener.planned([run(0, "finished", code="0123456789ab"), run(1, "finished", code=code())])
    assert capsys.readouterr().err.splitlines() == [
        "2 of 2 runs are finished already",
        "1 of them by other code than this; for runs of this code only take a new folder",
    ]
