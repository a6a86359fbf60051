"""What MkDocs does besides: formulas become MathML, which browsers show without any script, with a font for
mathematics; pictures of the results come along, and the explorer; links to other files of the repository
become plain text."""

import os
import re
from html import unescape
from importlib import resources
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from fastweights.explorer.page import page as explorer_page

_ROOT = Path(__file__).resolve().parent.parent
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_FUNCTION = re.compile(
    r"\\(ln|log|exp|tanh|cosh|artanh|sin|cos|arcsin)\s+(?=[A-Za-z0-9]|\\(?!left|big|Big|,|!))"
)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((\.\./[^)#\s]*)\)")


def on_files(files, config, **_):
    """The explorer; the results' pictures, where the repository has them; and STIX Two Math, which ziamath
    brings along: with fonts that know nothing of mathematics, parentheses and sums stay small."""
    files.append(File.generated(config, "explore.html", content=explorer_page(docs="./")))
    font = str(resources.files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf")
    files.append(File.generated(config, "math.ttf", abs_src_path=font))
    for path in sorted((_ROOT / "results").glob("**/*.svg")):
        name = path.relative_to(_ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, config, **_):
    """Links out of the documentation; one to a file that is missing stays, for MkDocs to complain of."""
    documents, here = Path(config["docs_dir"]).resolve(), Path(page.file.abs_src_path).parent

    def mended(link):
        picture, text, target = link[1], link[2], (here / link[3]).resolve()
        if documents in target.parents or not target.exists():
            return link[0]
        copied = documents / target.relative_to(_ROOT)
        return f"![{text}]({Path(os.path.relpath(copied, here)).as_posix()})" if picture else text

    return _LINK.sub(mended, markdown)


def on_page_content(html, page, **_):
    """Formulas, inline and displayed."""

    def rendered(found):
        source = _FUNCTION.sub(r"\\\1\\, ", unescape(found[3]).strip())  # ln 2 without it becomes ln2
        try:
            return convert(source, display="block" if found[2] == "[" else "inline")
        except Exception as error:
            raise PluginError(f"{page.file.src_path}: cannot set {source!r}: {error!r}") from error

    html = _FORMULA.sub(rendered, html)
    if 'class="arithmatex"' in html:
        raise PluginError(f"{page.file.src_path}: a formula was left as it is")
    return html
