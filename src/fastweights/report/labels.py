"""How names and numbers are written, and which model has which colour, in every table and figure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_MODELS = {
    "standard-rnn": "standard RNN",
    "irnn": "IRNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "associative-lstm": "A-LSTM",
    "fast-weights": "fast weights",
    "softmax-attention": "softmax attention",
    "delta-rnn": "Delta RNN",
    "rdn": "RDN",
    "fw-lstm": "FW-LSTM",
    "linear-attention": "linear attention",
    "retnet": "RetNet",
    "gla": "GLA",
    "deltanet-2021": "DeltaNet (2021)",
    "deltanet": "DeltaNet",
    "gated-deltanet": "gated DeltaNet",
    "kda": "KDA",
    "deltaproduct": "DeltaProduct",
    "mamba-2": "Mamba-2",
    "mlstm": "mLSTM",
    "rwkv-7": "RWKV-7",
}

# Okabe & Ito's palette: these stay apart under the common kinds of colour blindness, on white and on black.
_COLOURS = {"irnn": "#009E73", "lstm": "#0072B2", "associative-lstm": "#CC79A7", "fast-weights": "#D55E00"}
_MORE_COLOURS = ("#56B4E9", "#E69F00", "#8C8C8C", "#9467BD", "#8C564B", "#BCBD22")

Dash = tuple[float, ...]
"""Lengths of a line's strokes and gaps, in its widths; empty for a line without gaps."""
_DASHES: tuple[Dash, ...] = ((), (3.5, 1.2), (1.2, 1.0), (6.0, 1.0, 1.2, 1.0))

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Rounded(str):
    """The text of a table's cell, with the numbers that it was rounded from, in the unit of its heading.

    It is a text like any other; only `Table.csv` asks for the numbers.

    >>> cell = Rounded("1.81 ± 0.20", {"": 1.8125, "±": 0.2031})
    >>> cell.numbers["±"]
    0.2031
    """

    __slots__ = ("numbers",)

    numbers: Mapping[str, float]
    """By what is said after the heading of each number's column: nothing for the number itself, `±` for half
    of its interval, `seconds` for a unit."""

    def __new__(cls, text: str, numbers: Mapping[str, float]) -> "Rounded":
        made = super().__new__(cls, text)
        made.numbers = numbers
        return made


def count(number: float) -> Rounded:
    """`100,000`."""
    return Rounded(f"{number:,.0f}", {"": number})


def share_of(part: int, whole: int) -> Rounded:
    """How many of how many: `4 of 5`, or `5` for all."""
    return Rounded(str(part) if part == whole else f"{part} of {whole}", {"": part, "planned": whole})


def digits(number: float) -> str:
    """A number in full, without what binary fractions add after the fifteenth digit: 1.49, not
    1.4900000000000002."""
    return str(number) if isinstance(number, int) else f"{number:.15g}"


def factor(number: float) -> Rounded:
    """`5.5`, `433`, `3,226`: three digits, and all of those before the point."""
    return Rounded(f"{number:.3g}" if number < 999.5 else f"{number:,.0f}", {"": number})


def decimal(number: float) -> str:
    """`0.00005`, where `g` has 5e-05: a learning rate beside others."""
    return f"{Decimal(str(number)):f}"


def model_label(model: str) -> str:
    """The name that the literature uses, where it differs from the id."""
    return _MODELS.get(model, model)


def sized_label(model: str, size: int) -> str:
    """`A-LSTM of 20 units`."""
    return f"{model_label(model)} of {size} units"


def model_order(model: str) -> tuple[int, str]:
    """What models are sorted by where no plan orders them: as the paper does, others after them."""
    known = list(_MODELS)
    return (known.index(model), "") if model in _MODELS else (len(known), model)


def task_label(task: Mapping[str, Any]) -> str:
    """The task with its options: `associative-retrieval (num_pairs 4, digits with-replacement)`."""
    options = ", ".join(f"{name} {value}" for name, value in task.items() if name != "name")
    return f"{task['name']} ({options})" if options else str(task["name"])


def model_colours(models: Iterable[str]) -> dict[str, str]:
    """A colour for each model; known models have the same one in every study."""
    others = [model for model in dict.fromkeys(models) if model not in _COLOURS]
    more = {model: _MORE_COLOURS[i % len(_MORE_COLOURS)] for i, model in enumerate(others)}
    return _COLOURS | more


def model_dashes(models: Iterable[str]) -> dict[str, Dash]:
    """What tells the lines of models apart that have the same of `model_colours`."""
    colours, used = model_colours(models), Counter[str]()
    dashes = {}
    for model, colour in colours.items():
        dashes[model] = _DASHES[used[colour] % len(_DASHES)]
        used[colour] += 1
    return dashes


def percent(fraction: float | None) -> str:
    """A fraction in percent, without the sign: 0.13, 1.81, 62.1; nothing if there is none."""
    return "" if fraction is None else with_interval(fraction, None)


def percent_range(low: float, high: float) -> str:
    """`0.40–1.69`, or the one number that both are."""
    text = "–".join(dict.fromkeys([percent(low), percent(high)]))
    return Rounded(text, {"lowest": 100 * low, "highest": 100 * high})


def published_percent(fraction: float | None) -> str:
    """A published error in percent, with the digits that it has; nothing if there is none."""
    return "" if fraction is None else Rounded(f"{100 * fraction:.4g}", {"": 100 * fraction})


def logarithmic_tick(value: float) -> str:
    """A number beside a logarithmic axis: 0.01, 3, 1000, and powers of ten beyond them as 10⁻⁵."""
    exponent = round(math.log10(value))
    plain = -2 <= exponent <= 3 or not math.isclose(value, 10.0**exponent)
    return f"{value:g}" if plain else f"10{str(exponent).translate(_RAISED)}"


def decimals_that_show(value: float, at_least: int) -> int:
    """As many decimals as show a digit of what is not zero, 0.0003 with four of them."""
    while value != 0 and float(f"{value:.{at_least}f}") == 0:
        at_least += 1
    return at_least


def with_interval(fraction: float, half_interval: float | None) -> str:
    """`1.81 ± 0.20`, in percent; what is not zero is never printed as 0.00 for want of a decimal."""
    value, half = 100 * fraction, None if half_interval is None else 100 * half_interval
    decimals = decimals_that_show(value, 1 if value >= 10 and (half is None or half >= 0.1) else 2)
    decimals = decimals_that_show(half or 0.0, decimals)
    text = f"{value:.{decimals}f}"
    if half is None:
        return Rounded(text, {"": value})
    return Rounded(f"{text} ± {half:.{decimals}f}", {"": value, "±": half})


def nats(value: float | None) -> str:
    """A loss: 2.3, 0.16, 0.0071, `< 0.001`; nothing if there is none."""
    if value is None:
        return ""
    return Rounded(f"{value:.2g}" if value >= 0.001 else "< 0.001", {"nats": value})


def duration(seconds: float) -> str:
    """`9.8 s`, `45 s`, `12 min`, `3.1 h`."""
    if seconds < 600:
        text = f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    else:
        text = f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
    return Rounded(text, {"seconds": seconds})


def joined(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def last_line(text: str) -> str:
    """The one line of a failure that says most: the last of a traceback, cut at 200 characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "no reason was recorded"
    return last if len(last) <= 200 else f"{last[:197]}..."
