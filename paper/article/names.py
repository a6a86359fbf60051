"""How numbers are named, and what stands where none is known."""

import re

OPEN = "open"
"""In the place of a number whose runs have not ended."""


def slug(text: str) -> str:
    """`LN on h_0 shared` → `ln-on-h-0-shared`: lower case, everything but letters and digits a hyphen."""
    return re.sub(r"[^a-z0-9λη.]+", "-", text.lower()).strip("-")
