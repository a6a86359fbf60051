"""Figures of a trained network at work: what each step attends to, and its fast memory A(t)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fastweights.papers.ba2016.inspection import InspectedModel, Reading
from fastweights.report.drawing import GRID, INK, opacities
from fastweights.report.labels import model_colours, percent

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy import ndarray

_COLOUR = model_colours([])["fast-weights"]


def attention_figure(models: Sequence[InspectedModel]) -> "Figure | None":
    """A square for each sequence: rows are steps from top to bottom, columns what was read before; the fuller
    the colour, the larger the share of what the step reads. None without sequences."""
    rows = [
        (_caption(model), [partial(_attention_square, reading=reading) for reading in model.sequences])
        for model in models
    ]
    return _squares(rows, "share", [0, 0.5, 1], lambda share, _: f"{100 * share:g} %")


def memory_figure(models: Sequence[InspectedModel]) -> "Figure | None":
    """A(t) after each symbol of each network's first sequence. None without sequences."""
    rows = [
        (f"{_caption(model)}: {reading.tokens}", _memory_squares(model, reading))
        for model in models
        for reading in model.sequences[:1]
    ]
    return _squares(rows, "A / max A", [0, 0.25, 1], lambda value, _: f"{value:g}")


def _squares(
    rows: Sequence[tuple[str, Sequence[Callable[["Axes"], "AxesImage"]]]],
    bar_title: str,
    ticks: Sequence[float],
    tick_text: Callable[[float, Any], str],
) -> "Figure | None":
    """A row of square images below each title, with a colour bar. None without images."""
    from matplotlib.figure import Figure

    rows = [row for row in rows if row[1]]
    if not rows:
        return None
    columns = max(len(drawings) for _, drawings in rows)
    figure = Figure(figsize=(9, (8.0 / max(columns, 2) + 0.6) * len(rows)), layout="constrained")
    parts = figure.subfigures(len(rows), 1, squeeze=False).flat
    for part, (title, drawings) in zip(parts, rows, strict=True):
        part.suptitle(title, x=0.012, ha="left", fontsize=9, fontweight="bold")
        axes = part.subplots(1, columns, squeeze=False)[0]
        image = [draw(ax) for draw, ax in zip(drawings, axes, strict=False)][-1]
        for ax in axes:
            ax.spines[:].set(visible=True, color=GRID)
        for ax in axes[len(drawings) :]:
            ax.set_visible(False)
        bar = part.colorbar(image, ax=axes, ticks=ticks, format=tick_text, aspect=15, pad=0.01)
        bar.ax.set_title(bar_title, fontsize=7.5)
        bar.ax.tick_params(labelsize=7.5)
        bar.outline.set_visible(False)
    return figure


def _attention_square(ax: "Axes", reading: Reading) -> "AxesImage":
    import numpy as np
    from matplotlib.patches import Rectangle

    tokens, size = reading.tokens, len(reading.tokens)
    weights = np.tril(np.clip(np.asarray(reading.attention, float), 0, None), -1)
    shares = weights / np.where(weights.sum(axis=1, keepdims=True) > 0, weights.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(shares, cmap=opacities(_COLOUR), vmin=0, vmax=1, interpolation="none", zorder=2)
    asked = tokens.find(tokens[-1])
    if 0 <= asked < size - 2:
        frame = Rectangle((asked - 0.5, size - 1.5), 2, 1, fill=False, edgecolor=INK, linewidth=1.2, zorder=3)
        frame.set_clip_on(False)
        ax.add_patch(frame)
    answer = reading.answer if reading.answer == reading.target else f"{reading.answer}, not {reading.target}"
    ax.set_title(f"{tokens} → {answer}, p = {reading.probability:.2f}", fontsize=8, pad=4)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(range(size), list(tokens))
    ax.set_xlabel("read before", labelpad=1)
    place = ax.get_subplotspec()
    if place is not None and place.is_first_col():
        ax.set_ylabel("step", labelpad=1)
    ax.tick_params(length=0, labelsize=7.5, pad=2)
    return image


def _memory_squares(model: InspectedModel, reading: Reading) -> list[Callable[["Axes"], "AxesImage"]]:
    """A drawing of A(t) for each t: square roots, as a few large entries would leave the others invisible."""
    import numpy as np
    from matplotlib.colors import PowerNorm

    hidden = np.asarray(reading.hidden, float)
    order = _by_peak(hidden)
    memories = memory(hidden, model.decay, model.write_rate)[:, order][:, :, order]
    memories = np.clip(memories, 0, None) / max(memories.max(), 1e-12)

    def draw(ax: "Axes", t: int) -> "AxesImage":
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel(reading.tokens[t], labelpad=3)
        norm = PowerNorm(0.5, 0, 1)
        return ax.imshow(memories[t], cmap=opacities(_COLOUR), norm=norm, interpolation="none")

    return [partial(draw, t=t) for t in range(len(reading.tokens))]


def memory(
    hidden: "Float[ndarray, 'time units']", decay: float, write_rate: float
) -> "Float[ndarray, 'time units units']":
    """A(t) = η Σ_{τ≤t} λ^{t−τ} h(τ) h(τ)ᵀ for every t.

    Source: Ba et al. 2016, equations 1 and 3.
    """
    import numpy as np

    memories = np.zeros((len(hidden), hidden.shape[1], hidden.shape[1]))
    current = memories[0]
    for t, state in enumerate(hidden):
        current = decay * current + write_rate * np.outer(state, state)
        memories[t] = current
    return memories


def _by_peak(hidden: "Float[ndarray, 'time units']") -> "ndarray":
    """The units by when they are most active, so that what one symbol writes stands together."""
    import numpy as np

    peaks = np.where(hidden.max(axis=0) > 0, hidden.argmax(axis=0), len(hidden))
    return np.lexsort((-hidden.max(axis=0), peaks))


def _caption(model: InspectedModel) -> str:
    return f"R = {model.hidden_size}, seed {model.seed}, test error {percent(model.test_error)} %"
