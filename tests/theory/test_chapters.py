"""Every check of the package has its chapter, and every chapter its checks."""

import re
from collections import Counter
from pathlib import Path

import pytest

from fastweights import registry

CHAPTERS = sorted((Path(__file__).parents[2] / "docs" / "theory").glob("*.md"))
CHECK = re.compile(r"^\*\*Check:\*\* `([a-z0-9-]+)`", re.MULTILINE)
NAMED = {path.stem: CHECK.findall(path.read_text(encoding="utf-8")) for path in CHAPTERS}
CHAPTER_OF = {name: chapter for chapter, names in NAMED.items() for name in names}
OURS = [name for name in registry.checks if registry.checks[name].__module__.startswith("fastweights.")]


def test_every_check_is_in_one_chapter():
    assert Counter(name for names in NAMED.values() for name in names) == Counter(OURS)


@pytest.mark.parametrize("chapter", NAMED)
def test_every_chapter_names_a_check(chapter):
    assert NAMED[chapter]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_can_be_taught_from(chapter):
    """It names its symbols, says what follows for practice, and has three exercises with solutions."""
    text = chapter.read_text(encoding="utf-8")
    assert re.search(r"^\| symbol ", text, re.MULTILINE)
    assert re.search(r"^## For practice|^\*For practice:\*", text, re.MULTILINE)
    exercises = text.partition("\n## Exercises\n")[2]
    assert len(re.findall(r"^\*\*\d\.\*\* ", exercises, re.MULTILINE)) >= 3
    assert exercises.count("<summary>Solution</summary>") == exercises.count("\n</details>") >= 3


@pytest.mark.parametrize("name", OURS)
def test_a_check_is_one_file_named_like_it(name):
    module = registry.checks[name].__module__
    assert module == f"fastweights.theory.{CHAPTER_OF[name].replace('-', '_')}.{name.replace('-', '_')}"
    assert re.search(r"\d{4}", registry.checks.source(name)), "a source has a year"
