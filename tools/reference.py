"""The reference: what the registry and the command line hold, put into places such as `<!-- every: cells -->`
when the site is built, for mkdocstrings and Markdown to set."""

import contextlib
import functools
import inspect
import io
import os
import re

import fastweights
from fastweights import registry
from fastweights.cli.main import COMMANDS, main
from fastweights.report.table import Column, Table

_PLACE = re.compile(r"^<!-- (every|table|commands): ?(\w*) -->$", re.MULTILINE)
_BOX = re.compile(r"^╭─ (.+?) ─*╮\n(.*?)^╰", re.MULTILINE | re.DOTALL)
_COLUMNS = "100"
"""Of a terminal where boxes stand one below the other; what is wrapped there is joined again."""


def on_page_markdown(markdown, page, **_):
    """MkDocs calls this for every page."""
    return filled(markdown) if page.file.src_path.startswith("reference/") else markdown


def filled(markdown):
    """The page with its places filled."""
    makers = {"every": _every, "table": _table, "commands": _commands}
    return _PLACE.sub(lambda place: makers[place[1]](place[2]), markdown)


def path(cls):
    """Where users import a class from, as `fastweights.LSTM`."""
    public = getattr(fastweights, cls.__name__, None) if cls.__name__ in dir(fastweights) else None
    return "fastweights.%s" % (cls.__name__ if public is cls else _inner(cls))


def _inner(cls):
    return "%s.%s" % (cls.__module__.partition(".")[2], cls.__qualname__)


def _every(kind):
    """Each registered class."""
    return "\n\n".join("::: %s" % path(cls) for cls in getattr(registry, kind).values())


def _table(kind):
    """The registered classes with their sources; of memories, what they compute."""
    entries = getattr(registry, kind)
    columns = {
        Column("name", "word"): lambda item: item[0],
        Column("class", "word"): lambda item: path(item[1]),
    }
    if kind == "memories":
        columns[Column("rule", "sentence")] = lambda item: inspect.getdoc(item[1]).split("\n\n")[0]
    else:
        columns[Column("source", "sentence")] = lambda item: entries.source(item[0])
    text = Table.of(kind, "", entries.items(), columns).markdown()
    for cls in entries.values():  # links, which a table of texts would write as such
        text = re.sub(r"\| [\w.\\]+\.%s \|" % cls.__name__, "| [%s][%s] |" % (cls.__name__, path(cls)), text)
    return text


def _commands(_):
    """Every command with what its parser says of it."""
    return "\n\n".join("## %s\n\n%s" % (command, described(help_of(command))) for command in COMMANDS)


@functools.cache
def help_of(command):
    """What `fastweights COMMAND --help` prints."""
    shown, before = io.TextIOWrapper(io.BytesIO(), "utf-8"), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = _COLUMNS
    try:
        with contextlib.redirect_stdout(shown):
            main([command, "--help"])
    except SystemExit as end:
        if end.code:
            raise
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    shown.flush()
    return shown.buffer.getvalue().decode()


def described(text):
    """Help as Markdown: what the command does, then a table for each group of its options."""
    start = text.partition("╭")[0].strip()
    usage, _, summary = start.partition("\n\n")
    summary, _, example = summary.partition("\n\nExample: ")
    parts = [summary, "```sh\n%s\n```" % example.replace("; ", "\n")] if example else [summary]
    parts.append("```text\n%s\n```" % re.sub(r"\s+", " ", usage.partition("usage: ")[2]))
    return "\n\n".join(parts + [_group(*box) for box in _BOX.findall(text)])


def _group(title, box):
    """A box of the help."""
    lines = [line.strip("│\n")[1:].rstrip() for line in box.splitlines()]
    rules = [i for i, line in enumerate(lines) if line and not line.strip("─")]
    intro = " ".join(" ".join(lines[: rules[0]]).split()) if rules else ""
    rows = []
    for line in filter(None, lines[rules[0] + 1 if rules else 0 :]):
        if line.startswith(" "):  # the meaning of an option whose name fills the column
            rows[-1][1] = ("%s %s" % (rows[-1][1], line.strip())).strip()
        else:
            name, _, meaning = line.partition("  ")
            rows.append([name, meaning.strip()])
    table = ["| %s | |" % title, "| :--- | :--- |"]
    for name, meaning in rows:  # what an option takes is a word of its own: lines may break before it
        table.append("| `%s` | %s |" % (re.sub(r"(?<!,) ", "` `", name, count=1), _cell(meaning)))
    return "%s\n\n%s" % (intro, "\n".join(table))


def _cell(text):
    """Text in which only what stands between backticks is code; there, bars separate nothing."""
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [part.replace("|", "&#124;").replace("<", "&lt;") for part in parts[::2]]
    return "".join(parts)
