"""Formulas become MathML, which browsers show without any script, with a font for mathematics. Inline ones
may be broken before a relation, and never before the punctuation behind them."""

import re
from html import unescape

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>([,.;:)?!’”]*)', re.DOTALL)
_FUNCTION = re.compile(
    r"\\(ln|log|exp|tanh|cosh|artanh|sin|cos|arcsin)\s+(?=[A-Za-z0-9]|\\(?!left|big|Big|,|!))"
)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
_OPENING = {"{", "(", "[", r"\{", r"\left", r"\begin"}
_CLOSING = {"}", ")", "]", r"\}", r"\right", r"\end"}
_RELATIONS = {"=", "<", ">", r"\approx", r"\le", r"\leq", r"\ge", r"\geq", r"\leftarrow", r"\equiv"}
_SHORT = 24  # characters; so that no line begins with "= 0.5"


def on_page_content(html, page, **_):
    """Formulas, inline and displayed."""

    def rendered(found):
        source = _FUNCTION.sub(r"\\\1\\, ", unescape(found[3]).strip())  # ln 2 without it becomes ln2
        try:
            if found[2] == "[":
                return convert(source, display="block") + found[4]
            parts = [convert(part, display="inline") for part in relations(source)]
        except Exception as error:
            raise PluginError("%s: cannot set %r: %r" % (page.file.src_path, source, error)) from error
        return "".join(parts[:-1]) + '<span class="formula">%s%s</span>' % (parts[-1], found[4])

    html = _FORMULA.sub(rendered, html)
    if 'class="arithmatex"' in html:
        raise PluginError("%s: a formula was left as it is" % page.file.src_path)
    return html


def relations(source):
    """The formula cut before each relation that stands outside all brackets, if it is long."""
    if len(source) <= _SHORT:
        return [source]
    parts, depth = [""], 0
    for token in _TOKEN.findall(source):
        depth += (token in _OPENING) - (token in _CLOSING)
        if token in _RELATIONS and depth == 0 and parts[-1].strip():
            parts.append("")
        parts[-1] += token
    return parts if depth == 0 else [source]
