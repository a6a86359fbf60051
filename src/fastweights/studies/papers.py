"""The registered papers: their presets, and the numbers that they published. Needs no JAX."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastweights import registry

if TYPE_CHECKING:
    from fastweights.papers.base import Paper, Publication


def papers() -> "list[Paper]":
    """Every registered paper, by name."""
    return [paper() for paper in registry.papers.values()]


def paper_of(preset: object) -> "Paper | None":
    """The paper that the preset of this name belongs to; None if it belongs to none."""
    return next((paper for paper in papers() if preset in paper.presets), None)


def published_errors(
    task: Mapping[str, Any], model: str, hidden_size: int
) -> "list[tuple[Publication, float]]":
    """Every published test error, in percent, of this model and size at this task."""
    publications = [publication for paper in papers() for publication in paper.publications]
    errors = [(source, source.test_error(task, model, hidden_size)) for source in publications]
    return [(source, error) for source, error in errors if error is not None]
