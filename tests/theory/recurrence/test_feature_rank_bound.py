"""Fails with another number of features, or another error beyond it."""

from checks import failures
from fastweights.theory.recurrence.feature_rank_bound import dimensions, orthogonal

DPFP = [f"dpfp-{order}" for order in (1, 2, 3, 5)]


def test_dpfp_with_as_many_features_as_are_written_fails_beyond_the_order_where_they_repeat():
    """2 d ν, which holds up to ν = d − 1 = 3."""
    wrong = {**dimensions(), "dpfp": lambda units, order: 2 * units * order}
    assert failures("feature-rank-bound", dimensions=wrong) == [
        "dpfp-5: pairs held",
        "dpfp-5: squared error, N = 80",
    ]


def test_one_feature_more_or_less_fails_everywhere():
    for more in (1, -1):
        wrong = {
            name: lambda units, order, size=size, more=more: size(units, order) + more
            for name, size in dimensions().items()
        }
        names = {name.partition(":")[0] for name in failures("feature-rank-bound", dimensions=wrong)}
        assert names == {"elu", "softmax", "relu", *DPFP}


def test_positive_features_are_never_orthogonal():
    wrong = {**orthogonal(), "elu": orthogonal()["relu"], "softmax": orthogonal()["relu"]}
    assert failures("feature-rank-bound", orthogonal=wrong) == [
        "elu: orthogonal keys",
        "softmax: orthogonal keys",
    ]


def test_another_residual_fails():
    names = failures("feature-rank-bound", residual=lambda pairs, size: 1 - 0.8 * size / pairs)
    assert names and all("squared error" in name for name in names)
