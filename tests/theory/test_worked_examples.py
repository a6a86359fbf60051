"""The Python in the chapters, solutions of exercises above all, runs and shows what is printed under it."""

import doctest
import re
from pathlib import Path

import pytest

CHAPTERS = sorted((Path(__file__).parents[2] / "docs" / "theory").glob("*.md"))
BLOCK = re.compile(r"^```pycon\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY = re.compile(r"^```(python|py|pycon)\b", re.MULTILINE)


def blocks(path):
    return BLOCK.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("chapter", [path for path in CHAPTERS if blocks(path)], ids=lambda path: path.stem)
def test_examples_show_what_they_say(chapter):
    """In order, with one namespace for a chapter, as a reader would type them."""
    names, report = {}, []
    for number, block in enumerate(blocks(chapter), 1):
        test = doctest.DocTestParser().get_doctest(block, names, f"{chapter.stem}, block {number}", None, 0)
        assert test.examples, "a block without a prompt is never run"
        result = doctest.DocTestRunner(verbose=False).run(test, out=report.append, clear_globs=False)
        names.update(test.globs)
        assert not result.failed, "".join(report)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_all_python_is_run(chapter):
    assert len(ANY.findall(chapter.read_text(encoding="utf-8"))) == len(blocks(chapter))
