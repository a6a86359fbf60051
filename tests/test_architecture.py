"""docs/architecture.md: the files that it names exist, and a run crosses no more of them than it says."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "fastweights"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_files_that_it_names_exist():
    names = set(re.findall(r"`((?:[a-z0-9_]+/)+(?:[a-z0-9_]+\.py)?)`", TEXT))
    assert len(names) > 15
    for name in names:
        assert (SOURCE / name).exists(), name
