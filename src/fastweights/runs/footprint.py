"""How much memory a run will take, before it takes it."""

from typing import Any

from fastweights.cells.options.footprint import footprint_of
from fastweights.errors import check

MAX_BYTES = 16 * 2**30
"""The largest estimate with which a specification is accepted."""

_NUMBER = 4
_COPIES = 20


def check_footprint(specification: Any) -> None:
    """Raise InvalidValueError if the estimate for a `RunSpecification` is above the limit, with its parts in
    GiB."""
    parts = estimate(specification)
    total = sum(parts.values())
    check(
        total <= MAX_BYTES,
        f"the run would take about {_gibibytes(total)} GiB of memory, at most {_gibibytes(MAX_BYTES)} are "
        f"allowed: {', '.join(f'{_gibibytes(size)} for the {name}' for name, size in parts.items())}",
    )


def estimate(specification: Any) -> dict[str, int]:
    """Bytes that a run needs at once, in four parts: above what was measured, by a factor of up to five.

    With R hidden units, I inputs, U read-out units, P units of a perceptron, T steps, A answers of a
    sequence, B sequences in a mini-batch and E updates between evaluations, for each layer:

    - weights: W R (R + I + 4) + 2 R P + U R + …, with the W rows of weights a unit that the cell's options
      say it has (`cells.footprint`), 4 for an LSTM; 20 copies: model, gradient and Adam's moments before and
      after an update, the best model, the file being written;
    - activations: for each sequence and step 28 R + 2 P numbers, and what the options say that the
      derivative of a sequence keeps besides: the matrices of a memory, say; and for each answer those of the
      read-out;
    - mini-batches: the numbers of E B sequences, drawn at once, 32 bytes each;
    - sequences: those of the three sets, on their way from the task to the device, and the scores of each
    answer.
    """
    task, training, data = specification.task, specification.training, specification.data
    units, length, batch = specification.hidden_size, task.length, training.batch_size
    readout, blocks = specification.classifier.readout_size, specification.blocks
    rows, kept = footprint_of(specification.cell, units, length)
    symbols, channels, answers = task.num_symbols or 0, task.num_channels or 1, task.num_answers
    outputs = max(symbols, task.num_outputs)

    size = specification.input_size + (blocks.layers - 1) * units
    weights = rows * units * (blocks.layers * (units + 4) + size)
    weights += 2 * blocks.layers * units * (blocks.perceptron_size + 2)
    weights += specification.input_size * (symbols + channels + 50) + (readout + 1) * (units + 1)
    weights += (outputs + 1) * (max(readout, units) + 1)
    columns = 28 * length * units + kept + 2 * length * blocks.perceptron_size
    columns = blocks.layers * columns + length * (symbols + channels)
    drawn = min(training.evaluate_every, training.updates) * batch
    tested = specification.task_of("test")
    numbers = (data.train + data.validation) * (length * channels + 4 * answers)
    numbers += data.test * (tested.length * channels + 4 * tested.num_answers)
    return {
        "weights": _COPIES * _NUMBER * weights,
        "activations": _NUMBER * batch * (columns + 4 * answers * (readout + outputs)),
        "mini-batches": 8 * _NUMBER * drawn,
        "sequences": _NUMBER * numbers,
    }


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:,.1f}"
