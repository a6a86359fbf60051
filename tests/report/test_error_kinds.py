"""Squared errors are written as such, beside shares in percent, in whatever form a report has."""

import copy
import csv
import io
import re
from typing import Any

from rich.console import Console

from fastweights.report.learning_curves import learning_curves
from fastweights.report.page import TableReport, render
from fastweights.report.study_table import StudyTables
from records import record, study


def squared(seed: int, test_error: float, goal: float | None = None, errors=(0.2, 0.004)) -> dict[str, Any]:
    """A run at a task of real numbers."""
    run = copy.deepcopy(record("irnn", seed=seed, test_error=test_error, validation_errors=errors))
    run["specification"]["task"] = {"name": "adding", "length": 150}
    return run | {"floor": 1 / 6, "errors": {"kind": "squared"} | ({} if goal is None else {"goal": goal})}


SQUARES = study(squared(0, 0.0021), squared(1, 0.0023))
BOTH = study(*SQUARES["runs"], record("lstm", seed=0), record("lstm", seed=1))


def printed(results) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(StudyTables(results["runs"]).terminal())
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_tables_have_squared_errors_and_their_floor():
    text = StudyTables(SQUARES["runs"]).markdown()
    assert "| R | model | test MSE | seeds | floor | parameters | updates | time |" in text
    # Mean 0.0022, t(0.975; 1) · s / √2 = 12.7 · 0.000141 / 1.414 = 0.00127.
    assert "| 0.00220 ± 0.00127 | 2 | 0.1667 |" in text
    assert "MSE: the mean squared error." in text
    assert "%" not in text.replace("95 % t interval", "")
    assert "0.0021–0.0023" in printed(SQUARES)
    assert "%" not in printed(SQUARES).replace("95 % t interval", "")


def test_a_squared_error_above_one_is_no_failure():
    assert "| 2.5 | 1 |" in StudyTables([squared(0, 2.5, errors=(3.0, 2.5))]).markdown()
    assert "failed" in StudyTables([record(test_error=2.5)]).markdown()


def test_shares_and_squares_stand_in_tables_of_their_own():
    text = TableReport(BOTH).exports()[".tex"]
    first, second = text.split(r"\begin{tabular}")[1:]
    assert "test MSE & seeds & best--worst & state & floor &" in first
    assert r"test error \% & seeds & paper \% & best--worst \% & to 1 \% & state & floor \% &" in second
    rows = list(csv.DictReader(io.StringIO(TableReport(BOTH).exports()[".csv"])))
    assert [(row["error_kind"], row["goal"], row["floor"]) for row in rows] == [
        ("squared", "", repr(1 / 6)),
        ("share", "0.01", "0.6165"),
    ]


def test_an_interval_that_is_not_zero_shows_a_digit():
    # t(0.975; 1) · s / √2 = 12.7 · half the difference = 6e-7.
    assert "0.200000 ± 0.000001" in StudyTables([squared(0, 0.2), squared(1, 0.2 + 1e-7)]).markdown()
    shares = [record(seed=seed, test_error=0.2 + 1e-7 * seed) for seed in (0, 1)]
    assert "20.0000 ± 0.0001" in StudyTables(shares).markdown()


def test_updates_to_a_goal_of_the_studys_own():
    runs = [squared(0, 0.1, 0.2, (0.2, 0.1)), squared(1, 0.1, 0.2, (0.3, 0.1))]
    tables = StudyTables(runs)
    (table,) = tables.complete()
    cells = dict(zip([column.heading for column in table.columns], table.rows[0], strict=True))
    assert cells["to 0.2"] == "750"
    assert "to 0.2: the median of the updates until the validation error was 0.2 or less." in tables.legend()
    loose: list[dict[str, Any]] = [record(seed=seed) | {"errors": {"goal": 0.1}} for seed in (0, 1)]
    assert "to 10 %: the median" in StudyTables(loose).legend()
    both = StudyTables([record("irnn"), *loose])
    assert [title.partition(")")[2] for title in both.by_task] == ["", ", goal 10 %"]


def test_a_row_whose_runs_were_given_different_goals_is_one_row():
    """As if a preset's goal had changed since the first of them."""
    tables = StudyTables([record(), record(seed=1) | {"errors": {"goal": 0.1}}])
    (table,) = tables.results()
    assert len(table.rows) == 1 and tables.notes() == []


def test_notes_of_rows_with_different_goals_say_which():
    lost = {"state": "failed", "failure": "no", "validation_errors": ()}
    runs: list[dict[str, Any]] = [record("lstm", size, **lost) for size in (20, 30, 40)]
    runs[1] |= {"errors": {"goal": 0.1}}
    runs[2] |= {"errors": {"goal": 0.2}}
    places = [note.partition(": ")[0] for note in StudyTables(runs).notes()]
    assert places == ["LSTM, R = 20", "LSTM, R = 30, goal 10 %", "LSTM, R = 40, goal 20 %"]


def test_the_page_says_so_too():
    page = render(SQUARES, "<svg></svg>")
    assert re.search(r"no better than\s+a mean squared error of <b>0.1667</b>", page)
    assert "on a logarithmic scale. Thick" in " ".join(page.split())
    assert "<dd>0.0021</dd>" in page and "Curve (mean squared error," in page
    body = page[page.index("<body") :].replace("95 % t interval", "")
    assert re.findall(r"[^<>\n]*\d %[^<>\n]*", body) == []


def test_the_axis_of_squared_errors_is_their_own():
    axes = [ax for ax in learning_curves(BOTH["runs"]).axes if ax.get_visible()]
    assert [ax.get_ylabel() for ax in axes] == ["validation MSE", "validation error, %"]
    assert [ax.get_title("left") for ax in axes] == ["R = 20, adding", "R = 20, associative-retrieval"]
    low, high = axes[0].get_ylim()
    assert 0.001 < low < 0.004 and 1 / 6 < high <= 1
    assert axes[0].texts[0].get_text() == "guessing floor 0.1667"
    assert [list(line.get_ydata()) for line in axes[0].lines][:2] == [[0.2, 0.004]] * 2  # type: ignore[arg-type]
    # One that diverges does not stretch the axis.
    far = [squared(0, 1e9, errors=(1e9, 1e9)), squared(1, 0.1)]
    assert learning_curves(far).axes[0].get_ylim()[1] <= 1


def test_panels_of_one_axis_have_one_range():
    runs = [squared(0, 1e-5, errors=(0.1, 1e-5)), squared(1, 0.14, errors=(0.15, 0.14))]
    runs[1]["specification"]["task"] |= {"length": 750}
    for order in (runs, runs[::-1]):
        ranges = [ax.get_ylim() for ax in learning_curves(order).axes]
        assert ranges[0] == ranges[1] and ranges[0][0] < 1e-5 and ranges[0][1] > 1 / 6


def test_a_floor_of_0_has_no_line_on_a_logarithmic_axis():
    runs = [squared(seed, 0.004) | {"floor": 0.0} for seed in (0, 1)]
    (ax,) = learning_curves(runs).axes
    assert ax.get_ylim()[0] < 0.004 and ax.get_ylim()[1] > 0.2
    assert not ax.texts and all(min(line.get_ydata()) > 0 for line in ax.lines)  # type: ignore[type-var]


def test_the_floor_in_the_figure_is_the_validation_sets():
    run = record() | {"errors": {"validation_floor": 0.25}}
    said = " ".join(render(study(run), "<svg></svg>").split())
    assert "The dashed line in the curves is the floor of the validation set" in said
    assert "This is the dashed line in the curves." in render(study(record()), "<svg></svg>")
    assert learning_curves([run]).axes[0].texts[0].get_text() == "guessing floor 25.00 %"
    assert "61.65" in StudyTables([run]).markdown()
