"""CONTRIBUTING.md: every recipe, carried out word for word in a copy of the source."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("\n## Recipes\n")[2].partition("\n## How the tests are arranged\n")[0]
RECIPES = dict(re.findall(r"^### A (\w+)\n(.*?)(?=^### A |\Z)", SECTION, re.DOTALL | re.MULTILINE))
BLOCK = re.compile(r"^```(\w+)(?: (title|append)=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_there_is_a_recipe_for_everything_that_can_be_added():
    assert list(RECIPES) == ["cell", "memory", "task", "check", "paper", "kernel"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_word_for_word(name, tmp_path):
    for part in ("src", "tests", "docs", "examples"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    commands = 0
    for language, action, path, content in BLOCK.findall(RECIPES[name]):
        if action:
            file = tmp_path / path
            assert file.exists() == (action == "append"), path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as stream:
                stream.write(content)
        elif language == "diff":
            run(["patch", "-p1"], tmp_path, content)
        else:
            assert language == "sh"
            run(["bash", "-euo", "pipefail", "-c", content], tmp_path)
            commands += len(content.splitlines())
    assert commands


def run(command, folder, text=None):
    """Run a command in the copy, with this interpreter and the copied package; it must succeed."""
    scripts = Path(sys.executable).parent
    environment = os.environ | {
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "no tests ran" not in done.stdout
