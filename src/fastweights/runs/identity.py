"""What identifies a run. This module does not import JAX."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def identify(specification: Mapping[str, Any]) -> str:
    """A run's identifier: the first twelve hexadecimal digits of the SHA-256 of its specification's JSON."""
    text = json.dumps(specification, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
