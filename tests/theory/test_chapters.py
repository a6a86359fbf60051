"""Every claim has its chapter, and every chapter its claims."""

import re
from collections import Counter
from pathlib import Path

import pytest

from fastweights import registry

CHAPTERS = sorted((Path(__file__).parents[2] / "docs" / "theory").glob("*.md"))
CHECK = re.compile(r"^\*\*Check:\*\* `([a-z0-9-]+)`", re.MULTILINE)


CHAPTER_OF = {
    name: path.stem for path in CHAPTERS for name in CHECK.findall(path.read_text(encoding="utf-8"))
}


def test_every_claim_has_one_chapter():
    named = Counter(name for path in CHAPTERS for name in CHECK.findall(path.read_text(encoding="utf-8")))
    assert named == Counter(list(registry.checks))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_names_a_claim(path):
    assert CHECK.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", list(registry.checks))
def test_a_claim_is_one_file_named_like_it(name):
    module = registry.checks[name].__module__
    assert module == f"fastweights.theory.{CHAPTER_OF[name].replace('-', '_')}.{name.replace('-', '_')}"
    assert re.search(r"\d{4}", registry.checks.source(name)), "a source has a year"
