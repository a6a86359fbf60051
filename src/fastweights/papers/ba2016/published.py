"""Published test errors at associative retrieval, K = 4, digits drawn with replacement."""

from collections.abc import Mapping, Sequence

from fastweights.studies.papers import Publication

_TASK = {"name": "associative-retrieval", "num_pairs": 4, "digits": "with-replacement"}


def _by_size(errors: Mapping[str, Sequence[float]]) -> dict[tuple[str, int], float]:
    """By model and size, of each model's at R = 20, 50 and 100."""
    return {
        (model, size): error
        for model, row in errors.items()
        for size, error in zip((20, 50, 100), row, strict=True)
    }


BA_2016 = Publication(
    heading="paper",
    name="Ba et al. 2016",
    place="Table 1",
    citation=(
        "J. Ba, G. Hinton, V. Mnih, J. Z. Leibo, C. Ionescu. "
        "Using Fast Weights to Attend to the Recent Past. NeurIPS 29, 2016. Table 1."
    ),
    address="https://arxiv.org/abs/1610.06258",
    task=_TASK,
    test_errors=_by_size(
        {
            "irnn": (62.11, 60.23, 0.34),
            "lstm": (60.81, 1.85, 0.0),
            "associative-lstm": (60.13, 1.62, 0.0),
            "fast-weights": (1.81, 0.0, 0.0),
        }
    ),
)

WAYMAN_MATHEW_2017 = Publication(
    heading="W. & M.",
    name="Wayman & Mathew 2017",
    place="no grid search",
    citation="Wayman and Mathew. Term project, Michigan State University, 2017. No grid search.",
    address=None,
    task=_TASK,
    test_errors=_by_size(
        {"irnn": (71.2, 64.6, 3.11), "lstm": (53.3, 3.88, 1.02), "fast-weights": (3.78, 0.0, 0.0)}
    ),
)
