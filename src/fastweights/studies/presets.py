"""Presets by their names: those of papers, and what is described beside this file."""

from pathlib import Path

from fastweights.errors import UnknownNameError
from fastweights.studies.description import StudyDescription
from fastweights.studies.papers import paper_of, papers
from fastweights.studies.plans import Preset

_OWN = ("smoke",)
"""Descriptions beside this file."""


def preset_names() -> list[str]:
    """The papers' presets, then those that belong to none."""
    return [*(name for paper in papers() for name in paper.presets), *_OWN]


def get_preset(name: str) -> Preset:
    """The preset of that name. Raises UnknownNameError."""
    paper = paper_of(name)
    if paper is not None:
        return paper.preset(name)
    if name not in _OWN:
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {', '.join(preset_names())}")
    return StudyDescription.read(Path(__file__).with_name(f"{name}.toml"))
