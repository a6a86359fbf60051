"""What the site's hooks make of docstrings, formulas and the repository's address. Needs the extra docs."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")
pytest.importorskip("griffe")


def tool(name):
    path = Path(__file__).parents[1] / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_tool", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        (r"\eta = 0.5", [r"\eta = 0.5"]),
        ("A(2) = 0.9 A(1) + 0.5 h(2) = 1", ["A(2) ", "= 0.9 A(1) + 0.5 h(2) ", "= 1"]),
        (r"\sum_{i=1}^n x_i + y_i + z_i \le 1", [r"\sum_{i=1}^n x_i + y_i + z_i ", r"\le 1"]),
        (r"= \left(a = b\right) + c + d + e", [r"= \left(a = b\right) + c + d + e"]),
        (r"x \in [0, 1] = [0, 1/2] \cup [1/2, 1]", [r"x \in [0, 1] ", r"= [0, 1/2] \cup [1/2, 1]"]),
        ("f(a = b, one bracket is not closed", ["f(a = b, one bracket is not closed"]),
    ],
)
def test_formulas_are_cut_before_relations_outside_brackets(source, parts):
    assert tool("formulas").relations(source) == parts


def test_docstrings_become_markdown():
    text = (
        "A ← λ A + v kᵀ,  a < b,\nh = A q.\n\nMore, with x = 1.\n\nShapes: A (…, value, key).\n"
        "Raises: an error\nif so.\nSource: Ba.\n\n>>> 1 + 1\n2"
    )
    assert tool("docstrings").markdown(text) == (
        '<div class="equation">A ← λ A + v kᵀ,  a &lt; b,\nh = A q.</div>\n\nMore, with x = 1.\n\n'
        "**Shapes:** A (…, value, key).\n\n\n**Raises:** an error\nif so.\n\n\n**Source:** Ba.\n\n"
        "```pycon\n>>> 1 + 1\n2\n```"
    )
    assert tool("docstrings").markdown("A recurrence h = f(x).") == "A recurrence h = f(x)."


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://host.org/a/b.git", "https://host.org/a/b"),
        ("https://name:secret@host.org/a/b", "https://host.org/a/b"),
        ("git@host.org:a/b.git", "https://host.org/a/b"),
        ("ssh://git@host.org:2222/a/b.git", "https://host.org/a/b"),
        ("/srv/a/b", None),
    ],
)
def test_the_repository_is_linked_without_secrets(remote, address, monkeypatch):
    class Config:
        repo_url = repo_name = None

    monkeypatch.setenv("FASTWEIGHTS_REPOSITORY", remote)
    assert tool("site").on_config(Config()).repo_url == address
