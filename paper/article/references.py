"""docs/references.bib as Typst's citation styles want it: proceedings or an arXiv number where a journal
would stand, and without the notes of what was written from memory."""

import importlib.util

from article.studies import ROOT


def references() -> str:
    """The bibliography in BibTeX."""
    spec = importlib.util.spec_from_file_location("bibliography", ROOT / "tools" / "bibliography.py")
    assert spec is not None
    assert spec.loader is not None
    bibliography = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bibliography)
    entries = bibliography.read((ROOT / "docs" / "references.bib").read_text(encoding="utf-8"))
    return "".join(_entry(key, entry) for key, entry in entries.items())


def _entry(key: str, entry: dict[str, str]) -> str:
    fields = {
        name: text for name, text in entry.items() if name not in ("kind", "note", "eprint", "booktitle")
    }
    if entry["kind"] == "article" and "journal" not in entry:
        # In braces of its own the place keeps its capitals.
        place = entry.get("booktitle") or ("eprint" in entry and f"arXiv:{entry['eprint']}")
        fields |= {"journal": f"{{{place}}}"} if place else {}
    lines = "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items())
    return f"@{entry['kind']}{{{key},\n{lines}}}\n"
