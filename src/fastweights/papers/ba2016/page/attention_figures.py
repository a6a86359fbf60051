"""Pictures of a trained network at work: what each step attends to, and its fast memory A(t)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastweights.papers.ba2016.page.inspection import Illustrated, Reading
from fastweights.report.drawing import GRID, INK
from fastweights.report.labels import model_colours, percent
from fastweights.report.svg import Drawing, tinted

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy import ndarray

_WIDTH = 900
_COLOUR = model_colours([])["fast-weights"]


def attention_pictures(models: Sequence[Illustrated]) -> str | None:
    """A square for each sequence: rows are steps from top to bottom, columns what was read before; the fuller
    the colour, the larger the share of what the step reads. None if there are no sequences."""
    shown = [model for model in models if model.sequences]
    if not shown:
        return None
    columns = max(len(model.sequences) for model in shown)
    width = _WIDTH / columns
    longest = max(len(each.tokens) for model in shown for each in model.sequences)
    cell = min((width - 34) / longest, 18)
    height = 70 + longest * cell
    drawing = Drawing(_WIDTH, 22 * len(shown) + height * len(shown))
    for i, model in enumerate(shown):
        top = i * (height + 22)
        drawing.text(4, top + 16, _caption(model), bold=True)
        for j, reading in enumerate(model.sequences):
            _square(drawing, 20 + j * width, top + 28, cell, reading)
    return drawing.svg()


def _square(drawing: Drawing, left: float, top: float, cell: float, reading: Reading) -> None:
    tokens, size = reading.tokens, len(reading.tokens)
    mark = "" if reading.answer == reading.target else f", not {reading.target}"
    drawing.text(left, top + 12, f"{tokens} → {reading.answer}{mark}, p = {reading.probability:.2f}", size=10)
    top += 32
    for i, symbol in enumerate(tokens):
        drawing.text(left - 6, top + (i + 0.5) * cell + 4, symbol, "end", 10)
        drawing.text(left + (i + 0.5) * cell, top - 4, symbol, "middle", 10)
    for i, row in enumerate(reading.attention):
        total = sum(max(each, 0.0) for each in row) or 1.0
        for j, value in enumerate(row[:i]):
            share = max(value, 0.0) / total
            if share >= 0.005:
                drawing.rect(
                    left + j * cell, top + i * cell, cell, cell, _COLOUR, share, f"{100 * share:.0f} %"
                )
    drawing.frame(left, top, size * cell, size * cell, GRID)
    asked = tokens.find(tokens[-1])
    if 0 <= asked < size - 2:
        drawing.frame(left + asked * cell, top + (size - 1) * cell, 2 * cell, cell, INK, 1.2)


def memory_pictures(models: Sequence[Illustrated]) -> str | None:
    """A(t) after each symbol of each network's first sequence; None if there are no sequences."""
    import numpy as np

    shown = [model for model in models if model.sequences]
    if not shown:
        return None
    height = 128
    drawing = Drawing(_WIDTH, height * len(shown))
    for i, model in enumerate(shown):
        reading = model.sequences[0]
        memories = memory(np.asarray(reading.hidden, float), model.decay, model.write_rate)
        order = _by_peak(np.asarray(reading.hidden, float))
        memories = memories[:, order][:, :, order]
        steps = len(memories)
        strip = np.concatenate([np.pad(each, ((0, 0), (0, 1))) for each in memories], axis=1)[:, :-1]
        # Square roots: a few large entries would leave the others invisible.
        opacity = np.sqrt(np.clip(strip, 0, None) / max(strip.max(), 1e-12))
        top, width = i * height, _WIDTH - 8
        side = width / (steps + (steps - 1) / model.hidden_size)
        drawing.text(4, top + 14, f"{_caption(model)}: {reading.tokens}", bold=True)
        drawing.picture(4, top + 24, width, side, tinted(np.rint(255 * opacity).astype(np.uint8), _COLOUR))
        for t, symbol in enumerate(reading.tokens):
            left = 4 + t * side * (1 + 1 / model.hidden_size)
            drawing.frame(left, top + 24, side, side, GRID)
            drawing.text(left + side / 2, top + 24 + side + 13, symbol, "middle", 10)
    return drawing.svg()


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


def _caption(model: Illustrated) -> str:
    return f"R = {model.hidden_size}, seed {model.seed}, test error {percent(model.test_error)} %"
