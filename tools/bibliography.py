"""Citations in the documentation: `[@ba2016, equation 4]` becomes "(Ba et al. 2016, equation 4)", linked to a
list of references at the page's end. Both are made from docs/references.bib, which BibTeX and Typst read too.

`[@hopfield1982; @ramsauer2020, theorem 3]` cites two, `Ba et al. [-@ba2016]` the year alone, as with Pandoc;
`@ba2016` outside brackets is no citation. An entry has one field a line; its `note` says what was written
from memory.
"""

import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_ENTRY = re.compile(r"@(\w+)\{(\w+),\n(.*?)\n\}\n?", re.DOTALL)
_FIELD = re.compile(r"  (\w+) = \{(.*)\},?")
_CITATION = re.compile(r"\[(-?@\w+[^\]]*)\](?!\()")
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


class CitationError(ValueError):
    """The bibliography cannot be read, or lacks what a page cites."""


def read(text):
    """The entries by their keys: dictionaries of fields, with `kind`."""
    entries = {}
    for kind, key, body in _ENTRY.findall(text):
        fields = [_FIELD.fullmatch(line) for line in body.split("\n")]
        if not all(fields) or key in entries:
            raise CitationError("references.bib: %s is there twice, or has a line that is no field" % key)
        entries[key] = dict([("kind", kind)] + [(field[1], field[2]) for field in fields])
    if _ENTRY.sub("", text).strip():
        raise CitationError("references.bib: not understood: %r" % _ENTRY.sub("", text).strip()[:80])
    return entries


def label(entry):
    """How the text names it: `Ba et al. 2016`."""
    names = [name.split(", ")[0].strip("{}") for name in entry["author"].split(" and ")]
    several = " & ".join(names) if len(names) < 3 and names[-1] != "others" else names[0] + " et al."
    return "%s %s" % (several, entry["year"])


def full(entry):
    """Its line in the list of references."""
    names = []
    for name in entry["author"].split(" and "):
        last, _, first = ("et al.", "", "") if name == "others" else name.partition(", ")
        initials = " ".join("-".join(part[0] + "." for part in word.split("-")) for word in first.split())
        names.append(("%s %s" % (initials, last.strip("{}"))).strip())
    parts = [
        "%s (%s). *%s*." % (", ".join(names), entry["year"], entry["title"].replace("{", "").replace("}", ""))
    ]
    place = [entry[field] for field in ("journal", "booktitle", "publisher") if field in entry]
    for field, before in (("edition", "edition "), ("volume", "volume "), ("pages", "pages ")):
        if field in entry:
            place.append(before + entry[field].replace("--", "–"))
    if place:
        parts.append(", ".join(place) + ".")
    if "eprint" in entry:
        parts.append("[arXiv:%s](https://arxiv.org/abs/%s)." % (entry["eprint"], entry["eprint"]))
    if "doi" in entry:
        parts.append("[doi:%s](https://doi.org/%s)." % (entry["doi"], entry["doi"]))
    if "note" in entry:
        parts.append(entry["note"] + ".")
    return " ".join(parts)


def cited(markdown):
    """The keys that a page cites, in order of appearance."""
    text = _CODE.sub("", markdown)
    return list(dict.fromkeys(re.findall(r"@(\w+)", " ".join(_CITATION.findall(text)))))


def with_references(markdown, entries):
    """The page with its citations as links, and with the list of what it cites.

    Raises: CitationError if an entry is missing.
    """
    keys = cited(markdown)
    missing = [key for key in keys if key not in entries]
    if missing:
        raise CitationError("references.bib lacks %s" % ", ".join(missing))
    if not keys:
        return markdown

    def linked(found):
        def link(cited):
            entry = entries[cited[2]]
            return "[%s](#ref-%s)" % (entry["year"] if cited[1] else label(entry), cited[2])

        return "(%s)" % re.sub(r"(-?)@(\w+)", link, found[1])

    parts = _CODE.split(markdown)
    text = "".join(part if part.startswith("`") else _CITATION.sub(linked, part) for part in parts)
    lines = ['- <span id="ref-%s"></span>%s' % (key, full(entries[key])) for key in keys]
    lines.sort(key=lambda line: re.sub(r"<.*?>|\W|\b\w\. ", "", line.split("</span>")[1]).lower())
    return "%s\n\n## References\n\n%s\n" % (text.rstrip(), "\n".join(lines))


def on_page_markdown(markdown, page, **_):
    """MkDocs calls this for every page."""
    try:
        return with_references(
            markdown, read((_ROOT / "docs" / "references.bib").read_text(encoding="utf-8"))
        )
    except CitationError as error:
        raise CitationError("%s: %s" % (page.file.src_path, error)) from None
