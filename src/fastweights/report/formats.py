"""The tables of a report in one text: LaTeX, comma-separated values, Markdown."""

from collections.abc import Callable, Mapping, Sequence

from fastweights.errors import check, suggestion
from fastweights.report.latex import latex
from fastweights.report.table import Table, plain
from fastweights.studies.papers import StudyReport


def formatted(report: StudyReport, form: str, names: Sequence[str] = ()) -> str:
    """The tables of these names, by default those of the report's page, in a format of `FORMATS`.

    Raises: InvalidValueError, with the names that there are, if one is unknown.
    """
    tables = report.tables()
    for name in names:
        known = ", ".join(tables) or "none"
        check(name in tables, f"no table {name!r}{suggestion(name, tables)}; there are {known}")
    wanted = names or report.page_tables()
    return FORMATS[form]([table for name in dict.fromkeys(wanted) for table in tables[name]])


def _csv(tables: Sequence[Table]) -> str:
    """One table is a file of comma-separated values; several have an empty line and `# name: title` between
    them."""
    if len(tables) == 1:
        return tables[0].csv()
    return "\n".join(f"# {_name(table)}\n{table.csv()}" for table in tables)


def _markdown(tables: Sequence[Table]) -> str:
    return "\n".join(f"**{plain(table.title or table.name)}**\n\n{table.markdown()}" for table in tables)


def _name(table: Table) -> str:
    return ": ".join(filter(None, [table.name, " ".join(table.title.split())]))


FORMATS: Mapping[str, Callable[[Sequence[Table]], str]] = {"latex": latex, "csv": _csv, "md": _markdown}
