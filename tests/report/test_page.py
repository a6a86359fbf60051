"""The page: complete, self-contained, and safe whatever names it is given."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fastweights.papers.ba2016.published import BA_2016
from fastweights.report.page import render, report_of
from records import mixed_study, record, study

_VOID = {"meta", "br", "link", "img", "input", "hr", "wbr"}


class Outline(HTMLParser):
    """The elements of a page; refuses tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def page(results: dict, folder: Path) -> str:
    paths = report_of(results).write(folder)
    assert [path.name for path in paths] == ["learning-curves.svg", "learning-curves.png", "report.html"]
    assert sorted(folder.iterdir()) == sorted(paths)
    return paths[-1].read_text(encoding="utf-8")


def test_the_page_holds_table_curves_runs_and_provenance(tmp_path: Path) -> None:
    text = page(mixed_study(), tmp_path)
    for expected in (
        "62.1",
        "62.11",
        "71.2",
        "61.65",
        "1.81 ± 0.00",
        "<svg",
        "the loss is not finite at update 812",
        "&#34;decay&#34;: 0.9",
        "validation log likelihood",
        "a processor",
        "fastweights reproduce --preset quick --dir DIR",
        "8 runs: 5 finished, 1 failed, 1 interrupted and 1 waiting",
    ):
        assert expected in text, expected
    assert sum(tag == "details" for tag, _ in Outline(text).tags) >= 8


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    text = page(mixed_study(), tmp_path)
    for tag, attributes in Outline(text).tags:
        assert tag not in ("script", "link", "img", "iframe", "object")
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name) or "#"
            assert value.startswith("#") or (tag == "a" and value == BA_2016.address)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(['\"]?([^)]*)", text))


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    assert page(mixed_study(), tmp_path / "a") == page(mixed_study(), tmp_path / "b")


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        (study(), "The study has no runs yet."),
        (study(record(state="waiting", validation_errors=())), "No run has finished yet."),
        (study(record(state="failed", failure="no", validation_errors=())), "No run has finished yet."),
    ],
    ids=["no runs", "waiting", "failed"],
)
def test_a_page_without_results_says_so(results: dict, sentence: str, tmp_path: Path) -> None:
    assert sentence in page(results, tmp_path)


def test_whatever_a_name_holds_is_text(tmp_path: Path) -> None:
    hostile = "</title></svg><script>alert(1)</script>\"'$&{{ 7*7 }}"
    results = study(
        record(hostile, 20),
        record("lstm", 20, state="failed", failure=hostile),
        preset=hostile,
    )
    results["runs"][0]["environment"] = {hostile: hostile}
    results["runs"][0]["id"] = hostile
    results["runs"][0]["specification"]["task"][hostile] = hostile
    text = page(results, tmp_path)
    assert all(tag != "script" for tag, _ in Outline(text).tags)
    assert "<script" not in text
    assert "{{ 7*7 }}" in text


def test_two_environments_are_both_shown(tmp_path: Path) -> None:
    first, second = record(seed=0), record(seed=1)
    second["environment"] = {**second["environment"], "processor": "another processor"}
    text = page(study(first, second), tmp_path)
    assert text.count("1 run with:") == 2 and "another processor" in text


def test_settings_that_were_tried_are_told_apart(tmp_path: Path) -> None:
    text = page(study(record(learning_rate=0.001), record(learning_rate=0.002)), tmp_path)
    assert "R = 20, learning_rate 0.001, seed 0" in text
    assert text.count('class="badge"') == 1


@pytest.mark.parametrize(("runs", "detailed"), [(200, True), (201, False)])
def test_a_page_of_many_runs_leaves_their_details_to_the_record(runs: int, detailed: bool) -> None:
    failed = record(seed=0, state="failed", failure="it diverged")
    others = [record(seed=seed, validation_errors=(0.123456,)) for seed in range(1, runs)]
    page = render(study(failed, *others), "<svg></svg>")
    assert page.count("<summary>") >= runs
    assert ("0.12346" in page) == detailed
    assert ("learning_rate" in page) == detailed
    assert ("are in results.json" in page) != detailed
    assert "it diverged" in page
