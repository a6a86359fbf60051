"""Tables in LaTeX, with the rules of the package booktabs."""

from collections.abc import Iterable, Sequence

from fastweights.report.table import Table
from fastweights.studies.analysis.runs import grouped

_CHARACTERS = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "–": "--",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": "$-$",
    "√": r"$\surd$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "∞": r"$\infty$",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "[": "{[}",  # after a line's end it would be an option of it
    "|": r"\textbar{}",
}

_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "Δ": "Delta",
    "ε": "varepsilon",
    "η": "eta",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ρ": "rho",
    "σ": "sigma",
    "Σ": "Sigma",
    "τ": "tau",
    "φ": "varphi",
    "ω": "omega",
}
_CHARACTERS |= {letter: rf"$\{name}$" for letter, name in _GREEK.items()}
_ALIGNMENTS = {"number": "r", "word": "l", "sentence": r"p{0.4\linewidth}"}


def latex(tables: Sequence[Table]) -> str:
    """A `tabular` of LaTeX for the tables with the same columns, each table below its title; legends are
    comments. It needs the package booktabs."""
    alike = grouped(tables, lambda table: tuple(table.columns))
    return "\n".join(map(_tabular, alike.values()))


def _tabular(tables: Sequence[Table]) -> str:
    first = tables[0]
    columns = [_ALIGNMENTS[column.kind] for column in first.columns]
    lines = [rf"\begin{{tabular}}{{{''.join(columns)}}}", r"\toprule"]
    lines.append(_latex_row(column.heading for column in first.columns))
    for table in tables:
        lines.append(r"\midrule")
        if table.title:
            lines += [rf"\multicolumn{{{len(columns)}}}{{l}}{{{_latex(table.title)}}} \\", r"\midrule"]
        for i, group in enumerate(table.groups):
            lines += [r"\addlinespace"] * bool(i)
            for j, (row, bold) in enumerate(group):
                first_cell, *others = row
                lines.append(_latex_row([first_cell if j == 0 else "", *others], bold=bold))
    legends = dict.fromkeys(" ".join(table.legend.split()) for table in tables if table.legend)
    return (
        "\n".join([*lines, r"\bottomrule", r"\end{tabular}", *(f"% {legend}" for legend in legends)]) + "\n"
    )


def _latex_row(cells: Iterable[str], *, bold: bool = False) -> str:
    texts = [_latex(cell) for cell in cells]
    return " & ".join(rf"\textbf{{{text}}}" if bold and text else text for text in texts) + r" \\"


def _latex(text: str) -> str:
    """Text that stays text in LaTeX."""
    return "".join(_CHARACTERS.get(character, character) for character in " ".join(text.split()))
