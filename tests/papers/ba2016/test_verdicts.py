"""The rule of the verdicts, case by case."""

import math

import pytest

from fastweights.papers.ba2016.findings.verdicts import judge, prediction, published_interval

FLOOR = 0.6165


def verdict(published, *errors, floor=FLOOR, count=20_000):
    return judge(published, errors, [count] * len(errors), floor)


@pytest.mark.parametrize(
    ("published", "errors", "name"),
    [
        (0.0181, (0.017, 0.018, 0.019), "reproduced"),
        (0.0181, (0.007, 0.0072, 0.0071, 0.0069, 0.007), "better"),
        (0.0034, (0.20, 0.21, 0.22), "worse"),
        (0.0034, (0.60, 0.61, 0.60), "not reproduced"),
        (0.6211, (0.6165, 0.6170, 0.6160), "reproduced"),
        (0.6023, (0.25, 0.28, 0.30, 0.35, 0.40), "better"),
        # Nothing wrong, nowhere: there is no spread, and the test sets' chance remains.
        (0.0, (0.0,) * 5, "reproduced"),
        (0.0, (0.0003,) * 5, "reproduced"),
        (0.0, (0.0005,) * 5, "worse"),
        (0.0001, (0.0,) * 5, "reproduced"),
        (0.0034, (0.0,) * 5, "better"),
        # One late seed among four good ones does not make 0 likely.
        (0.0, (0.005, 0.006, 0.007, 0.006, 0.05), "worse"),
        (0.0181, (0.005, 0.006, 0.007, 0.006, 0.05), "reproduced"),
    ],
)
def test_verdicts(published, errors, name):
    assert verdict(published, *errors).name == name


def test_not_reproduced_begins_halfway_to_the_floor():
    halfway = 100 * (0.0034 + FLOOR) / 2
    assert verdict(0.0034, *[(halfway - 0.1) / 100] * 3).name == "worse"
    assert verdict(0.0034, *[(halfway + 0.1) / 100] * 3).name == "not reproduced"


def test_a_published_number_above_the_floor_cannot_be_missed_by_half_of_the_way():
    assert verdict(0.63, 0.70, 0.70, 0.70).name == "worse"


@pytest.mark.parametrize(("errors", "reason"), [((), "no finished seeds"), ((0.1,), "one finished seed")])
def test_fewer_than_two_seeds_have_no_verdict(errors, reason):
    found = verdict(0.1, *errors)
    assert (found.name, found.run, found.reason) == ("none", None, reason)


def test_seeds_that_learn_and_seeds_that_do_not_have_none_either():
    found = verdict(0.6081, 0.6, 0.2)
    assert found.name == "none"
    assert "differ too much" in found.reason
    # But what no run can reach is told apart even so.
    assert verdict(0.0, 0.6, 0.55, 0.2, 0.5, 0.6).name == "not reproduced"


def test_the_prediction_by_hand():
    errors = (0.1, 0.2, 0.4)
    odds = [math.log((20_000 * e + 0.5) / (20_000 * (1 - e) + 0.5)) for e in errors]
    middle = sum(odds) / 3
    s = math.sqrt(sum((each - middle) ** 2 for each in odds) / 2)
    half = 4.3026527 * s * math.sqrt(4 / 3)
    low, high = (1 / (1 + math.exp(-each)) for each in (middle - half, middle + half))
    found = prediction(errors, [20_000] * 3)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_equal_seeds_predict_themselves():
    for error in (0.0, 0.0003, 0.5, 1.0):
        found = prediction([error] * 3, [20_000] * 3)
        assert (found.low, found.high) == (pytest.approx(error, abs=1e-9), pytest.approx(error, abs=1e-9))


def test_wilsons_interval_by_hand():
    # 181 of 10,000: two test sets of 20,000 are as exact as one of half the size.
    p, n, z = 0.0181, 10_000, 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    found = published_interval(p, 20_000)
    assert found.low == pytest.approx(middle - half - 0.00005)
    assert found.high == pytest.approx(middle + half + 0.00005)
    assert published_interval(0.0, 20_000).low == 0
    assert published_interval(0.0, 20_000).high == pytest.approx(z * z / (n + z * z) + 0.00005)


def test_a_small_test_set_tells_less():
    assert verdict(0.0, 0.001, 0.001).name == "worse"
    assert verdict(0.0, 0.001, 0.001, count=2_000).name == "reproduced"


@pytest.mark.parametrize("count", [-5, 0, 0.3, 1e300])
def test_counts_that_cannot_be_do_no_harm(count):
    assert verdict(0.0, 0.0, 1.0, 0.5, count=count).name in ("reproduced", "worse", "not reproduced", "none")


def test_an_interval_without_width_is_one_number():
    assert str(prediction([0.0] * 5, [20_000] * 5)) == "0.00"
    assert str(prediction([0.1, 0.2, 0.3], [20_000] * 3)).count("–") == 1
