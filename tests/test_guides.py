"""The README and the guides: their Python runs as written, their commands exist, and those of the first ten
minutes work."""

import dataclasses
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fastweights import plugins, registry
from fastweights.cli.main import COMMANDS, main
from plugins.isolation import nothing_loaded

ROOT = Path(__file__).parents[1]
START = ROOT / "docs" / "start.md"
LECTURE = ROOT / "docs" / "guides" / "lecture.md"
PAGES = [ROOT / "README.md", START, *sorted((ROOT / "docs" / "guides").glob("*.md"))]
WITH_COMMANDS = [*PAGES, *(ROOT / "docs" / f"{name}.md" for name in ("studies", "clusters", "speed"))]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    """The lines that call us."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("fastweights ")]


SNIPPETS = [
    pytest.param(block, id=f"{page.stem}-{i}", marks=() if page.stem == "README" else pytest.mark.thorough)
    for page in PAGES
    for i, block in enumerate(blocks(page, "python"))
]
LINES = sorted({line for page in WITH_COMMANDS for line in commands(page)})


def test_there_is_something_to_test():
    assert len(SNIPPETS) > 4
    assert {line.split()[1] for line in LINES} == set(COMMANDS)


def test_the_readme_can_be_read_in_a_minute():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_python_runs_as_written(snippet, tmp_path, monkeypatch):
    """As a program of its own, but where JAX has been imported and has compiled much of it."""
    readme = blocks(ROOT / "README.md", "python")
    files = {named[1]: block for block in readme if (named := re.match(r"# (\w+\.py)\n", block))}
    for name, block in files.items():  # the reader's
        (tmp_path / name).write_text(block)
    (tmp_path / "program.py").write_text(snippet)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with nothing_loaded():
        runpy.run_path("program.py", run_name="__main__")
    for name in files:
        sys.modules.pop(name.removesuffix(".py"), None)


@pytest.mark.thorough
@pytest.mark.parametrize("page", [START, LECTURE], ids=lambda page: page.stem)
def test_every_command_of_a_page(page, tmp_path):
    """One after the other in one folder."""
    lines = commands(page)
    assert len(lines) > 6
    for line in lines:
        arguments = shlex.split(line)[1:]
        end = subprocess.run(
            [sys.executable, "-m", "fastweights", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert end.returncode == 0, (line, end.stderr)
        if line.startswith("fastweights reproduce"):  # it names a command that asks one of its models
            asking = re.search(r"^ask it: (fastweights answer .*)$", end.stdout, re.MULTILINE)
            assert asking
            lines.append(asking[1])
    assert page != START or (tmp_path / "quick" / "report.html").exists()
    figures = re.findall(r" demo .*--out (\S+)", "\n".join(lines))
    assert len(figures) == 5 * (page == LECTURE)
    assert all((tmp_path / name).stat().st_size > 10_000 for name in figures)


@pytest.mark.parametrize("line", LINES)
def test_options_of_commands_exist(line, capsys, monkeypatch):
    """They are in the help of its command, for the plugin, the model and the task that the line names."""
    command, *arguments = shlex.split(line, comments=True)[1:]
    options = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
    named = []
    for option in {"--plugin", "--model", "--task"} & options:
        named += arguments[arguments.index(option) :][:2]
    named += arguments[:1] * (command == "demo")
    monkeypatch.chdir(ROOT)
    # What a plugin registers is gone after the test.
    monkeypatch.setattr(plugins, "_loaded", {})
    for entries in (registry.cells, registry.tasks, registry.demos):
        list(entries)  # all that the package has is there
        monkeypatch.setattr(entries, "_entries", dict(entries._entries))
    with pytest.raises(SystemExit) as end:
        main([command, *named, "--help"])
    shown = capsys.readouterr().out
    assert end.value.code == 0
    known = set(re.findall(r"--[a-z-]+", shown))
    if command in ("evaluate", "answer"):  # and the options of the model's task
        fields = [field.name for task in registry.tasks.values() for field in dataclasses.fields(task)]
        known |= {f"--{name.replace('_', '-')}" for name in fields}
    assert options <= known
