"""Statistics over seeds, of made-up runs with known answers."""

import math

import pytest

from fastweights.report.seeds import (
    collapsed,
    error_text,
    over_seeds,
    seeds_text,
    updates_text,
)
from fastweights.studies.analysis.settings import half_t_interval, t_quantile, updates_to
from records import record


def seeds(*errors, **more):
    return over_seeds([record(seed=i, test_error=each, **more) for i, each in enumerate(errors)])


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


def test_quantiles_agree_with_scipy():
    special = pytest.importorskip("scipy.special")
    for freedom in [*range(1, 60), 200, 1001]:
        assert t_quantile(freedom) == pytest.approx(float(special.stdtrit(freedom, 0.975)), rel=1e-12)


def test_five_seeds_by_hand():
    found = seeds(0.01, 0.02, 0.03, 0.04, 0.05)
    assert (found.planned, found.finished, found.failed, found.unfinished) == (5, 5, 0, 0)
    assert found.mean == pytest.approx(0.03)
    assert found.half_interval == half_t_interval([0.01, 0.02, 0.03, 0.04, 0.05])
    assert found.half_interval == pytest.approx(2.7764451 * math.sqrt(2.5e-4 / 5))
    assert (found.lowest, found.highest) == (0.01, 0.05)
    assert error_text(found) == "3.00 ± 1.96"
    assert seeds_text(found) == "5"


def test_ties():
    found = seeds(0.02, 0.02, 0.02)
    assert (found.mean, found.half_interval, found.lowest, found.highest) == (
        pytest.approx(0.02),
        0,
        0.02,
        0.02,
    )


def test_one_seed_has_no_interval():
    found = seeds(0.02)
    assert (found.mean, found.half_interval) == (0.02, None)
    assert error_text(found) == "2.00"


def test_failed_runs_and_nans_enter_no_mean():
    bad = record(seed=2)
    bad["result"]["test_error"] = math.nan
    found = over_seeds([record(test_error=0.2), record(seed=1, state="failed", failure="no"), bad])
    assert (found.mean, found.finished, found.failed, found.unfinished) == (0.2, 1, 2, 0)
    assert seeds_text(found) == "1 of 3"


def test_errors_above_one_are_no_errors():
    found = seeds(0.1, 1e308)
    assert (found.mean, found.failed) == (0.1, 1)


def test_nothing_but_failures_and_nothing_at_all():
    found = over_seeds([record(state="failed", failure="no", validation_errors=())])
    assert (found.mean, found.failed, error_text(found), updates_text(found)) == (
        None,
        1,
        "failed",
        "– (0 of 1)",
    )
    waiting = over_seeds([record(state="waiting", validation_errors=())])
    assert (waiting.unfinished, error_text(waiting), updates_text(waiting)) == (1, "", "")
    assert over_seeds([]).updates is None


def test_last_and_best_are_kept_apart():
    found = over_seeds([record(test_error=0.3, best_test_error=0.1, validation_errors=(0.1, 0.28))])
    assert (found.mean, found.at_best, found.validation) == (0.3, 0.1, 0.28)


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
    assert over_seeds([run]).collapses == fell


def test_updates_to_one_per_cent_are_those_of_the_first_evaluation_at_or_below():
    assert updates_to(record(validation_errors=(0.5, 0.01, 0.6))) == 1000
    assert updates_to(record(validation_errors=(0.5, 0.0101))) == math.inf
    run = record(validation_errors=(0.5, 0.5, 0.001))
    run["curve"][0][2], run["curve"][1][2] = math.nan, None
    assert updates_to(run) == 1500


def test_their_median_takes_never_for_infinite():
    quick, slow, never = (0.01,), (0.5, 0.01), (0.5, 0.5)

    def of(*curves):
        return over_seeds([record(seed=i, validation_errors=each) for i, each in enumerate(curves)])

    assert (of(quick, slow, never).updates, of(quick, slow, never).reached) == (1000, 2)
    assert of(quick, never, never).updates == math.inf
    assert of(quick, slow).updates == 750
    assert of(quick, never).updates == math.inf
    assert updates_text(of(quick, slow, never)) == "1,000 (2 of 3)"
    assert updates_text(of(quick, never, never)) == "– (1 of 3)"
    assert updates_text(of(quick, quick)) == "500"


def test_a_failed_run_counts_as_far_as_it_came():
    failed = record(seed=1, state="failed", failure="no", validation_errors=(0.5,))
    found = over_seeds([record(validation_errors=(0.01,)), failed])
    assert (found.reached, found.updates) == (1, math.inf)
