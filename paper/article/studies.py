"""The records of the studies, each read once."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastweights.studies.record.folder import locate
from fastweights.studies.record.store import Store

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results"


@lru_cache
def study(name: str) -> Mapping[str, Any]:
    """The content of results.json of `results/NAME`, from its record."""
    return Store(*locate(RESULTS / name)).results()
