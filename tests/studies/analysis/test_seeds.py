"""Statistics over seeds, of made-up runs with known answers."""

import math

import pytest

from fastweights.report.setting_texts import error_text, seeds_text, updates_text
from fastweights.studies.analysis.runs import collapsed, updates_to
from fastweights.studies.analysis.settings import Setting, half_t_interval, t_quantile
from records import record


def setting(*errors, **more):
    return Setting([record(seed=i, test_error=each, **more) for i, each in enumerate(errors)])


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [
        (1, 12.7062047),
        (2, 4.3026527),
        (3, 3.1824463),
        (4, 2.7764451),
        (9, 2.2621572),
        (30, 2.0422725),
        (999, 1.9623415),
    ],
)
def test_quantiles_of_students_distribution(freedom, quantile):
    assert t_quantile(freedom) == pytest.approx(quantile, rel=1e-7)


def test_five_seeds_by_hand():
    seeds = setting(0.01, 0.02, 0.03, 0.04, 0.05)
    assert (seeds.planned, seeds.finished, seeds.failed, seeds.unfinished) == (5, 5, 0, 0)
    assert seeds.test_error == pytest.approx(0.03)
    assert seeds.half_interval == half_t_interval([0.01, 0.02, 0.03, 0.04, 0.05])
    assert seeds.half_interval == pytest.approx(2.7764451 * math.sqrt(2.5e-4 / 5))
    assert (min(seeds.test_errors), max(seeds.test_errors)) == (0.01, 0.05)
    assert error_text(seeds) == "3.00 ± 1.96"
    assert seeds_text(seeds) == "5"


def test_ties():
    seeds = setting(0.02, 0.02, 0.02)
    assert (seeds.test_error, seeds.half_interval, min(seeds.test_errors), max(seeds.test_errors)) == (
        pytest.approx(0.02),
        0,
        0.02,
        0.02,
    )


def test_one_seed_has_no_interval():
    seeds = setting(0.02)
    assert (seeds.test_error, seeds.half_interval) == (0.02, None)
    assert error_text(seeds) == "2.00"


def test_failed_runs_and_nans_enter_no_mean():
    bad = record(seed=2)
    bad["result"]["test_error"] = math.nan
    seeds = Setting([record(test_error=0.2), record(seed=1, state="failed", failure="no"), bad])
    assert (seeds.test_error, seeds.finished, seeds.failed, seeds.unfinished) == (0.2, 1, 2, 0)
    assert seeds_text(seeds) == "1 of 3"


def test_errors_above_one_are_no_errors():
    seeds = setting(0.1, 1e308)
    assert (seeds.test_error, seeds.failed) == (0.1, 1)


def test_nothing_but_failures_and_nothing_at_all():
    seeds = Setting([record(state="failed", failure="no", validation_errors=())])
    assert (seeds.test_error, seeds.failed, error_text(seeds), updates_text(seeds)) == (
        None,
        1,
        "failed",
        "– (0 of 1)",
    )
    waiting = Setting([record(state="waiting", validation_errors=())])
    assert (waiting.unfinished, error_text(waiting), updates_text(waiting)) == (1, "", "")
    assert Setting([]).updates_to_goal is None


def test_last_and_best_are_kept_apart():
    seeds = Setting([record(test_error=0.3, best_test_error=0.1, validation_errors=(0.1, 0.28))])
    assert (seeds.test_error, seeds.best_test_error, seeds.validation_error) == (0.3, 0.1, 0.28)


@pytest.mark.parametrize(
    ("errors", "fell"),
    [
        ((0.6, 0.1), False),
        ((0.1, 0.15), False),
        ((0.1, 0.1501), True),
        ((0.6, 0.01, 0.6), True),
        ((0.6,), False),
    ],
)
def test_a_collapse_is_five_points_above_the_best(errors, fell):
    run = record(validation_errors=errors)
    assert collapsed(run) == fell
    assert Setting([run]).collapses == fell


def test_updates_to_one_per_cent_are_those_of_the_first_evaluation_at_or_below():
    assert updates_to(record(validation_errors=(0.5, 0.01, 0.6)), 0.01) == 1000
    assert updates_to(record(validation_errors=(0.5, 0.0101)), 0.01) == math.inf
    run = record(validation_errors=(0.5, 0.5, 0.001))
    run["curve"][0][2], run["curve"][1][2] = math.nan, None
    assert updates_to(run, 0.01) == 1500


def test_their_median_takes_never_for_infinite():
    quick, slow, never = (0.01,), (0.5, 0.01), (0.5, 0.5)

    def of(*curves):
        return Setting([record(seed=i, validation_errors=each) for i, each in enumerate(curves)])

    assert (of(quick, slow, never).updates_to_goal, of(quick, slow, never).reached) == (1000, 2)
    assert of(quick, never, never).updates_to_goal == math.inf
    assert of(quick, slow).updates_to_goal == 750
    assert of(quick, never).updates_to_goal == math.inf
    assert updates_text(of(quick, slow, never)) == "1,000 (2 of 3)"
    assert updates_text(of(quick, never, never)) == "– (1 of 3)"
    assert updates_text(of(quick, quick)) == "500"


def test_a_failed_run_counts_as_far_as_it_came():
    failed = record(seed=1, state="failed", failure="no", validation_errors=(0.5,))
    seeds = Setting([record(validation_errors=(0.01,)), failed])
    assert (seeds.reached, seeds.updates_to_goal) == (1, math.inf)
