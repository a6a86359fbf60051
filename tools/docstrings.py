"""Docstrings as this package writes them, for mkdocstrings, which reads the source and imports nothing.

A first paragraph of equations keeps its lines; `Shapes:`, `Raises:` and `Source:` stand by themselves;
examples are code; what documents fields, and the options of a cell, becomes a table.
"""

import re
from html import escape

import griffe

_EQUATION = re.compile(r"((?![A-Za-z]{4})[^`=←])+ [=←] ")
_LABEL = re.compile(r"^(Shapes?|Units?|Raises|Returns|Source[^:.]*): ", re.MULTILINE)

_OPTIONS = """

<details markdown="1">
<summary>Options: <code>%s</code></summary>

%s

</details>"""


class Docstrings(griffe.Extension):
    """What mkdocstrings is told to use."""

    def on_package(self, *, pkg, **_):
        """The texts of all that a package defines."""
        for thing in list(_defined(pkg)):
            if thing.docstring is not None:
                thing.docstring.value = markdown(thing.docstring.value)
        tables = {cls.path: _tables(cls) for cls in _defined(pkg) if cls.is_class}
        for cls in _defined(pkg):
            if cls.is_class and cls.docstring is not None:
                cls.docstring.value += tables[cls.path]
                for member in cls.members.values():
                    if not member.is_alias and member.is_attribute and "property" not in member.labels:
                        member.docstring = None  # it stands in the table


def markdown(text):
    """A docstring as Markdown."""
    paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
    shown = []
    for i, paragraph in enumerate(paragraphs):
        if paragraph.startswith(">>> "):
            shown.append("```pycon\n%s\n```" % paragraph)
        elif i == 0 and _EQUATION.match(paragraph.split("\n")[0]):
            shown.append('<div class="equation">%s</div>' % escape(paragraph, quote=False))
        elif paragraph.startswith("Example:\n    "):
            shown.append(paragraph.replace("Example:\n", "**Example:**\n\n", 1))
        else:
            shown.append(_LABEL.sub(r"\n\n**\1:** ", paragraph).strip("\n"))
    return "\n\n".join(shown)


def _defined(thing):
    """Everything below, but not what is only imported there."""
    for member in thing.members.values():
        if not member.is_alias:
            yield member
            if member.is_module or member.is_class:
                yield from _defined(member)


def _tables(cls):
    """The documented fields of a class, and the options of a cell."""
    options = _options(cls)
    text = _table(cls, "field")
    if options is not None:
        text += _OPTIONS % (options.path, _table(options, "option").strip())
    return text


def _options(cls):
    """The class of the options of a cell, or of a module of such cells; None where there are none."""
    for owner in [cls, *cls.mro()]:
        for name in ("Options", "cell_class"):
            given = owner.members.get(name)
            if given is not None and given.value is not None:
                found = cls.modules_collection[given.value.canonical_path]
                found = _options(found) if name == "cell_class" else found
                return found if found is not None and _fields(found) else None
    return None


def _fields(cls):
    """Documented attributes by name: type, default and text, those of base classes first; of a dataclass also
    those whose names say all."""
    fields, every = {}, "dataclass" in cls.labels
    for owner in [*reversed(cls.mro()), cls]:
        for name, member in owner.members.items():
            if (
                member.is_alias
                or not member.is_attribute
                or "property" in member.labels
                or name.startswith("_")
            ):
                continue
            before = fields.get(name, (None, None, None))
            text = member.docstring.value if member.docstring is not None else before[2]
            kind = before[0] if member.annotation is None else _choices(member.annotation, cls)
            fields[name] = (kind, member.value, text)
    if not any(text for _, _, text in fields.values()):
        return {}
    return {name: field for name, field in fields.items() if field[2] or (every and field[0] is not None)}


def _table(cls, what):
    fields = _fields(cls)
    if not fields:
        return ""
    lines = ["\n\n| %s | type | default | |" % what, "| :--- | :--- | :--- | :--- |"]
    for name, (annotation, default, text) in fields.items():
        text = re.sub(r"\s+", " ", text or "").replace("|", "\\|")  # in code they separate nothing
        lines.append("| `%s` | %s | %s | %s |" % (name, _code(annotation), _code(default), text))
    return "\n".join(lines) + "\n"


def _choices(annotation, cls):
    """The type; of one that has a name in this package, what the name stands for."""
    name = getattr(annotation, "canonical_path", "")
    if not name.startswith("fastweights."):
        return annotation
    named = cls.modules_collection[name]
    return named.value if named.is_attribute else annotation


def _code(expression):
    """An expression of the source, or nothing."""
    if expression is None:
        return ""
    text = re.sub(r"\s+", " ", str(expression))
    text = re.sub(r"field\(default=([^,]*).*\)", r"\1", text)
    text = re.sub(r"field\(default_factory=(.*)\)", r"\1()", text)
    return "`%s`" % re.sub(r"^Literal\[(.*)\]$", r"\1", text)
