"""Published test errors at associative retrieval, K = 4, digits drawn with replacement."""

from fastweights.papers.base import Publication

_TASK = {"name": "associative-retrieval", "num_pairs": 4, "digits": "with-replacement"}

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
    test_errors={
        ("irnn", 20): 62.11,
        ("irnn", 50): 60.23,
        ("irnn", 100): 0.34,
        ("lstm", 20): 60.81,
        ("lstm", 50): 1.85,
        ("lstm", 100): 0.0,
        ("associative-lstm", 20): 60.13,
        ("associative-lstm", 50): 1.62,
        ("associative-lstm", 100): 0.0,
        ("fast-weights", 20): 1.81,
        ("fast-weights", 50): 0.0,
        ("fast-weights", 100): 0.0,
    },
)

WAYMAN_MATHEW_2017 = Publication(
    heading="W. & M.",
    name="Wayman & Mathew 2017",
    place="no grid search",
    citation="Wayman and Mathew. Term project, Michigan State University, 2017. No grid search.",
    address=None,
    task=_TASK,
    test_errors={
        ("irnn", 20): 71.2,
        ("irnn", 50): 64.6,
        ("irnn", 100): 3.11,
        ("lstm", 20): 53.3,
        ("lstm", 50): 3.88,
        ("lstm", 100): 1.02,
        ("fast-weights", 20): 3.78,
        ("fast-weights", 50): 0.0,
        ("fast-weights", 100): 0.0,
    },
)
