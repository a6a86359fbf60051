"""Every public name and every command stands in the reference, with all that its parser has."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

import fastweights
from fastweights import registry
from fastweights.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
reference = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(reference)


@pytest.fixture(scope="module")
def pages():
    folder = ROOT / "docs" / "reference"
    return {page.stem: reference.filled(page.read_text(encoding="utf-8")) for page in folder.glob("*.md")}


@pytest.fixture(scope="module")
def names(pages):
    """What mkdocstrings is asked for, on any page."""
    return [name for page in pages.values() for name in re.findall(r"^::: (\S+)$", page, re.MULTILINE)]


def test_no_name_stands_there_twice(names):
    assert sorted(names) == sorted(set(names))


def test_every_public_name(names):
    expected = {f"fastweights.{name}" for name in dir(fastweights)} - {"fastweights.__version__"}
    assert expected <= set(names)


def test_every_public_name_of_the_pytorch_side(names):
    """Read from the source: PyTorch need not be installed."""
    statements = ast.parse((ROOT / "src/fastweights/torch/__init__.py").read_text("utf-8")).body
    imports = [statement for statement in statements if isinstance(statement, ast.ImportFrom)]
    expected = {f"fastweights.torch.{alias.name}" for statement in imports for alias in statement.names}
    assert len(expected) > 50
    assert expected == {name for name in names if name.startswith("fastweights.torch.")}


@pytest.mark.parametrize("kind", ["cells", "memories", "tasks"])
def test_whatever_is_registered(kind, pages, names):
    for name, cls in getattr(registry, kind).items():
        assert f"| {name} | [{cls.__name__}][{reference.path(cls)}] |" in pages[kind]
        assert reference.path(cls) in names


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_with_every_option(command, pages):
    section = re.search(rf"^## {command}\n(.*?)(?=^## |\Z)", pages["commands"], re.MULTILINE | re.DOTALL)[1]
    options = re.findall(r"^│ (-[^ ]+)", reference.help_of(command), re.MULTILINE)
    assert len(options) > 1
    assert options == re.findall(r"^\| `(-[^ `]+)", section, re.MULTILINE)
    assert COMMANDS[command][0] in section
    assert not re.search("[│╭╰]", section)


def test_what_is_wrapped_is_joined_again():
    text = (
        "usage: fastweights x [-h]\n\nIt does.\n\nExample: fastweights x a; fastweights x b\n\n"
        "╭─ options ─────────────────╮\n│ It is                     │\n│ long.                     │\n"
        "│ ───────────────────────── │\n│ --very-long {a|b}         │\n│             First | then  │\n"
        "│             second.       │\n╰───────────────────────────╯\n"
    )
    assert reference.described(text) == (
        "It does.\n\n```sh\nfastweights x a\nfastweights x b\n```\n\n```text\nfastweights x [-h]\n```\n\n"
        "It is long.\n\n| options | |\n| :--- | :--- |\n| `--very-long` `{a|b}` | First &#124; then second. |"
    )
