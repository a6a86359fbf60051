"""Published test errors at associative retrieval, K = 4, digits drawn with replacement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Publication:
    """A source and its numbers: test error in percent by (model, hidden size), as printed."""

    name: str
    citation: str
    address: str | None
    test_errors: Mapping[tuple[str, int], float]


BA_2016 = Publication(
    name="Ba et al. 2016",
    citation=(
        "J. Ba, G. Hinton, V. Mnih, J. Z. Leibo, C. Ionescu. "
        "Using Fast Weights to Attend to the Recent Past. NeurIPS 29, 2016. Table 1."
    ),
    address="https://arxiv.org/abs/1610.06258",
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
    name="Wayman & Mathew 2017",
    citation="Wayman and Mathew. Term project, Michigan State University, 2017. No grid search.",
    address=None,
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


def published_error(
    publication: Publication, task: Mapping[str, Any], model: str, hidden_size: int
) -> float | None:
    """The published test error in percent; None if the publication has none for this task, model and size."""
    same_task = (
        task.get("name") == "associative-retrieval"
        and task.get("num_pairs") == 4
        and task.get("digits") == "with-replacement"
    )
    return publication.test_errors.get((model, hidden_size)) if same_task else None
