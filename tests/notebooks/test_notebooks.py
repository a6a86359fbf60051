"""The notebooks run as programs, and what they say is so; the site runs them as notebooks."""

import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from plugins.isolation import nothing_loaded

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "notebooks"
NAMES = ["a-cell-of-ones-own", "first-steps", "what-a-memory-can-hold"]


@pytest.fixture
def run(monkeypatch):
    """A notebook's variables after it has run, and what was printed is what it prints."""
    monkeypatch.setattr(plt, "show", lambda: None)
    monkeypatch.setenv("MPLBACKEND", "agg")
    plt.switch_backend("agg")

    def run(name):
        with nothing_loaded():
            return runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")

    yield run
    plt.close("all")


def cells(name):
    """Pairs of a cell's first line and its text."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return [cell.partition("\n")[::2] for cell in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]]


def test_they_are_these_and_the_site_has_them():
    assert sorted(path.stem for path in FOLDER.iterdir()) == NAMES
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert all(f"notebooks/{name}.md" in navigation for name in NAMES)
    assert "tools/notebooks.py" in navigation


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_has_text_a_described_figure_and_a_surprise(name):
    found = cells(name)
    texts = [text for kind, text in found if kind.strip() == "[markdown]"]
    assert texts[0].startswith("# # ")
    assert any(re.search(r"^# ## Something surprising$", text, re.MULTILINE) for text in texts)
    for kind, text in found:
        if "plt.show()" in text and "def draw" not in text:
            assert re.fullmatch(r' alt=".{20,}"', kind), kind
    assert not any(line.startswith(("%", "!")) for _, text in found for line in text.splitlines())


@pytest.mark.thorough
def test_what_a_memory_can_hold(run, capsys):
    found = run("what-a-memory-can-hold")
    curves = {curve.name: curve for curve in found["shown"].graphs[0].curves}
    hebb, best = curves["outer-product"], curves["pseudo-inverse"]
    np.testing.assert_allclose(hebb.theory, (np.array(hebb.x) - 1) / 48)
    assert max(best.y[np.array(best.x) <= 48]) < 1e-12
    out = capsys.readouterr().out
    deviations = list(map(float, re.findall(r"^ *[a-z-]+: ([\d.]+)$", out, re.MULTILINE)))
    assert len(deviations) == 5 and max(deviations) < 4
    kinds = found["kinds"]
    assert kinds["signed"][-1] < 0.05 * kinds["signed"][0]
    assert kinds["not negative"][-1] > 0.8 * kinds["not negative"][0]
    assert kinds["not negative, mean subtracted"][-1] < 0.15


@pytest.mark.thorough
def test_first_steps(run):
    found = run("first-steps")
    floor, test = found["task"].floor(), found["test"]
    errors = {name: found["fw"].evaluate(run.model, test).error for name, run in found["runs"].items()}
    assert errors["fast weights"] < 0.5 * floor < errors["LSTM"]
    assert found["answer"] == "8"
    assert min(found["errors"]) == pytest.approx(100 * errors["fast weights"], abs=1)
    assert found["errors"][0] > 100 * floor
    asked = found["attention"][-1]
    assert set(asked.argsort()[-2:]) == {2, 3}  # after k and after 8


@pytest.mark.thorough
def test_a_cell_of_ones_own(run):
    found = run("a-cell-of-ones-own")
    evaluate, test = found["fw"].evaluate, found["test"]
    errors = {name: evaluate(run.model, test).error for name, run in found["runs"].items()}
    assert errors["successor"] < 0.02
    assert min(errors["lstm"], errors["irnn"]) > 0.8 * found["task"].floor()
    untrained = [found["untrained_error"](size) for size in found["sizes"]]
    assert untrained == sorted(untrained, reverse=True)
    assert untrained[-1] < errors["lstm"]
