"""Which runs the page's tables show and compare, and what its texts say of a study that goes on."""

import re
from pathlib import Path

import pytest

from fastweights.papers.ba2016.findings.stages import progress
from fastweights.papers.ba2016.findings.table_entries import table_entries
from fastweights.papers.ba2016.page.matched_tables import matched_settings, matched_tables
from fastweights.papers.ba2016.page.open_points import open_points_table
from fastweights.papers.ba2016.page.pattern_table import assumptions_table, pattern_table
from fastweights.papers.ba2016.page.report import Verification
from fastweights.papers.ba2016.plan.stages import MODELS, Stages
from fastweights.runs.specification import DataOptions
from papers.ba2016.comparisons import comparison, run, table
from records import study

DOCS = Path(__file__).parents[3] / "docs"


def with_cell(made, **options):
    made["specification"]["model"]["cell"] = options
    return made


def test_open_points_are_what_the_runs_have():
    """Of the models that a point is of, also where a specification leaves it out."""
    scales = (0.25, 0.5, 0.75, 1.0)
    searched = [
        *(with_cell(run("irnn", 20, 0, "search"), recurrent_scale=scale) for scale in scales),
        *(
            with_cell(run("fast-weights", 20, 0, "horizon"), recurrent_scale=0.05, decay=d)
            for d in (0.9, 0.8)
        ),
        run("associative-lstm", 20, 0, "search", learning_rate=5e-05),
    ]
    letter = [run("associative-lstm", 20, 240, "letter"), with_cell(run("irnn", 20, 320, "pattern"))]
    assert open_points_table(searched).rows == []
    rows = {row[0]: row[2:] for row in open_points_table([*searched, *letter]).rows}
    assert rows["the IRNN's W at the start, times I"] == ["0.25 to 1", ""]
    assert rows["fast weights' W at the start, times I"] == ["0.05", ""]
    assert rows["λ"] == ["0.8 or 0.9", ""]
    assert rows["what becomes of their answers"] == ["sum", "sum"]
    assert rows["learning rate"] == ["0.00005 or 0.001", "0.001"]
    assert rows["weight decay"] == ["0", "0"]


@pytest.mark.parametrize("size", [20, 50, 100])
def test_the_letters_column_is_what_the_plan_runs(size):
    plan = Stages(MODELS, (20, 50, 100), None, "grid", DataOptions(), 1, {}, chosen=[])
    settings = [each for model in MODELS for each in plan.papers_settings(model, size)]
    letter = [{"specification": each.to_json(), "roles": [{"part": "pattern"}]} for each in settings]
    found = open_points_table([run("irnn", 20, 0, "search"), *letter])
    read = {row[0]: row[-1] for row in found.rows}
    fast, lstm, irnn, associative = (
        next(each for each in settings if each.model == model)
        for model in ("fast-weights", "lstm", "irnn", "associative-lstm")
    )
    rates = [f"{each.training.learning_rate:g}" for each in settings]
    assert read["λ"] == f"{fast.cell.decay:g}"
    assert read["η"] == f"{fast.cell.write_rate:g}"
    assert read["LN of h_0"] == fast.cell.preliminary_norm
    assert read["LN's bias at the start"] == f"{fast.cell.norm_bias:g}"
    assert (read["where LN stands"], fast.cell.norm) == ("the same", "inside")
    assert (read["A when h(t+1) is computed"], fast.cell.write_time) == ("holds h(t)", "current")
    assert read["fast weights' W at the start, times I"] == f"{fast.cell.recurrent_scale:g}"
    assert read["the IRNN's W at the start, times I"] == f"{irnn.cell.recurrent_scale:g}"
    assert (read["LN of the IRNN and the LSTM"], lstm.cell.layer_norm) == ("none", False)
    assert read["forget bias"] == f"{lstm.cell.forget_bias:g}" == f"{associative.cell.forget_bias:g}"
    assert read["the A-LSTM's heads"] == str(associative.cell.heads)
    assert read["what becomes of their answers"] == associative.cell.combine_heads
    assert read["its copies"] == str(associative.cell.copies)
    assert read["learning rate"] == f"{min(rates)} to {max(rates)}"
    assert read["its schedule"] == fast.training.schedule
    assert (read["gradients are clipped at"], fast.training.clip_norm) == ("none", 0.0)
    assert read["weight decay"] == f"{fast.training.weight_decay:g}"
    assert (read["embedding"], read["its distribution"]) == ("50 expanded to 100", "uniform")
    assert (fast.classifier.embedding, fast.classifier.embedding_init) == ("expanded", "uniform")
    assert (read["softmax"], fast.classifier.softmax) == ("ten classes", "classes")
    assert all(read.values())


def test_a_run_with_two_tags_of_one_meaning_is_one_run():
    """As runs to the letter had no reading before there were others."""
    more = [run("irnn", 100, 280 + i, "more-data", sequences=1_000_000) for i in range(5)]
    for each in more:
        each["roles"].append({**each["roles"][0], "reading": "to the letter"})
    entries = table_entries([*table("irnn", 100), *more])
    assert [(which, setting.planned) for which, setting in entries[0].more_data.items()] == [
        (("to the letter", 1_000_000), 5)
    ]


def of_first_study(runs):
    for each in runs:
        each["specification"]["data"]["seed"] = 0
    return runs


def matched(*models, budget=420, first=340):
    tags = {"criterion": "state", "budget": budget}
    return [run(model, 21, first + i, "matched", **tags) for model in models for i in range(3)]


def test_a_budget_of_one_model_compares_nothing():
    (_, state) = matched_tables([*matched("lstm", budget=50), *matched("lstm", "irnn", budget=100)])
    assert [row[0] for row in state.rows] == ["100", "100"]


def letter(model, size, error, rate, seeds=1):
    """Runs to the letter with this error after 2,000 updates, where they end."""
    stage = "letter" if rate == 0.001 else "pattern"
    runs = [run(model, size, i, stage, errors=(error,), learning_rate=rate) for i in range(seeds)]
    for each in runs:
        each["curve"][0][0] = 2_000
    return runs


def test_rates_are_compared_on_the_numbers_that_all_of_them_have():
    """An A-LSTM of 50 units, which the paper's rate alone has, is nearer to the paper than all others."""
    common = [*letter("irnn", 20, 0.1, 0.001, seeds=5), *letter("irnn", 20, 0.2, 0.003)]
    alone = letter("associative-lstm", 50, 0.0162, 0.001, seeds=3)
    found = pattern_table([*common, *alone])
    texts = [dict(zip((column.heading for column in found.columns), row, strict=True)) for row in found.rows]
    assert [(row["rate"], row["numbers"], row["seeds"]) for row in texts] == [
        ("0.001", "1", "5"),
        ("0.003", "1", "1"),
    ]
    assert [row["typical factor"] for row in texts] == ["14.8", "6.56"]  # odds: 1.639 over 1/9 and over 1/4
    assert set(found.bold) == {1}
    assert pattern_table(common).rows == found.rows


def test_seeds_of_a_row_are_told_where_models_differ():
    runs = [*letter("irnn", 20, 0.1, 0.001, seeds=5), *letter("lstm", 20, 0.1, 0.001, seeds=10)]
    found = pattern_table(runs)
    place = [column.heading for column in found.columns].index("seeds")
    assert [row[place] for row in found.rows] == ["5–10"]


def test_without_a_number_in_common_no_rate_is_compared():
    assert not pattern_table([*letter("irnn", 20, 0.1, 0.001), *letter("lstm", 20, 0.1, 0.003)]).rows


def test_a_rate_beyond_the_four_is_not_compared():
    """It is tried of some models only, and would leave few numbers in common."""
    common = [*letter("irnn", 20, 0.1, 0.001), *letter("lstm", 20, 0.1, 0.001)]
    beyond = letter("irnn", 20, 0.2, 0.009)
    for each in beyond:
        each["roles"] = [{"part": "letter-search"}]
    reported = letter("irnn", 20, 0.2, 0.009)
    for each in reported:
        each["roles"] = [{"part": "letter"}]
    *same, own = pattern_table([*common, *beyond, *reported]).rows
    assert same == pattern_table(common).rows
    assert [row[2] for row in same] == ["2"]
    odds = {error: error / (1 - error) for error in (0.1, 0.2, 0.6081, 0.6211)}
    # Of an IRNN at 0.009, and an LSTM at 0.001.
    typical = (odds[0.6211] / odds[0.2] * odds[0.6081] / odds[0.1]) ** 0.5
    assert (own[0], own[2], own[4]) == ("each model's best", "2", f"{typical:.3g}")


def test_a_run_that_diverged_counts_as_guessing_and_takes_no_number_from_the_other_rows():
    """From the end of its curve; an IRNN of 20 units has 62.11 % in the paper, and guessing is its floor."""
    runs = [*letter("irnn", 20, 0.1, 0.001), *letter("lstm", 20, 0.1, 0.001), *letter("lstm", 20, 0.2, 0.003)]
    diverged = run("irnn", 20, 0, "pattern", state="failed", updates=2_000, learning_rate=0.003)
    found = pattern_table([*runs, diverged])
    assert [list(row[:3]) for row in found.rows] == [["0.001", "2,000", "2"], ["0.003", "2,000", "2"]]
    odds = {error: error / (1 - error) for error in (0.2, 0.6081, 0.6211, diverged["floor"])}
    factors = odds[0.6211] / odds[diverged["floor"]], odds[0.6081] / odds[0.2]
    assert found.rows[1][5] == f"{max(factors):.3g}"
    assert found.rows[1][4] == f"{(factors[0] * factors[1]) ** 0.5:.3g}"
    early = run("irnn", 20, 0, "pattern", errors=(0.3,), learning_rate=0.003)
    early["curve"][0][0] = 2_000
    cut = {**early, "state": "failed", "result": None, "failure": "why"}
    assert pattern_table([*runs, cut]).rows == pattern_table([*runs, early]).rows


def test_an_assumption_is_compared_by_all_models_after_its_nearest_number_of_updates():
    """The paper has 62.11 % for an IRNN of 20 units and 60.81 % for an LSTM; the IRNN has no forget bias."""

    def pattern(model, *errors, part="pattern", **more):
        made = run(model, 20, 320, part, errors=errors, **more)
        for point, update in zip(made["curve"], (2_000, 5_000, 100_000), strict=False):
            point[0] = update
        return made

    def assumed(name, model, *errors, **more):
        return pattern(model, *errors, part="assumptions", assumption=name, **more)

    runs = [
        pattern("irnn", 0.3, 0.2, 0.1),
        pattern("lstm", 0.3, 0.2, 0.1),
        assumed("forget biases of 0", "lstm", 0.6, 0.7, 0.1),
        assumed("10,000 training sequences", "lstm", 0.61, 0.6081, 0.6),
        assumed("10,000 training sequences", "irnn", 0.3, 0.6211, 0.6),
        pattern("irnn", 0.6211, 0.6211, 0.6211, learning_rate=0.003),  # not at the rate of the letter
        *(letter(model, 20, 0.5, 0.001)[0] for model in ("irnn", "lstm")),
    ]
    found = assumptions_table(runs)
    assert [list(row[:4]) for row in found.rows] == [
        ["none changed", "2,000", "2", "1"],
        ["forget biases of 0", "2,000", "2", "1"],
        ["10,000 training sequences", "5,000", "2", "1"],
    ]
    odds = {error: error / (1 - error) for error in (0.3, 0.6, 0.6081, 0.6211)}
    typical = (odds[0.6211] / odds[0.3] * odds[0.6081] / odds[0.6]) ** 0.5
    assert [row[4] for row in found.rows][1:] == [f"{typical:.3g}", "1"]
    assert list(found.bold) == [2]
    clipped = [assumed("clipping at norm 5", "irnn", 0.3, 0.3, 0.3)]
    clipped += [assumed("clipping at norm 5", "lstm", 0.3, 0.3, 0.3, state="waiting")]
    assert assumptions_table([*runs, *clipped]).rows == found.rows  # one that has not all of its runs
    assert not assumptions_table([*runs[:2], *runs[5:]]).rows


def test_progress_says_of_which_runs_it_is():
    assert (
        Verification(comparison())
        .documents()["progress"]
        .startswith("```\nOf the runs that are named so far:\nsearch ")
    )


def test_runs_of_no_stage_are_counted_apart():
    """They are kept, and answer nothing."""
    made = comparison()
    first, *_ = progress(made["runs"])[1:]
    *rest, last = progress([*made["runs"], *({**run, "roles": []} for run in made["runs"][:3])])
    assert last == "of no stage any more: 3 runs"
    assert rest == progress(made["runs"]) and first.startswith("search ")


def test_no_typed_sentence_depends_on_the_record():
    """Sentences that were typed of an earlier record, and would be wrong of a later one."""
    texts = [DOCS.parent / "README.md", DOCS / "table1.md", DOCS / "theory" / "lstm.md", DOCS / "cells.md"]
    together = " ".join(path.read_text(encoding="utf-8") for path in texts).replace("\n", " ")
    for typed in (
        "still to come:",
        "Until a row's new runs",
        "as fast weights have at the smallest",
        "about 4 %",
    ):
        assert typed not in together, typed
    assert "errs far more often than fast weights" not in together
