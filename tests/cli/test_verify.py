"""`fastweights verify`: a table, JSON, figures, and an exit code that says whether all checks hold."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from fastweights.cli.main import main
from fastweights.registry import checks, register_check
from fastweights.report.check_figures import draw_panel, styles_of
from fastweights.theory.check import Check, Finding, Quantity
from fastweights.theory.plot import Panel, Series

FIGURES = Path(__file__).parents[2] / "results" / "theory"


@pytest.fixture
def made():
    """Three checks: one holds, one does not, one cannot be computed."""
    panel = Panel("Counts", "n", "errors", [Series("measured", [1, 2, 3], [1, 0, 2])])

    @register_check("holding", source="this test, 2026")
    class Holding(Check):
        statement = "Nothing is below nothing."
        has_figure = True

        def examine(self):
            return Finding(Quantity("pairs", 3.0, lowest=1), Quantity("share", 0.5, 0, 1), panels=[panel])

    @register_check("failing", source="this test, 2026")
    class Failing(Check):
        statement = "Infinity is small."

        def examine(self):
            return Finding(Quantity("size", np.inf, highest=1.0))

    @register_check("raising", source="this test, 2026")
    class Raising(Check):
        statement = "Zero divides."

        def examine(self):
            try:
                return Finding(Quantity("quotient", 1 // 0))
            except ZeroDivisionError as error:
                error.add_note("a note, as JAX adds them")
                raise

    yield
    for name in ("holding", "failing", "raising"):
        del checks._entries[name]


def verify(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as end:
        main(["verify", *map(str, arguments)])
    assert end.value.code == code
    return capsys.readouterr()


def test_a_check_that_holds(made, capsys):
    out, _ = verify(capsys, "--only", "holding")
    assert out.splitlines()[0] == "holds  holding  Nothing is below nothing."
    assert "this test, 2026" in out
    assert "pairs: 3  (at least 1)" in out
    assert "share: 0.5  (from 0 to 1)" in out
    assert re.fullmatch(r"1 check, \d+ s of computation: holds", out.splitlines()[-1])


def test_one_that_fails_and_one_that_raises_end_with_code_1(made, capsys):
    out, _ = verify(capsys, "--only", "failing", "holding", "raising", "--workers", "1", code=1)
    assert "FAILS  failing" in out and "holds  holding" in out and "FAILS  raising" in out
    assert "size: inf  (at most 1)" in out
    assert "ZeroDivisionError: integer division or modulo by zero" in out
    assert out.splitlines()[-1].endswith("2 do not hold: failing, raising")


def test_json(made, capsys):
    out, _ = verify(capsys, "--only", "failing", "holding", "--workers", "1", "--json", code=1)
    failing, holding = json.loads(out)["claims"]
    assert (failing["name"], failing["holds"], holding["holds"]) == ("failing", False, True)
    assert failing["quantities"][0] == {
        "name": "size",
        "measured": None,
        "lowest": None,
        "highest": 1.0,
        "holds": False,
    }
    assert [quantity["measured"] for quantity in holding["quantities"]] == [3.0, 0.5]


def test_the_list_says_what_is_claimed_and_computes_nothing(made, capsys):
    out, _ = verify(capsys, "--list", "--only", "raising", "holding")
    assert out == (
        "raising\n    Zero divides.\n    this test, 2026\n\n"
        "holding (with a figure)\n    Nothing is below nothing.\n    this test, 2026\n\n"
    )
    told = json.loads(verify(capsys, "--list", "--json").out)["claims"]
    assert [claim["name"] for claim in told] == list(checks)
    assert all(claim["claim"] and claim["source"] for claim in told)
    with_figure = {claim["name"] for claim in told if claim["figure"]}
    assert with_figure - {"holding"} == {path.stem for path in FIGURES.glob("*.svg")}


def test_figures(made, tmp_path, capsys):
    verify(capsys, "--only", "holding", "failing", "--workers", "1", "--figures", tmp_path / "f", code=1)
    assert {path.name for path in (tmp_path / "f").iterdir()} == {"holding.svg", "holding.png"}


def test_dashed_lines_of_a_panel_can_be_told_apart():
    """Those without a group have one colour, and each its own dashes."""
    x = np.arange(3.0)
    groups = ["", "", "", "measured"]
    series = [Series(f"line {i}", x, x + i, "dashed", group=group) for i, group in enumerate(groups)]
    panel = Panel("Lines", "x", "y", [*series, Series("measured", x, x, "marks")])
    axes = Figure().subplots()
    draw_panel(panel, axes, styles_of([panel]))
    *ungrouped, grouped, _ = axes.lines
    assert len({line.get_color() for line in ungrouped}) == 1
    assert len({str(line._unscaled_dash_pattern) for line in ungrouped}) == 3
    assert grouped.get_color() not in {line.get_color() for line in ungrouped}


@pytest.mark.thorough
def test_checks_run_in_processes_and_those_from_outside_the_package_beside_them(made, capsys):
    names = ["decaying-forms", "holding", "rank-bound"]
    out, _ = verify(capsys, "--only", *names, "--workers", "2")
    assert [line.split()[1] for line in out.splitlines() if line.startswith("holds")] == names


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["--only", "rank-bund"], "rank-bound"), (["--workers", "0"], "at least 1; got 0")],
)
def test_a_wrong_argument_is_one_line(arguments, word, capsys):
    out, err = verify(capsys, *arguments, code=2)
    assert not out
    assert word in err and err.count("\n") == 1
