"""Every table of a report as LaTeX, CSV and Markdown: `fastweights report DIR --format FORM`."""

import csv
import io
import re

import pytest

from fastweights.errors import InvalidValueError
from fastweights.papers.ba2016.page.report import Verification
from fastweights.report.formats import formatted
from fastweights.report.labels import (
    Rounded,
    count,
    decimal,
    duration,
    nats,
    percent,
    percent_range,
    share_of,
    with_interval,
)
from fastweights.report.latex import latex
from fastweights.report.page import TableReport
from fastweights.report.table import MODEL, Column, R, Table, numbers
from papers.ba2016.comparisons import comparison
from records import record, study


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def two_seeds():
    runs = [record("lstm", 50, seed, test_error=error) for seed, error in ((0, 0.0181234), (1, 0.0189))]
    return study(*runs, record("irnn", 50, state="failed"))


def test_a_rate_has_no_exponent():
    assert [decimal(rate) for rate in (5e-05, 0.0001, 0.00125, 0.1, 2.0, 1)] == [
        "0.00005",
        "0.0001",
        "0.00125",
        "0.1",
        "2.0",
        "1",
    ]


def test_a_rounded_text_keeps_its_numbers():
    assert with_interval(0.0181234, 0.002) == "1.81 ± 0.20"
    assert with_interval(0.0181234, 0.002).numbers == pytest.approx({"": 1.81234, "±": 0.2})
    assert percent(0.13).numbers == {"": 13} and percent(None) == ""
    assert percent_range(0.004, 0.0169).numbers == pytest.approx({"lowest": 0.4, "highest": 1.69})
    assert nats(0.0004) == "< 0.001" and nats(0.0004).numbers == {"nats": 0.0004}
    assert duration(754.2) == "13 min" and duration(754.2).numbers == {"seconds": 754.2}
    assert (count(9290), count(9290).numbers) == ("9,290", {"": 9290})
    assert (share_of(4, 5), share_of(5, 5)) == ("4 of 5", "5")


def test_csv_has_numbers_in_full_and_units_in_its_headings():
    table = Table.of(
        "a",
        "",
        [(1.49, 0.25), (2.0, None), None],
        {
            Column("model", "word"): lambda item: "LSTM",
            "error %": lambda item: (
                Rounded("1.5", {"": 100 * item[0] / 100} | ({"±": item[1]} if item[1] else {}))
                if item
                else "failed\n(1 of 1)"
            ),
            "time": lambda item: duration(90.125) if item else "–",
        },
    )
    assert table.csv().splitlines() == [
        "model,error %,error %: ±,error %: in words,time: seconds",
        "LSTM,1.49,0.25,,90.125",
        "LSTM,2,,,90.125",
        "LSTM,,,failed (1 of 1),",
    ]
    assert Table("a", "", [R, MODEL], []).csv() == "R,model\n"


def test_csv_of_a_study():
    report = TableReport(two_seeds())
    irnn, lstm = sorted(rows(formatted(report, "csv", ["table"])), key=lambda row: row["model"])
    assert lstm["model"] == "LSTM" and lstm["R"] == "50"
    assert float(lstm["test error %"]) == pytest.approx(100 * (0.0181234 + 0.0189) / 2, rel=1e-14)
    half = 12.706204736432095 * 100 * (0.0189 - 0.0181234) / 2  # t(0.975; 1) s / √2
    assert float(lstm["test error %: ±"]) == pytest.approx(half, rel=1e-9)
    assert irnn["test error %: failed"] == "1" and irnn["test error %"] == ""
    both = formatted(report, "csv")
    assert [line for line in both.splitlines() if line.startswith("#")] == ["# table", "# details"]


def test_every_number_of_every_table_is_a_number():
    report = Verification(comparison())
    assert {"verdicts", "ablations-fast-weights", "summary"} <= set(report.tables())
    for name in report.tables():
        for table in report.tables()[name]:
            headings = {column.heading for column in table.columns if column.kind == "number"}
            cells = [
                cell
                for row in rows(formatted(report, "csv", [name]))
                for heading, cell in row.items()
                if heading.partition(":")[0] in headings and not heading.endswith("in words")
            ]
            assert bool(cells) == bool(headings), name
            assert all(cell in ("", "None") or float(cell) >= -100 for cell in cells), name
    first = rows(formatted(report, "csv", ["verdicts"]))[0]
    assert (first["model"], first["paper %"], first["floor %"]) == ("IRNN", "62.11", "61.65")


def test_latex_of_a_study():
    worse = record("fast-weights", 50, test_error=0.5)
    text = formatted(TableReport(study(*two_seeds()["runs"], worse)), "latex", ["table"])
    assert text.startswith("\\begin{tabular}{rlrr")
    assert r" & IRNN & failed (1 of 1) & 0 &" in text
    assert r"\textbf{50} & \textbf{LSTM} & \textbf{1.85 $\pm$ 0.49} & \textbf{2} &" in text
    assert text.count("{") == text.count("}")
    assert text.splitlines()[-1].startswith("% R: hidden units.")


def test_what_latex_does_not_know_is_written_with_what_it_does():
    table = Table(
        "a", "λ·√2 ≤ 3², η −1", (Column("why", "sentence"), *numbers("n")), [("50 % ± 1", "1")], "A."
    )
    other = Table("b", "β", table.columns, [("", "2")], "B.")
    text = latex([table, other])
    assert r"\begin{tabular}{p{0.4\linewidth}r}" in text
    assert r"$\lambda$$\cdot$$\surd$2 $\le$ 3\textsuperscript{2}, $\eta$ $-$1" in text
    assert r"50 \% $\pm$ 1 & 1 \\" in text and "% A.\n% B.\n" in text
    made = formatted(Verification(comparison()), "latex")
    code = re.sub(r"^%.*$", "", made, flags=re.MULTILINE)
    assert code.isascii()
    for line in code.splitlines():
        assert line.endswith("\\\\") or " & " not in line
    assert not re.search(r"(?<!\\)[%#_]", code)


def test_markdown_has_the_titles():
    text = formatted(Verification(comparison()), "md", ["letter", "letter"])
    assert text.startswith("**Table 1 to the letter**\n\n| R | model |") and text.count("**Table 1 to") == 1


def test_a_table_that_there_is_not(tmp_path):
    with pytest.raises(
        InvalidValueError, match=r"no table 'detail'; did you mean 'details'; there are table"
    ):
        formatted(TableReport(two_seeds()), "md", ["detail"])
