"""The notebooks on the site: each docs/notebooks/NAME.py, Python in percent cells, is run when the site is
built, and becomes a page with its outputs, its figures, and NAME.ipynb to download. Nothing of that is kept
in the repository."""

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbformat
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

# Figures as SVG, with the same bytes in every build.
_SETUP = """
%config InlineBackend.figure_formats = ["svg"]
import fastweights, matplotlib, matplotlib_inline.backend_inline
fastweights.keep_compiled()
matplotlib_inline.backend_inline.set_matplotlib_formats("svg", metadata={"Date": None})
matplotlib.rcParams.update({
    "svg.hashsalt": "fastweights", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(
        color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8C8C8C"]),
})
"""
# Without kernels: to compile them takes half a minute at first use.
_ENVIRONMENT = {"FASTWEIGHTS_NATIVE": "0", "JAX_PLATFORMS": "cpu"}
_TIMEOUT = 300  # seconds, for a cell

_HEAD = """
!!! note ""

    A notebook, run when this page was made. To open it: [{name}.ipynb]({name}.ipynb), `pip install
    fastweights jupyterlab`, `jupyter lab {name}.ipynb`. Its source is [{name}.py]({name}.py), of which
    `jupytext --to ipynb` makes the notebook.
"""


def on_files(files, config, **_):
    """A page, its figures and a notebook for each; its source is copied as it is."""
    paths = sorted(Path(config["docs_dir"], "notebooks").glob("*.py"))
    with ThreadPoolExecutor() as pool:  # each has a process of its own
        made = list(pool.map(lambda path: _made(path.stem, path.read_text(encoding="utf-8")), paths))
    for path, (page, figures, notebook) in zip(paths, made, strict=True):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page))
        files.append(File.generated(config, f"notebooks/{path.stem}.ipynb", content=notebook))
        for name, figure in figures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=figure))
    return files


@functools.cache  # `mkdocs serve` builds again and again
def _made(name, source):
    """The page in Markdown, its figures by their names, and the notebook with outputs."""
    notebook = jupytext.reads(source, fmt="py:percent")
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_SETUP))
    quiet = ["--log-level=ERROR"]
    client = NotebookClient(notebook, timeout=_TIMEOUT, kernel_name="python3", extra_arguments=quiet)
    try:
        client.execute(env={**os.environ, **_ENVIRONMENT})
    except CellExecutionError as error:
        raise PluginError(f"the notebook {name}: {error}") from error
    del notebook.cells[0]
    parts, figures = [], {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in _joined(cell.outputs):
            if (svg := output.get("data", {}).get("image/svg+xml")) is not None:
                file = f"{name}-{len(figures) + 1}.svg"
                figures[file] = svg
                parts.append(f"![{cell.metadata.get('alt', '')}]({file})")
            elif (text := _text(output)).strip():
                parts.append(f'```text title="Output"\n{text.rstrip()}\n```')
    title, _, rest = "\n\n".join(parts).partition("\n")
    return f"{title}\n{_HEAD.format(name=name)}\n{rest}\n", figures, nbformat.writes(notebook)


def _joined(outputs):
    """The outputs, with what was printed in several pieces as one."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1] = nbformat.from_dict({**joined[-1], "text": joined[-1].text + output.text})
        else:
            joined.append(output)
    return joined


def _text(output):
    """What a cell printed, or its value."""
    if output.output_type == "stream":
        return output.text
    return output.get("data", {}).get("text/plain", "")
