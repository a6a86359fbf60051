"""The rule of the verdicts, case by case."""

import math
from random import Random

import pytest

from fastweights.papers.ba2016.findings.closeness import distance_to_another_verdict
from fastweights.papers.ba2016.findings.intervals import Scale, further_runs
from fastweights.papers.ba2016.findings.other_rules import OTHER_RULES
from fastweights.papers.ba2016.findings.verdicts import (
    Evidence,
    evidence_of,
    judge,
    judge_by_p,
    judge_runs,
)
from papers.ba2016.comparisons import run

FLOOR = 0.6165
COUNT = 20_000


def verdict(published, *errors, floor=FLOOR, count=COUNT):
    return judge(published, errors, [count] * len(errors), floor)


def spread(middle, s, number=10):
    """Errors whose log odds lie evenly around those of `middle`, with standard deviation s."""
    steps = [i - (number - 1) / 2 for i in range(number)]
    scale = s / math.sqrt(sum(step**2 for step in steps) / (number - 1))
    odds = math.log(middle / (1 - middle))
    return [1 / (1 + math.exp(-(odds + scale * step))) for step in steps]


@pytest.mark.parametrize(
    ("published", "errors", "word"),
    [
        (0.0185, spread(0.027, 0.12), "undecided"),  # below one more run, not below the best of ten
        (0.0230, spread(0.027, 0.12), "reproduced"),
        (0.0120, spread(0.027, 0.12), "ours higher"),
        (0.0390, spread(0.027, 0.12), "ours lower"),
        (0.0034, spread(0.045, 0.2), "ours higher"),
        (0.6211, (0.6165, 0.6195, 0.6120, 0.6145, 0.6210), "reproduced"),
        (0.6023, (0.25, 0.28, 0.30, 0.35, 0.40), "ours lower"),
        # Nothing wrong, nowhere: there is no spread, and the test sets' chance remains.
        (0.0, (0.0,) * 5, "reproduced"),
        (0.0, (0.0003,) * 5, "reproduced"),
        (0.0, (0.0020,) * 5, "ours higher"),
        (0.0034, (0.0,) * 5, "ours lower"),
        # Seeds that differ too much say nothing, but for numbers that are far even so.
        (0.0181, spread(0.01, 0.8), "undecided"),
        (0.6081, spread(0.01, 0.8), "ours lower"),
        (0.0034, (0.04, 0.05, 0.053, 0.37, 0.44, 0.47, 0.49, 0.5, 0.51, 0.57), "undecided"),
        (0.40, (0.04, 0.05, 0.053, 0.37, 0.44, 0.47, 0.49, 0.5, 0.51, 0.57), "undecided"),
        # One late seed does not make a number likely, and does not make it unlikely.
        (0.05, (*spread(0.006, 0.1), 0.05), "undecided"),
        (0.0, (*spread(0.006, 0.1), 0.05), "undecided"),
    ],
)
def test_verdicts(published, errors, word):
    assert verdict(published, *errors).word == word


def test_fewer_seeds_do_not_help():
    for published in (0.021, 0.024, 0.027, 0.03):
        assert verdict(published, *spread(0.027, 0.3)).word == "reproduced"
        assert verdict(published, *spread(0.027, 0.3, 3)).word == "undecided"


@pytest.mark.parametrize(("errors", "reason"), [((), "no finished seeds"), ((0.1,) * 4, "4 finished seeds")])
def test_fewer_than_five_seeds_have_no_verdict(errors, reason):
    found = verdict(0.1, *errors)
    assert (found.word, found.run) == ("undecided", None)
    assert reason in found.reason


def test_a_verdict_must_not_depend_on_one_seed():
    errors = (*spread(0.005, 0.1, 9), 0.021)
    alone = judge(0.019, errors, [COUNT] * 10, FLOOR)
    assert alone.word == "undecided"
    assert alone.reason == "ours lower or reproduced, by one seed or by the scale"


def test_the_prediction_by_hand():
    errors = (0.1, 0.2, 0.4)
    odds = [math.log((20_000 * e + 0.5) / (20_000 * (1 - e) + 0.5)) for e in errors]
    middle = sum(odds) / 3
    s = math.sqrt(sum((each - middle) ** 2 for each in odds) / 2)
    # Student's quantiles with two degrees of freedom: 0.975, and 0.9975 for the best of ten.
    ends = [middle - 14.0890473 * s * math.sqrt(4 / 3), middle - 4.3026527 * s * math.sqrt(4 / 3)]
    found = further_runs(errors, COUNT, FLOOR)
    assert found.best == pytest.approx(1 / (1 + math.exp(-ends[0])), abs=1e-4)
    assert found.low == pytest.approx(1 / (1 + math.exp(-ends[1])), abs=1e-4)
    assert FLOOR < found.high < FLOOR + 0.01  # by the equation 0.81: worse than guessing


def test_anscombes_scale_by_hand():
    errors = (0.02, 0.03, 0.04)
    angles = [math.asin(math.sqrt(error)) for error in errors]
    middle = sum(angles) / 3
    s = math.sqrt(sum((each - middle) ** 2 for each in angles) / 2)
    found = further_runs(errors, COUNT, FLOOR, Scale.ANSCOMBE)
    half = 4.3026527 * s * math.sqrt(4 / 3)
    assert found.low == pytest.approx(math.sin(middle - half) ** 2)
    assert found.high == pytest.approx(math.sin(middle + half) ** 2)
    assert found.best == 0  # its angle would be negative


def test_equal_seeds_leave_the_chance_of_the_test_sets():
    for error in (0.0, 0.0003, 0.5):
        found = further_runs([error] * 3, COUNT, 0.9)
        deviation = math.sqrt((1 + 1 / 3) / (4 * COUNT))
        angle = math.asin(math.sqrt(error))
        assert found.low == pytest.approx(math.sin(max(angle - 1.959964 * deviation, 0)) ** 2, abs=1e-9)
        assert found.high == pytest.approx(math.sin(angle + 1.959964 * deviation) ** 2)
    # About what a Poisson count of 6 has: 2 to 11 of 20,000.
    found = further_runs([0.0003] * 10, COUNT, FLOOR)
    assert (round(COUNT * found.low), round(COUNT * found.high)) == (2, 12)


def test_every_seed_is_possible_and_nothing_is_beyond_guessing_but_a_seed():
    for errors in ((0.001, 0.001, 0.001, 0.001, 0.3), (0.65, 0.7, 0.75)):
        for scale in Scale:
            found = further_runs(errors, COUNT, FLOOR, scale)
            assert found.best <= found.low <= min(errors) < max(errors) <= found.high
            assert found.high <= max(FLOOR + 0.01, *errors)


def test_a_small_test_set_tells_less():
    assert verdict(0.0, *[0.0012] * 5).word == "ours higher"
    small = judge_by_p(0.0, [0.0012] * 5, [2_000] * 5, FLOOR)
    assert small.word == "reproduced"
    # Percentages know of no chance of a test set.
    assert (
        verdict(0.0, *[0.0012] * 5, count=2_000).reason == "reproduced by P, but ours higher by percentages"
    )


@pytest.mark.parametrize("count", [-5, 0, 0.3, 1e300])
def test_counts_that_cannot_be_do_no_harm(count):
    assert verdict(0.0, 0.0, 1.0, 0.5, count=count).word == "undecided"


def test_an_interval_without_width_is_one_number():
    assert str(further_runs([0.2] * 3, COUNT, FLOOR)).count("–") == 1
    assert str(further_runs([1.0] * 3, COUNT, FLOOR)) == "100.0"


def runs(*errors, **more):
    return [run("lstm", 50, 10 + i, "table", errors=(0.6, error), **more) for i, error in enumerate(errors)]


def test_seeds_that_share_a_training_set_have_no_verdict():
    made = runs(*spread(0.02, 0.1, 5))
    assert judge_runs(0.02, made).word == "reproduced"
    for each in made:
        each["specification"]["data"]["seed"] = 0
    found = judge_runs(0.02, made)
    assert (found.word, found.reason) == ("open", "5 seeds, but 1 training set")


def test_runs_that_are_missing_are_waited_for_and_those_that_failed_guess():
    made = [*runs(*spread(0.02, 0.1, 9)), run("lstm", 50, 30, "table", state="waiting")]
    found = judge_runs(0.02, made)
    assert (found.word, found.reason) == ("open", "9 of 10 runs have ended")
    made[-1] |= {"state": "failed", "failure": "no luck"}
    found = judge_runs(0.02, made)
    assert found.word == "undecided" and found.run is not None and found.run.high >= FLOOR


def distance(published, *errors):
    return distance_to_another_verdict(published, Evidence(errors, [COUNT] * len(errors), FLOOR))


def test_the_distance_to_another_verdict_in_standard_deviations_of_a_run():
    """P is μ ± 2.373 s for ten seeds; without one of them it is a little more."""
    errors = spread(0.027, 0.12)
    angles = [math.asin(math.sqrt(error)) for error in errors]
    middle, s = sum(angles) / 10, math.sqrt(sum((each - sum(angles) / 10) ** 2 for each in angles) / 9)
    for z in (4, 6, 8):
        published = math.sin(middle + z * s) ** 2
        assert verdict(published, *errors).word == "ours lower"
        assert distance(published, *errors) == pytest.approx(z - 2.6, abs=0.3)
    assert distance(math.sin(middle + 2.7 * s) ** 2, *errors) < 0.4


def test_equal_seeds_are_as_far_as_the_chance_of_their_test_sets():
    """A run of 0 of 20,000 has a standard deviation of 0.0035 in Anscombe's scale: nothing is near."""
    assert distance(0.0, *[0.0] * 10) == pytest.approx(6.4, rel=0.15)
    assert distance(0.0, *[0.0] * 10) > distance(0.0230, *spread(0.027, 0.12))
    # Two groups never say anything of a number between them.
    assert distance(0.3, *[0.04] * 5, *[0.5] * 5) > 1


def test_evidence_has_guessing_for_what_failed():
    made = [*runs(*spread(0.02, 0.1, 3)), run("lstm", 50, 30, "table", state="failed")]
    evidence = evidence_of(made)
    assert isinstance(evidence, Evidence)
    assert evidence.errors[3] == evidence.floor == made[0]["floor"]
    assert evidence_of(made[:2] + made[:1]) == "3 seeds, but 2 training sets"


def test_other_intervals_by_hand():
    """Five seeds with mean 3 % and s² = 0.5 of a point²: 2.7764451 · √(6/5) · s = 2.1506 to either side."""
    errors, counts = (0.02, 0.03, 0.03, 0.03, 0.04), [COUNT] * 5
    percentages, the_range = (rule(0.055, errors, counts, FLOOR) for rule in OTHER_RULES.values())
    half = 2.7764451 * math.sqrt(6 / 5) * math.sqrt(0.00005)
    assert percentages.run[1:] == pytest.approx((0.03 - half, 0.03 + half), abs=1e-5)
    assert percentages.run.best == 0
    assert the_range.run == (0.02, 0.02, 0.04)
    assert (percentages.word, the_range.word) == ("ours lower", "ours lower")
    words = [rule(0.015, errors, counts, FLOOR).word for rule in OTHER_RULES.values()]
    assert words == ["reproduced", "ours higher"]
    guesses = (0.5, 0.55, 0.6, 0.6, 0.6)
    assert OTHER_RULES["percentages"](0.6, guesses, [COUNT] * 5, 0.6).run[2] == 0.6  # not beyond guessing
    assert {rule(0.03, errors[:4], counts, FLOOR).word for rule in OTHER_RULES.values()} == {"undecided"}


def test_a_verdict_needs_the_consent_of_percentages():
    """Late seeds: in log odds P begins at 0.9 %, in percentages at 0, from where it tells nothing apart."""
    errors = [0.015, 0.016, 0.017, 0.018, 0.02, 0.021, 0.023, 0.026, 0.03, 0.041]
    assert judge_by_p(0.018, errors, [COUNT] * 10, FLOOR).word == "reproduced"
    found = verdict(0.018, *errors)
    assert (found.word, found.reason) == ("undecided", "reproduced by P, but undecided by percentages")
    assert found.run == further_runs(errors, COUNT, FLOOR)


@pytest.mark.parametrize("seed", range(20))
def test_the_range_never_says_the_opposite(seed):
    """P contains it: so it needs no say in the verdicts."""
    random = Random(seed)
    errors = [random.random() ** random.choice((1, 3, 9)) for _ in range(5)]
    words = {
        (
            judge_by_p(published, errors, [COUNT] * 5, FLOOR).word,
            OTHER_RULES["the range"](published, errors, [], FLOOR).word,
        )
        for published in (0.0, 0.0005, 0.003, 0.02, 0.3, 0.6, 1.0)
    }
    assert not words & {("ours lower", "ours higher"), ("ours higher", "ours lower")}
