"""Other values of options, each named by its place in a specification: `cell.decay`, `hidden_size`."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from fastweights.runs.specification import RunSpecification

Overrides = Mapping[str, Any]
"""New values of options by their places."""


def override(base: RunSpecification, overrides: Overrides) -> RunSpecification:
    """The specification with other values of some options.

    Raises: InvalidValueError if the new values are out of range, or do not fit together.
    """
    groups: dict[str, dict[str, Any]] = {}
    for place, value in overrides.items():
        group, _, name = place.rpartition(".")
        groups.setdefault(group, {})[name] = value
    values = groups.pop("", {})
    for group, options in groups.items():
        values[group] = dataclasses.replace(getattr(base, group), **options)
    return dataclasses.replace(base, **values)
