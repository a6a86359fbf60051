"""Figures of a trained network at work: what each step attends to, and its fast memory A(t)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastweights.papers.ba2016.inspection import InspectedModel, Reading
from fastweights.report.drawing import GRID, INK, opacities, save
from fastweights.report.labels import model_colours, percent

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy import ndarray

_COLOUR = model_colours([])["fast-weights"]


def draw_attention(models: Sequence[InspectedModel], path: Path) -> bool:
    """A square for each sequence: rows are steps from top to bottom, columns what was read before; the fuller
    the colour, the larger the share of what the step reads. False, and nothing is written, without sequences.

    Raises: FileError if the file cannot be written.
    """
    shown = [model for model in models if model.sequences]
    if shown:
        save(lambda: _draw_attention(shown), path)
    return bool(shown)


def draw_memory(models: Sequence[InspectedModel], path: Path) -> bool:
    """A(t) after each symbol of each network's first sequence. False, and nothing is written, without
    sequences.

    Raises: FileError if the file cannot be written.
    """
    shown = [model for model in models if model.sequences]
    if shown:
        save(lambda: _draw_memory(shown), path)
    return bool(shown)


def _draw_attention(models: Sequence[InspectedModel]) -> "Figure":
    from matplotlib.figure import Figure

    columns = max(len(model.sequences) for model in models)
    width = 8.0 / max(columns, 2)
    height = width + 0.5
    figure = Figure(figsize=(9, height * len(models)))
    image: Any = None
    for i, model in enumerate(models):
        bottom = (len(models) - 1 - i + 0.35 / height) / len(models)
        figure.text(
            0.02,
            (len(models) - i - 0.05 / height) / len(models),
            _caption(model),
            va="top",
            fontweight="bold",
        )
        for j, reading in enumerate(model.sequences):
            left, side = (0.38 + j * width) / 9, (width - 0.32) / 9
            ax = figure.add_axes((left, bottom, side, (width - 0.32) / (height * len(models))))
            image = _attention_square(ax, reading)
            if j == 0:
                ax.set_ylabel("step", labelpad=1)
    bar = figure.add_axes(
        (0.925, 0.35 / (height * len(models)), 0.012, (width - 0.32) / (height * len(models)))
    )
    figure.colorbar(image, cax=bar, ticks=[0, 0.5, 1], format=lambda share, _: f"{100 * share:g} %")
    bar.set_title("share", fontsize=7.5)
    bar.tick_params(labelsize=7.5)
    bar.spines[:].set_visible(False)
    return figure


def _attention_square(ax: "Axes", reading: Reading) -> Any:
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
    ax.tick_params(length=0, labelsize=7.5, pad=2)
    ax.spines[:].set(visible=True, color=GRID)
    return image


def _draw_memory(models: Sequence[InspectedModel]) -> "Figure":
    import numpy as np
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    steps = max(len(model.sequences[0].tokens) for model in models)
    width = 8.2 / max(steps, 4)  # inches, of a matrix with its margin
    height = 0.93 * width + 0.58
    figure = Figure(figsize=(9, height * len(models)))
    image: Any = None
    for i, model in enumerate(models):
        reading = model.sequences[0]
        hidden = np.asarray(reading.hidden, float)
        order = _by_peak(hidden)
        memories = memory(hidden, model.decay, model.write_rate)[:, order][:, :, order]
        memories = np.clip(memories, 0, None) / max(memories.max(), 1e-12)
        title = f"{_caption(model)}: {reading.tokens}"
        figure.text(
            0.012, (len(models) - i - 0.05 / height) / len(models), title, va="top", fontweight="bold"
        )
        for t, symbol in enumerate(reading.tokens):
            side = 0.93 * width
            bottom = (len(models) - 1 - i + 0.28 / height) / len(models)
            ax = figure.add_axes((0.012 + t * width / 9, bottom, side / 9, side / (height * len(models))))
            # Square roots: a few large entries would leave the others invisible.
            image = ax.imshow(
                memories[t], cmap=opacities(_COLOUR), norm=PowerNorm(0.5, 0, 1), interpolation="none"
            )
            ax.set(xticks=[], yticks=[])
            ax.set_xlabel(symbol, labelpad=3)
            ax.spines[:].set(visible=True, color=GRID)
    side = 0.93 * width / (height * len(models))
    bar = figure.add_axes((0.935, 0.28 / (height * len(models)), 0.012, side))
    figure.colorbar(image, cax=bar, ticks=[0, 0.25, 1], format=lambda value, _: f"{value:g}")
    bar.set_title("A / max A", fontsize=7.5, loc="left")
    bar.tick_params(labelsize=7.5)
    bar.spines[:].set_visible(False)
    return figure


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
