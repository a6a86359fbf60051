"""The README: its Python runs as written, and its commands exist."""

import dataclasses
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fastweights import plugins, registry
from fastweights.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


SNIPPETS = blocks("python")
LINES = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("fastweights ")]


def test_there_is_something_to_test():
    assert SNIPPETS
    assert {line.split()[1] for line in LINES} == set(COMMANDS)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_python_runs_as_written(snippet, tmp_path):
    for block in SNIPPETS:  # those that are files of the reader's
        if named := re.match(r"# (\w+\.py)\n", block):
            (tmp_path / named[1]).write_text(block)
    subprocess.run([sys.executable, "-c", snippet], check=True, cwd=tmp_path, timeout=240)


@pytest.mark.parametrize("line", LINES)
def test_options_of_commands_exist(line, capsys, monkeypatch):
    """They are in the help of its command, for the plugin, the model and the task that the line names."""
    command, *arguments = shlex.split(line, comments=True)[1:]
    options = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
    named = []
    for option in {"--plugin", "--model", "--task"} & options:
        named += arguments[arguments.index(option) :][:2]
    monkeypatch.chdir(ROOT)
    # What a plugin registers is gone after the test.
    monkeypatch.setattr(plugins, "_loaded", {})
    for entries in (registry.cells, registry.tasks):
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
