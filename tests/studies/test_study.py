"""Studies in a folder: what is run, what the record says of it, and what the tables show."""

import csv
import io
from concurrent.futures import Future
from dataclasses import replace

import pytest

from fastweights.errors import InvalidValueError, StudyError
from fastweights.report.page import TableReport, render
from fastweights.report.study_table import StudyTables
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.studies.execution import scheduler
from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store
from fastweights.studies.search import Dimension
from fastweights.studies.study import Row, Search, Study
from fastweights.tasks.adding import Adding
from fastweights.tasks.associative_recall import AssociativeRecall
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from outcomes import RESULT

DATA = DataOptions(train=200, validation=26, test=30)
BASES = [RunSpecification(AssociativeRetrieval(pairs), "irnn", 3, data=DATA) for pairs in (1, 2)]
RATES = Dimension("training.learning_rate", (0.001, 0.002, 0.004))
STUDY = Study([Row(base, [RATES]) for base in BASES], seeds=[10, 11, 12], search=Search([0, 1]))


class Instant:
    """An executor that trains in no time: 0.002 is the best rate, and seeds 10 to 12 differ."""

    name, side_by_side, resumes_from, crash_errors = "instant", 1, "nowhere", ()

    def __init__(self):
        self.trained = []

    def capacity(self):
        return 1

    def submit(self, jobs):
        future = Future()
        future.set_result([self.outcome(job.specification) for job in jobs])
        self.trained += [job.identifier for job in jobs]
        return future

    def outcome(self, specification):
        seed = specification["seed"]
        error = 0.1 + abs(specification["training"]["learning_rate"] - 0.002) * 100 + 0.001 * seed
        result = {**RESULT, "test_error": error / 2, "best_test_error": error / 2, "state_size": 3}
        curve = [[20, 2.3, 0.009 if seed == 11 else 0.5, -1.5], [40, 2.0, error, -1.0]]
        return {"state": "finished", "curve": curve, "result": result, "failure": None, "environment": {}}

    def progress(self):
        return []

    def stop(self):
        pass

    close = stop


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(scheduler, "_POLL_SECONDS", 0.001)


@pytest.fixture
def executor():
    return Instant()


def run(study, folder, executor):
    return study.run(folder, make_executor=lambda: executor)


def roles(results):
    return [role["part"] for run in results["runs"] for role in run["roles"]]


def test_every_row_has_fresh_seeds_of_what_validation_selects(tmp_path, executor):
    results = run(STUDY, tmp_path, executor)
    assert len(executor.trained) == len(results["runs"]) == 2 * (3 * 2 + 3)
    assert roles(results).count("search") == 12
    reported = [run["specification"] for run in results["runs"] if run["roles"][0]["part"] == "report"]
    assert [each["seed"] for each in reported] == [10, 11, 12] * 2
    assert {each["training"]["learning_rate"] for each in reported} == {0.002}
    assert run(STUDY, tmp_path, executor) == results
    assert len(executor.trained) == 18


def test_the_table_has_the_fresh_seeds_alone(tmp_path, executor):
    tables = StudyTables(run(STUDY, tmp_path, executor)["runs"])
    first, second = tables.complete()
    assert [first.title, second.title] == [
        f"associative-retrieval (num_pairs {pairs}, digits with-replacement)" for pairs in (1, 2)
    ]
    (row,) = first.rows
    cells = dict(zip([column.heading for column in first.columns], row, strict=True))
    # Test errors 5.5, 5.55 and 5.6 %: t(0.975; 2) · s / √3 = 4.303 · 0.05 / 1.732 = 0.124.
    assert cells["test error %"] == "5.55 ± 0.12"
    assert cells["best–worst %"] == "5.50–5.60"
    assert (cells["seeds"], cells["chosen"]) == ("3", "learning_rate 0.002")
    assert (cells["parameters"], cells["state"], cells["to 1 %"]) == ("9", "3", "– (1 of 3)")
    assert "paper %" not in cells
    assert cells["by validation %"] == "10.1"
    assert "the mean validation error by which it was chosen, of 3." in tables.markdown()


def test_numbers_for_programs(tmp_path, executor):
    report = TableReport(run(STUDY, tmp_path, executor))
    rows = list(csv.DictReader(io.StringIO(report.exports()[".csv"])))
    assert [row["num_pairs"] for row in rows] == ["1", "2"]
    for row in rows:
        assert (row["task"], row["model"], row["hidden_size"]) == ("associative-retrieval", "irnn", "3")
        assert float(row["test_error"]) == pytest.approx(0.0555)
        assert float(row["half_interval"]) == pytest.approx(0.0005 * 4.302653 / 3**0.5)
        assert float(row["lowest_test_error"]) == pytest.approx(0.055)
        assert float(row["highest_test_error"]) == pytest.approx(0.056)
        assert (row["seeds"], row["state_size"], row["chosen"]) == ("3", "3", "learning_rate 0.002")


def test_while_the_search_goes_on_nothing_is_reported(tmp_path, executor):
    results = run(STUDY, tmp_path, executor)
    searching = [each for each in results["runs"] if each["roles"][0]["part"] == "search"]
    left = {**searching[-1], "state": "waiting", "curve": [], "result": None}
    tables = StudyTables([*searching[:-1], left])
    assert [table.rows[0][2] for table in tables.results()] == ["searching (6 of 6)", "searching (5 of 6)"]
    assert "5.5" not in tables.markdown()
    assert "waiting (1 of 6 in the search)" in tables.markdown()


def test_rows_of_one_model_stand_apart(tmp_path, executor):
    cells = [replace(BASES[0].cell, recurrent_scale=scale) for scale in (0.25, 0.5)]
    study = Study([Row(replace(BASES[0], cell=cell)) for cell in cells], seeds=[10])
    results = run(study, tmp_path, executor)
    (table,) = StudyTables(results["runs"]).results()
    assert [row[1] for row in table.rows] == ["IRNN, recurrent_scale 0.25", "IRNN, recurrent_scale 0.5"]
    page = render(results, "<svg></svg>")
    assert "IRNN, recurrent_scale 0.25" in page


def test_a_changed_study_keeps_what_is_the_same_and_reports_what_it_asks_for_now(tmp_path, executor):
    """More seeds and another row; a row that is gone stays in the record, and leaves the report."""
    run(STUDY, tmp_path, executor)
    other = replace(BASES[1], model="lstm", cell=None)
    changed = Study([STUDY.rows[0], Row(other, [RATES])], seeds=[10, 11, 12, 13], search=STUDY.search)
    results = run(changed, tmp_path, executor)
    assert len(executor.trained) == 18 + 1 + 6 + 4
    assert len(results["runs"]) == 2 * (6 + 4)
    assert {each["specification"]["model"]["name"] for each in results["runs"]} == {"irnn", "lstm"}
    assert {each["specification"]["task"]["num_pairs"] for each in results["runs"]} == {1, 2}
    tables = StudyTables(results["runs"])
    assert [table.rows[0][1:4:2] for table in tables.results()] == [["IRNN", "4"], ["LSTM", "4"]]
    assert len(Store(*locate(tmp_path)).runs()) == len(executor.trained)
    assert run(STUDY, tmp_path, executor)["runs"] != results["runs"]
    assert len(executor.trained) == 29


def test_a_seed_that_selected_before_and_is_reported_now_is_reported(tmp_path, executor):
    run(STUDY, tmp_path, executor)
    changed = Study(STUDY.rows[:1], seeds=[0, 1], search=Search([10]))
    results = run(changed, tmp_path, executor)
    reported = [each for each in results["runs"] if {"part": "report", "row": ""} in each["roles"]]
    assert [(each["specification"]["seed"], len(each["roles"])) for each in reported] == [(0, 1), (1, 1)]


def test_the_record_says_of_errors_what_is_not_as_usual(tmp_path, executor):
    adding = RunSpecification(Adding(8), "irnn", 3, data=DATA)
    recall = RunSpecification(
        AssociativeRecall(16, 2, 8), "irnn", 3, data=DATA, test_task=AssociativeRecall(16, 3, 12)
    )
    rows = [Row(BASES[0]), Row(BASES[1], goal=0.2), Row(adding), Row(recall)]
    results = run(Study(rows, seeds=[10]), tmp_path, executor)
    assert [(each["floor"], each.get("errors")) for each in results["runs"]] == [
        (BASES[0].task.floor(), None),
        (BASES[1].task.floor(), {"goal": 0.2}),
        (1 / 6, {"kind": "squared"}),
        (1 - 1 / 3, {"validation_floor": 0.5}),
    ]
    assert [each.error_kind for each in Store(*locate(tmp_path)).runs()] == ["share"] * 2 + [
        "squared",
        "share",
    ]
    # Another goal changes the record, and no run.
    results = run(Study([rows[0], Row(BASES[1]), Row(adding, goal=0.01)], seeds=[10]), tmp_path, executor)
    assert [each.get("errors") for each in results["runs"]] == [None, None, {"kind": "squared", "goal": 0.01}]
    assert len(executor.trained) == 4


def test_a_task_is_asked_for_its_floor_once_a_round(tmp_path, executor, monkeypatch):
    asked, floor = [], AssociativeRetrieval.floor
    monkeypatch.setattr(AssociativeRetrieval, "floor", lambda task: asked.append(task) or floor(task))
    run(STUDY, tmp_path, executor)
    rounds = 3  # the search, what is reported, and nothing more
    assert asked == [base.task for base in BASES] * rounds


@pytest.mark.parametrize(("task", "goal"), [("retrieval", 1.0), ("retrieval", -0.1), ("adding", -1e-9)])
def test_a_goal_that_no_error_reaches_or_all_do_is_refused(task, goal):
    base = BASES[0] if task == "retrieval" else replace(BASES[0], task=Adding(8))
    with pytest.raises(InvalidValueError, match=rf"^goal must be .*; got {goal}$"):
        Row(base, goal=goal)


def test_a_folder_of_a_preset_is_no_place_for_it(tmp_path, executor):
    from fastweights.studies.execution.coordinator import run_plan
    from fastweights.studies.execution.listener import Quiet
    from fastweights.studies.plans import fixed

    run_plan(tmp_path, "quick", fixed([BASES[0]]), lambda: executor, Quiet())
    with pytest.raises(StudyError, match="belongs to the preset 'quick'"):
        run(STUDY, tmp_path, executor)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": []}, "at least one model"),
        ({"seeds": []}, "at least one seed"),
        ({"seeds": [1, 10]}, r"must not be reported; got \[1\]"),
        ({"rows": [Row(BASES[0]), Row(replace(BASES[0], seed=3))]}, "the same setting"),
        ({"search": None}, "need seeds to select by"),
        ({"search": Search([0], "random", 100_000)}, "at most 100,000 runs"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, words):
    with pytest.raises(InvalidValueError, match=words):
        replace(STUDY, **change)
