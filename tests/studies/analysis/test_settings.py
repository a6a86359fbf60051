"""Summaries of made-up records with known answers."""

import math

import pytest

from fastweights.studies.analysis.runs import failure_of, outcome
from fastweights.studies.analysis.selections import selections
from fastweights.studies.analysis.settings import half_t_interval
from records import FLOOR, record


def only(runs):
    """The selected setting of the one model, size and task there is."""
    (selection,) = selections(runs)
    return selection.selected


def test_one_seed_has_no_interval() -> None:
    summary = only([record(test_error=0.2, best_test_error=0.15, seconds=3.5)])
    assert (summary.model, summary.hidden_size, summary.floor) == ("lstm", 20, FLOOR)
    assert summary.test_error == min(summary.test_errors) == max(summary.test_errors) == 0.2
    assert summary.half_interval is None
    assert summary.best_test_error == 0.15
    assert (summary.finished, summary.failed, summary.unfinished) == (1, 0, 0)
    assert (summary.parameters, summary.seconds) == (17410, 3.5)


def test_three_seeds_by_hand() -> None:
    errors = (0.01, 0.03, 0.02)
    runs = [record(seed=seed, test_error=error, best_test_error=0.01) for seed, error in enumerate(errors)]
    summary = only(runs)
    assert summary.test_error == pytest.approx(0.02)
    # t(0.975; 2) = 4.30265, s = 0.01
    assert summary.half_interval == pytest.approx(4.30265 * 0.01 / math.sqrt(3), rel=1e-5)
    assert (min(summary.test_errors), max(summary.test_errors)) == (0.01, 0.03)
    assert summary.best_test_error == pytest.approx(0.01)
    assert summary.finished == 3


def test_interval_of_five_values_by_hand() -> None:
    # t(0.975; 4) = 2.77645, s² = 2.5
    assert half_t_interval([1, 2, 3, 4, 5]) == pytest.approx(2.77645 * math.sqrt(2.5 / 5), rel=1e-5)
    assert half_t_interval([]) is None


def test_validation_selects_and_test_does_not() -> None:
    runs = [
        record(learning_rate=0.001, validation_errors=(0.6, 0.2), test_error=0.01),
        record(learning_rate=0.002, validation_errors=(0.6, 0.1), test_error=0.5),
    ]
    summary = only(runs)
    assert summary.options["training"]["learning_rate"] == 0.002
    assert (summary.test_error, summary.validation_error) == (0.5, 0.1)
    assert summary.runs == runs[1:]
    (selection,) = selections(runs)
    assert selection.runs == runs and len(selection.settings) == 2


def test_the_last_validation_error_selects_not_the_best() -> None:
    runs = [
        record(learning_rate=0.001, validation_errors=(0.0, 0.3)),
        record(learning_rate=0.002, validation_errors=(0.6, 0.2)),
    ]
    assert only(runs).options["training"]["learning_rate"] == 0.002


def test_the_mean_over_seeds_selects() -> None:
    runs = [
        record(learning_rate=rate, seed=seed, validation_errors=(error,))
        for rate, errors in ((0.001, (0.0, 0.4)), (0.002, (0.1, 0.1)))
        for seed, error in enumerate(errors)
    ]
    assert only(runs).options["training"]["learning_rate"] == 0.002


def test_ties_go_to_the_earlier() -> None:
    runs = [record(learning_rate=rate) for rate in (0.004, 0.001)]
    assert only(runs).options["training"]["learning_rate"] == 0.004
    assert only(runs[::-1]).options["training"]["learning_rate"] == 0.001


def test_a_setting_with_a_failed_seed_comes_after_those_without() -> None:
    runs = [
        record(learning_rate=0.004, seed=0, validation_errors=(0.01,)),
        record(learning_rate=0.004, seed=1, state="failed", failure="no"),
        record(learning_rate=0.001, seed=0, validation_errors=(0.5,)),
        record(learning_rate=0.001, seed=1, validation_errors=(0.5,)),
    ]
    summary = only(runs)
    assert summary.options["training"]["learning_rate"] == 0.001
    assert summary.failed == 0
    alone = only(runs[:2])
    assert (alone.finished, alone.failed) == (1, 1)


def test_settings_without_a_finished_seed_come_last() -> None:
    waiting = record(learning_rate=0.004, state="waiting", validation_errors=())
    failed = record(learning_rate=0.002, state="failed", failure="no")
    partly = [record(seed=0), record(seed=1, state="failed", failure="no")]
    summary = only([waiting, failed, *partly])
    assert summary.options["training"]["learning_rate"] == 0.001
    summary = only([failed, waiting])
    assert (summary.failed, summary.unfinished, summary.test_error) == (0, 1, None)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, None])
def test_numbers_that_are_none_count_as_failures(wrong: float | None) -> None:
    bad = record(seed=1)
    bad["result"]["test_error"] = wrong
    assert outcome(bad) == "failed"
    assert failure_of(bad) == f"test_error is {wrong}"
    summary = only([record(seed=0, test_error=0.25), bad])
    assert (summary.test_error, summary.finished, summary.failed) == (0.25, 1, 1)
    worse = record(validation_errors=(0.6, 0.1))
    worse["curve"][-1][2] = wrong
    assert failure_of(worse) == f"the last validation error is {wrong}"


def test_order_is_by_model_then_size_and_tasks_stay_apart() -> None:
    runs = [
        record("lstm", 100),
        record("irnn", 50),
        record("lstm", 20),
        record("irnn", 20),
        record("irnn", 20, num_pairs=8),
    ]
    chosen = [selection.selected for selection in selections(runs)]
    places = [(each.model, each.hidden_size, each.options["task"]["num_pairs"]) for each in chosen]
    assert places == [("lstm", 20, 4), ("lstm", 100, 4), ("irnn", 20, 4), ("irnn", 20, 8), ("irnn", 50, 4)]


def test_no_runs_no_summaries() -> None:
    assert selections([]) == []
