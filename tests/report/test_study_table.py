"""What the tables say, and that they leave nothing out."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from fastweights.papers.ba2016.published import BA_2016, WAYMAN_MATHEW_2017
from fastweights.report.labels import duration, percent, with_interval
from fastweights.report.study_table import StudyTables
from records import mixed_study, record, study


def printed(results: dict[str, Any], width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(StudyTables(results["runs"]).terminal())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def markdown_line(results: dict[str, Any], *start: str) -> list[str]:
    """The cells of the Markdown row that starts with these, without its bold marks."""
    for line in StudyTables(results["runs"]).markdown().splitlines():
        cells = [cell.strip().strip("*") for cell in line.strip("|").split("|")]
        if cells[: len(start)] == list(start):
            return cells
    raise AssertionError(f"no row {start}")


def test_rows_hold_errors_floor_and_the_papers_numbers() -> None:
    results = mixed_study()
    assert markdown_line(results, "20", "IRNN")[2:6] == ["62.1", "1", "62.11", "61.65"]
    assert markdown_line(results, "20", "fast weights")[2:6] == ["1.81 ± 0.00", "3", "1.81", "61.65"]
    cells = markdown_line(results, "50", "fast weights")
    assert cells[2:] == ["0.00", "1", "0", "61.65", "17,410", "1,000", "9.8 s"]
    for text in ("IRNN", "LSTM", "fast weights", "62.1", "62.11", "61.65", "1.81 ± 0.00", "17,410", "9.8 s"):
        assert text in printed(results)


def test_failed_and_unfinished_runs_are_shown_with_their_reasons() -> None:
    results = mixed_study()
    assert markdown_line(results, "20", "LSTM")[2:4] == ["failed (1 of 1)", "0"]
    assert markdown_line(results, "50", "IRNN")[2] == "unfinished (1 of 1)"
    for text in (StudyTables(results["runs"]).markdown(), " ".join(printed(results, 200).split())):
        assert "LSTM, R = 20: failed (1 of 1): the loss is not finite at update 812" in text
        assert "IRNN, R = 50: waiting (1 of 1)" in text
        assert "LSTM, R = 50: interrupted (1 of 1)" in text


def test_some_failed_seeds_stand_beside_the_mean() -> None:
    reason = "Traceback (most recent call last):\n  File 'x'\nValueError: no luck\n"
    seeds = [record(seed=0), record(seed=1), record(seed=2, state="failed", failure=reason)]
    results = study(*seeds, record(seed=0, learning_rate=0.5, state="failed", failure="too fast"))
    assert markdown_line(results, "20", "LSTM")[2:4] == ["10.00 ± 0.00, failed (1 of 3)", "2"]
    text = StudyTables(results["runs"]).markdown()
    assert "failed (1 of 3): ValueError: no luck" in text
    assert "failed (1 of 1 in settings not selected): too fast" in text
    assert "by validation: the mean validation error by which it was chosen, of 2." in text
    (details,) = StudyTables(results["runs"]).complete()
    assert details.rows[0][-2:] == ["learning_rate 0.001", "10.0"]


def test_rows_are_compared_within_a_size_and_the_lowest_is_marked() -> None:
    results = mixed_study()
    (table,) = StudyTables(results["runs"]).results()
    assert [tuple(row[:2]) for row in table.rows] == [
        (size, model) for size in ("20", "50") for model in ("IRNN", "LSTM", "fast weights")
    ]
    assert list(table.bold) == [2]  # at the other size there is nothing to compare with
    assert "**1.81 ± 0.00**" in StudyTables(results["runs"]).markdown()


def test_every_task_has_its_own_table_and_only_one_has_published_numbers() -> None:
    results = study(record(), record(num_pairs=8))
    text = StudyTables(results["runs"]).markdown()
    assert text.count("| R | model |") == 2
    assert "num\\_pairs 8" in text
    assert "num_pairs 8" in printed(results)
    assert text.count("60.81") == 1


def test_no_cell_is_cut_in_80_columns() -> None:
    results = study(
        *(
            record(name, size, seed, test_error=0.6 - 0.05 * seed)
            for name in ("irnn", "fast-weights")
            for size in (20, 100)
            for seed in range(3)
        ),
        record("lstm", 100, state="waiting", validation_errors=(0.1,)),
    )
    assert "…" not in printed(results)


def test_an_empty_study_says_so() -> None:
    assert "no runs yet" in StudyTables([]).markdown()
    assert "no runs yet" in printed(study())


def test_names_are_text_not_markup() -> None:
    results = study(record("[red]a|b*<i>\n", 20))
    assert "[red]a|b*<i>" in printed(results, 120)
    assert r"\[red\]a&#124;b\*&lt;i&gt;" in StudyTables(results["runs"]).markdown()
    (line,) = [
        line for line in StudyTables(results["runs"]).markdown().splitlines() if line.startswith("| 20")
    ]
    assert len(re.findall(r"(?<!\\)\|", line)) == 9


@pytest.mark.parametrize(
    ("fraction", "half", "text"),
    [
        (0.00134, None, "0.13"),
        (0.0181, None, "1.81"),
        (0.6211, None, "62.1"),
        (0.0, None, "0.00"),
        (1 / 60_000, None, "0.002"),
        (0.0181, 0.002, "1.81 ± 0.20"),
        (0.6211, 0.003, "62.1 ± 0.3"),
        (0.6211, 0.0003, "62.11 ± 0.03"),
        (0.0, 0.0, "0.00 ± 0.00"),
    ],
)
def test_percent(fraction: float, half: float | None, text: str) -> None:
    assert with_interval(fraction, half) == text
    if half is None:
        assert percent(fraction) == text


def test_duration() -> None:
    assert [duration(each) for each in (9.81, 59.96, 115, 720, 11_000)] == [
        "9.8 s",
        "60 s",
        "115 s",
        "12 min",
        "3.1 h",
    ]


def test_published_numbers_belong_to_their_task() -> None:
    task = {"name": "associative-retrieval", "num_pairs": 4, "digits": "with-replacement"}
    assert BA_2016.test_error(task, "associative-lstm", 50) == 1.62
    assert WAYMAN_MATHEW_2017.test_error(task, "irnn", 20) == 71.2
    assert BA_2016.test_error(task, "irnn", 64) is None
    for other in ({"num_pairs": 8}, {"digits": "without-replacement"}, {"name": "another"}):
        assert BA_2016.test_error(task | other, "irnn", 20) is None
