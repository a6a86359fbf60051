"""A user's own paper: one class that registers itself, whose studies are planned, shown and reported."""

import subprocess
import sys

import pytest

from fastweights import registry
from fastweights.errors import UnknownNameError
from fastweights.report.page import TableReport, render, report_of
from fastweights.report.study_table import StudyTables
from fastweights.studies.description import get_preset, preset_names
from fastweights.studies.papers import Paper, Publication, paper_of, published_errors
from fastweights.studies.plans import Choice
from records import record, study

MINE = Publication(
    heading="mine",
    name="Mine 2027",
    place="Table 2",
    citation="A. Mine. A longer memory. 2027.",
    address="https://example.org/mine",
    task={"name": "associative-retrieval", "num_pairs": 8},
    test_errors={("lstm", 20): 12.5},
)


class OwnReport(TableReport):
    """Differs from the general report in its documents."""

    def documents(self):
        return {"own": "text"}


class Mine2027(Paper):
    """A paper with a study, a number, and a report for studies that have tags."""

    title = "A longer memory"
    question = "How long is it?"
    publications = (MINE,)
    presets = ("mine",)

    def preset(self, name):
        from fastweights.studies.description import StudyDescription

        task, models = {"name": "associative-retrieval"}, [{"name": "lstm", "hidden_size": 20}]
        return StudyDescription.of(
            {"task": task, "models": models, "training": {"updates": 70}, "seeds": [0]}
        )

    def report(self, results):
        return OwnReport(results) if any(run.get("roles") for run in results["runs"]) else None


@pytest.fixture
def mine():
    registry.register_paper("mine2027", source=MINE.citation)(Mine2027)
    yield
    del registry.papers._entries["mine2027"]


def test_its_preset_is_found_by_name(mine):
    assert "mine" in preset_names()
    (planned,) = get_preset("mine").plan(Choice())({})
    assert (planned.specification.model, planned.specification.training.updates) == ("lstm", 70)
    assert isinstance(paper_of("mine"), Mine2027)


def test_its_numbers_stand_beside_those_of_the_runs(mine):
    runs = [record("lstm", 20, num_pairs=8), record("lstm", 50, num_pairs=8)]
    assert published_errors(runs[0]["specification"]["task"], "lstm", 20) == [(MINE, 12.5)]
    text = StudyTables(runs).markdown()
    assert "| 20 | LSTM | 10.0 | 1 | 12.5 |" in text
    assert "paper: Mine 2027, Table 2." in text
    page = render(study(*runs, preset="mine"), "<svg></svg>")
    for expected in ("<h1>A longer memory</h1>", "How long is it?", ">12.5<", "mine %", MINE.citation):
        assert expected in page
    assert "Ba et al." not in page


def test_it_may_have_a_report_of_its_own(mine):
    assert type(report_of(study(record(), preset="mine"))) is TableReport
    tagged = {**record(), "roles": [{"part": "table"}]}
    assert report_of(study(tagged, preset="mine")).documents() == {"own": "text"}
    assert type(report_of(study(tagged, preset="smoke"))) is TableReport


def test_a_preset_that_no_paper_has():
    with pytest.raises(UnknownNameError, match="quick, paper, paper-smoke, smoke"):
        get_preset("mine")
    assert paper_of("smoke") is None
    assert Paper().report(study()) is None


def test_a_preset_without_an_inspection_does_none(tmp_path):
    for name in ("quick", "smoke"):
        get_preset(name).after(tmp_path, study(record("fast-weights", 20)))
    assert list(tmp_path.iterdir()) == []


def test_quick_needs_nothing_of_the_papers_plan():
    code = (
        "import sys; from fastweights.studies.description import get_preset; get_preset('quick')\n"
        "print(*[name for name in sys.modules if name.startswith('fastweights.papers.ba2016.plan.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
