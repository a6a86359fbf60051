"""The paper's text (`paper/`) and the records: what it names is there, what it claims holds, and no measured
number is typed in it."""

import re

import pytest

from article import texts
from article.comparison_numbers import numbers
from article.names import OPEN
from article.record import record
from article.references import references
from article.sentences import sentences
from fastweights.papers.ba2016.findings.robustness import Exchange
from fastweights.papers.ba2016.findings.table_entries import table_entries
from fastweights.papers.ba2016.page.pattern_table import assumptions_table
from fastweights.papers.ba2016.page.report import Verification
from papers.ba2016 import comparisons

CONSTANTS = texts.constants()
LATER = {
    *("assumptions", "more-data", "more-updates", "heads", "again"),
    *("matched-parameters", "matched-state"),
}
"""Tables that the record may lack while their runs have not ended."""


@pytest.fixture(scope="module")
def shown():
    return record()


@pytest.fixture(scope="module")
def named():
    return texts.names()


@pytest.mark.parametrize("kind", ["numbers", "sentences", "claims", "figures"])
def test_what_is_named_is_in_the_record(shown, named, kind):
    assert named[kind]
    assert named[kind] <= set(shown[kind])


def test_tables_and_checks_are_in_the_record(shown, named):
    assert named["tables"]
    assert named["tables"] <= {*shown["tables"], *LATER}
    assert named["checks"] <= {check["name"] for check in shown["checks"]}


def test_columns_that_are_named_are_those_of_the_tables(shown):
    """Also of tables that the record does not have yet: those of a made-up comparison."""
    made_up = {"assumptions": [assumptions_table([])], **Verification(comparisons.comparison()).tables()}
    columns = {
        name: {column["heading"] for column in table["columns"]} for name, table in shown["tables"].items()
    }
    columns |= {name: {column.heading for column in tables[0].columns} for name, tables in made_up.items()}
    text = "\n".join(path.read_text(encoding="utf-8") for path in texts.TEXTS)
    found = re.findall(r'(?:table-of|#later)\(\s*"([\w-]+)"[^"]*?((?:\n\s+"[^"]+": .+)+)', text)
    assert {name for name, _ in found} >= LATER
    for name, heads in found:
        assert set(re.findall(r'^\s+"([^"]+)":', heads, re.MULTILINE)) <= columns[name], name


def test_no_claim_is_contradicted(shown, named):
    assert not [name for name in named["claims"] if shown["claims"][name] is False]
    assert named["claims"] == set(shown["claims"])


@pytest.mark.parametrize("path", texts.TEXTS, ids=lambda path: path.stem)
def test_no_measured_number_is_typed(path):
    assert not texts.typed_numbers(path.read_text(encoding="utf-8"), list(CONSTANTS))


def test_every_constant_is_used_and_has_a_reason():
    together = " ".join(re.sub(r"\s+", " ", path.read_text(encoding="utf-8")) for path in texts.TEXTS)
    assert not [
        phrase for phrase, reason in CONSTANTS.items() if phrase not in together or not reason.strip()
    ]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('An LSTM has #n("table.lstm.20.mean") % and 4.13 % here.', ["4.13"]),
        ("The error is $0.66 %$ at $h_0 <= 2$.", ["0.66"]),
        ('#claim("x")[Fast weights stay below 12 %.]', ["12"]),
        ("caption: [It has 17,410 parameters @ba2016 in `h0`.], width: 82%, inset: 4pt", ["17,410"]),
        ("// 12 in a comment", []),
    ],
)
def test_a_typed_number_is_noticed(text, numbers):
    assert texts.typed_numbers(text) == numbers


def test_the_bibliography_is_the_books():
    """With the place of each preprint, and without the notes of what was written from memory."""
    entries = references()
    assert "journal = {{arXiv:1607.06450}}" in entries
    assert "memory}" not in re.sub(r"title = .*", "", entries)
    cited = set(
        re.findall(r"[@<]([a-z]+\d{4}\w*)", " ".join(path.read_text("utf-8") for path in texts.TEXTS))
    )
    assert len(cited) > 30
    assert cited <= set(re.findall(r"^@\w+\{(\w+),$", entries, re.MULTILINE))


def test_an_allowed_phrase_allows_no_more():
    assert texts.typed_numbers("at $R = 50$ it has 50 %", ["at $R = 50$"]) == ["50"]


def test_what_has_not_ended_is_open(shown):
    runs = [comparisons.run("lstm", 20, 200 + seed, "table", state="running") for seed in range(3)]
    entries = table_entries(runs)
    found = numbers(
        {"runs": [*runs, *comparisons.table("irnn", 20)]},
        entries + table_entries(comparisons.table("irnn", 20)),
    )
    assert found["table.lstm.20.mean"] == found["table.lstm.20.verdict"] == OPEN
    assert found["table.irnn.20.mean"].startswith("61.8")


def test_the_text_becomes_final_with_the_runs():
    """On a made-up comparison that is complete nothing is open."""
    runs = [run for place in comparisons.ERRORS for run in comparisons.table(*place)]
    entries = table_entries(runs)
    told = sentences({"runs": runs}, entries, Exchange(entries).conclusions)
    assert OPEN not in told["answer"]
    shared = [{**run, "specification": {**run["specification"], "data": {"seed": 1}}} for run in runs]
    entries = table_entries(shared)
    told = sentences({"runs": shared}, entries, Exchange(entries).conclusions)
    assert "are open" in told["survival"]


def test_equal_sizes_are_told_as_far_as_they_are_run():
    results = comparisons.comparison()
    entries = table_entries(results["runs"])
    found = Exchange(entries).conclusions
    told = sentences(results, entries, found)["matched-pairs"]
    assert told == (
        "Within 9,290 parameters an LSTM has 21 units and 20.00 ± 0.00 %, fast weights 21 units and "
        "20.00 ± 0.00 %; within 20 numbers of state an LSTM has 9 units and 20.00 ± 0.00 %, fast weights "
        "9 units and 20.00 ± 0.00 %."
    )
    nothing = {"runs": [each for each in results["runs"] if each["roles"][0]["part"] != "matched"]}
    assert sentences(nothing, entries, found)["matched-pairs"] == (
        "Runs of equal parameters and of equal state are to come."
    )
