"""One table in three forms."""

import csv
import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from fastweights.report.html import template
from fastweights.report.latex import latex
from fastweights.report.table import MODEL, Column, R, Table, numbers

TABLE = Table(
    "a",
    "Title",
    (R, MODEL, *numbers("test error %", "a & b"), Column("why", "sentence")),
    [
        ("20", "IRNN", "1.5", "", "because | of <this>"),
        ("20", "LSTM", "failed", "3", ""),
        ("50", "IRNN", "10.00,\nfailed (1 of 2)", "4", "[red]"),
    ],
    legend="R: hidden units.",
    bold=[1],
)


def printed(table):
    console = Console(file=io.StringIO(), width=80)
    console.print(table.terminal())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_rows_that_begin_alike_stand_together():
    assert [[row[0][1] for row in group] for group in TABLE.groups] == [["IRNN", "LSTM"], ["IRNN"]]
    assert [bold for group in TABLE.groups for _, bold in group] == [False, True, False]


def test_on_a_terminal():
    lines = printed(TABLE)
    assert lines[1] == "Title"
    rows = [line.split() for line in lines]
    assert ["20", "IRNN", "1.5", "because", "|", "of", "<this>"] in rows
    assert ["LSTM", "failed", "3"] in rows  # the size once a group
    at = rows.index(["50", "IRNN", "10.00,", "4", "[red]"])
    assert rows[at + 1] == ["failed", "(1", "of", "2)"]
    assert rows[at - 1] == []  # a gap between groups


@pytest.mark.parametrize(
    ("width", "name"),
    [(40, "an-associative-memory"), (32, "an-associative-\nmemory"), (26, "an-\nassociative-\nmemory")],
)
def test_where_a_table_is_too_wide_names_are_broken_after_hyphens(width, name):
    table = Table("a", "", (R, MODEL, *numbers("error")), [("20", "an-associative-memory", "10.0 ± 0.1")])
    console = Console(file=io.StringIO(), width=width)
    console.print(table.terminal())
    lines = console.file.getvalue().splitlines()[2:]
    assert [line[2:].strip().removesuffix("10.0 ± 0.1").strip() for line in lines] == name.split("\n")
    assert "10.0 ± 0.1" in lines[0]


def test_in_markdown():
    lines = TABLE.markdown().splitlines()
    assert lines[:2] == ["| R | model | test error % | a & b | why |", "| ---: | :--- | ---: | ---: | :--- |"]
    assert lines[2] == "| 20 | IRNN | 1.5 |  | because &#124; of &lt;this&gt; |"
    assert lines[3] == "| 20 | **LSTM** | **failed** | **3** |  |"
    assert lines[4] == r"| 50 | IRNN | 10.00, failed (1 of 2) | 4 | \[red\] |"
    assert lines[5:] == ["", "R: hidden units."]


def test_in_latex():
    table = replace(TABLE, title="50 % & more_of \\ it", legend="R:\nhidden units.")
    lines = latex([TABLE, table]).splitlines()
    assert lines[:3] == [
        r"\begin{tabular}{rlrrp{0.4\linewidth}}",
        r"\toprule",
        r"R & model & test error \% & a \& b & why \\",
    ]
    assert lines[3:6] == [r"\midrule", r"\multicolumn{5}{l}{Title} \\", r"\midrule"]
    assert lines[6] == r"20 & IRNN & 1.5 &  & because \textbar{} of \textless{}this\textgreater{} \\"
    assert lines[7] == r" & \textbf{LSTM} & \textbf{failed} & \textbf{3} &  \\"
    assert lines[8:10] == [r"\addlinespace", r"50 & IRNN & 10.00, failed (1 of 2) & 4 & {[}red] \\"]
    assert r"\multicolumn{5}{l}{50 \% \& more\_of \textbackslash{} it} \\" in lines
    assert lines[-3:] == [r"\bottomrule", r"\end{tabular}", "% R: hidden units."]
    assert latex([replace(TABLE, rows=[("1", "a", "1.0 ± 0.5", "1–2", "")])]).splitlines()[-4] == (
        r"1 & a & 1.0 $\pm$ 0.5 & 1--2 &  \\"
    )
    assert latex([]) == ""


def _on_one_line(rows):
    return [[" ".join(cell.split()) for cell in row] for row in rows]


def test_in_csv():
    rows = list(csv.reader(io.StringIO(TABLE.csv())))
    assert rows == [[column.heading for column in TABLE.columns], *_on_one_line(TABLE.rows)]


def test_in_html():
    environment = template("report.html.j2").environment
    macro = environment.get_template("table.html.j2").module.table
    html = str(macro(TABLE, {"LSTM": "#123456"}))
    assert html.count("<tbody>") == 2 and html.count("<tr") == 1 + 3
    assert re.search(r'<th class="number" rowspan="2" scope="rowgroup">20</th>', html)
    assert 'style="background: #123456"></i>LSTM' in html and "gray" in html
    assert '<tr class="bold">' in html and '<td class="number failed">failed</td>' in html
    assert "because | of &lt;this&gt;" in html and "R: hidden units." in html
    assert 'aria-label="Title"' in html
    assert 'aria-label="a"' in str(macro(replace(TABLE, title=""), {}))


def test_columns_say_what_an_item_has():
    table = Table.of(
        "a", "", ["ab", "c"], {MODEL: str.upper, "letters": lambda item: str(len(item))}, bold=[1]
    )
    assert table.columns == [MODEL, Column("letters")]
    assert table.rows == [["AB", "2"], ["C", "1"]] and table.bold == [1]
