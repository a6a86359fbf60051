"""The error of every registered memory against its load, in one figure, with the theory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights import registry
from fastweights.memories.base import Memory, StoredPairs
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.hopfield.mean_field import end_of_retrieval, overlap
from fastweights.theory.hopfield.softmax_hopfield_capacity import odds
from fastweights.theory.memories.crosstalk_variance import variance as crosstalk
from fastweights.theory.memories.decaying_recall import crosstalk as decayed_crosstalk
from fastweights.theory.memories.decaying_recall import weight
from fastweights.theory.memories.delta_rule_one_pass import squared_error as one_pass
from fastweights.theory.memories.rank_bound import residual
from fastweights.theory.memories.streams import mean_errors, recalled
from fastweights.theory.samples import STANDARD_ERRORS, Pairs, on_sphere, signs, standard_error

_SEEDS, _UNITS = 60, 32
_LOADS = (2, 4, 8, 16, 24, 32, 48, 64)  # pairs
_BINARY_UNITS, _BINARY_LOADS = 512, (0.03, 0.06, 0.1, 0.12, 0.138, 0.16, 0.2, 0.3)
_DECAY, _BETA = 0.95, 8.0  # of the memories that have one


def decayed(pairs: int, units: int, decay: float) -> float:
    """The mean over ages of (1 − λ^a)² + Σ_{a′≠a} λ^{2a′}/R."""
    weights = weight(decay, np.arange(pairs))
    noise = decayed_crosstalk(weights, np.eye(units) / units)
    return float(np.mean((1 - weights) ** 2 + noise))


def error_of_answer(weights: np.ndarray) -> np.ndarray:
    """Σ_{n≠i} p_n² + (1 − p_i)²: the expected squared error of pair i if p_n are the weights of all pairs,
    for independent values of length 1 and mean 0; given p as rows."""
    right = np.diagonal(weights, axis1=-2, axis2=-1)
    return np.sum(weights**2, axis=-1) - right**2 + (1 - right) ** 2


def highest_error(odds: float) -> float:
    """Half of the odds: Σ_{n≠i} p_n² + (1 − p)² <= 2 (1 − p)² = 2 p (1 − p) (1 − p)/p."""
    return odds / 2


def theories(units: int = _UNITS, decay: float = _DECAY) -> Mapping[str, Callable[[int], float]]:
    """The exact expectation of the squared error by the number of pairs, where one is known."""
    # Sizes are defaults, not variables from outside: functions without those are what the mutations change.
    return {
        "decaying": lambda pairs, units=units, decay=decay: decayed(pairs, units, decay),
        # By one number, it is the same memory.
        "gated": lambda pairs, units=units, decay=decay: decayed(pairs, units, decay),
        "delta-rule": lambda pairs, units=units: float(one_pass(units, pairs).mean()),
        "outer-product": lambda pairs, units=units: crosstalk(pairs, units),
        "pseudo-inverse": lambda pairs, units=units: residual(pairs, units),
    }


def recall_errors(
    empty: Memory, keys: Pairs, values: Pairs, counts: Sequence[int]
) -> Float[np.ndarray, "seeds loads"]:
    """For each seed and count N: the mean squared error of the first N pairs, once these are stored."""
    if not isinstance(empty, StoredPairs):
        return mean_errors(empty, keys, values)[:, np.array(counts) - 1]
    errors = []
    for pairs in counts:
        off = recalled(empty, keys[:, :pairs], values[:, :pairs]) - values[:, :pairs]
        errors.append(np.sum(off**2, axis=-1).mean(1))
    return np.stack(errors, axis=1)


def softmax_errors(
    keys: Pairs,
    beta: float,
    counts: Sequence[int],
    of_answer: Callable[[np.ndarray], np.ndarray] = error_of_answer,
) -> Float[np.ndarray, "seeds loads"]:
    """The same of the softmax memory, as expected for these keys, given the error of an answer by the weights
    of all pairs."""
    errors = []
    for pairs in counts:
        scores = np.exp(beta * keys[:, :pairs] @ keys[:, :pairs].swapaxes(1, 2))
        errors.append(of_answer(scores / scores.sum(-1, keepdims=True)).mean(1))
    return np.stack(errors, axis=1)


@register_check(
    "capacity", source="Kohonen 1972; Penrose 1955; Amit, Gutfreund & Sompolinsky 1987; Ramsauer et al. 2020"
)
class Capacity(Check):
    """The squared error of recall from the stored key, for values of length 1, of every registered
    memory.

    Linear memories are compared with their expectations, which are exact at every load: of all loads and
    seeds the largest deviation is at most four standard errors, or rounding where there is no error. The
    softmax memory's error is that of a weighted mean of values, given the weights that its keys imply,
    and stays below half the expected odds of the wrong patterns (chapter), which two equal keys attain.
    The theory of Hopfield's network is that of many units, so only two loads are tested: below half of
    α_c there is hardly an error, far beyond it most of the pattern is lost."""

    statement = "Where a memory's expected error is known, recall has it at every load."
    has_figure = True

    expected: Mapping[str, Callable[[int], float]] = field(default_factory=theories)
    """The expected squared error of memories, by the number of pairs."""

    error_of_answer: Callable[[np.ndarray], np.ndarray] = error_of_answer
    """The expected squared error of the softmax memory's answers, given the weights of all pairs."""

    highest_error: Callable[[float], float] = highest_error
    """A bound on it, given the odds against the right pair."""

    beta: float = _BETA
    """The inverse temperature of the softmax memory."""

    networks: int = 6
    """The number of Hopfield networks at each load."""

    def examine(self) -> Finding:
        """Loads from 1/16 to 2 pairs for each unit; for Hopfield's network from 0.03 to 0.3."""
        measured = {name: self._errors(name) for name in registry.memories}  # [seed, load]
        quantities = []
        for name, expectation in self.expected.items():
            errors, expected = measured[name], [expectation(pairs) for pairs in _LOADS]
            tolerance = STANDARD_ERRORS * standard_error(errors) + 1e-12
            deviation = np.max(abs(errors.mean(0) - expected) / tolerance)
            name = f"{name}: largest deviation, in 4 standard errors"
            quantities.append(Quantity(name, deviation, highest=1))
        highest = [self.highest_error(odds(_UNITS, pairs, _BETA / _UNITS)) for pairs in _LOADS]
        share = np.max(measured["softmax-hopfield"].mean(0) / highest)
        binary = measured["hopfield"].mean(0)
        return Finding(
            *quantities,
            *self._of_softmax(measured["softmax-hopfield"]),
            Quantity("softmax-hopfield: error / (odds/2), largest", share, highest=1),
            Quantity("hopfield: error at load 0.06", binary[1], highest=0.01),
            Quantity("hopfield: error at load 0.3", binary[-1], lowest=0.5),
            panels=[_panel(measured, self.expected, highest)],
        )

    def _errors(self, name: str) -> np.ndarray:
        """The mean squared error of the stored pairs, for each seed and load."""
        memory, rng = registry.memories[name], np.random.default_rng(0)
        if memory.binary:
            empty = memory.empty(_BINARY_UNITS, _BINARY_UNITS)
            return np.array([_errors_of_patterns(rng, empty) for _ in range(self.networks)])
        keys, values = _drawn_pairs()
        numbers = {"decaying": (_DECAY,), "softmax-hopfield": (self.beta,)}.get(name, ())
        return recall_errors(memory.empty(_UNITS, 3, *numbers), keys, values, _LOADS)

    def _of_softmax(self, errors: np.ndarray) -> list[Quantity]:
        """Its errors, given its keys; and two pairs of one key, each of which has the weight ½."""
        off = errors - softmax_errors(_drawn_pairs()[0], _BETA, _LOADS, self.error_of_answer)
        deviation = np.max(abs(off.mean(0)) / (STANDARD_ERRORS * standard_error(off)))
        even = np.full((2, 2), 0.5)
        return [
            Quantity("softmax-hopfield: largest deviation, in 4 standard errors", deviation, highest=1),
            Quantity("two equal keys: error − ½", self.error_of_answer(even)[0] - 0.5, 0, 0),
            Quantity("two equal keys: bound − error", self.highest_error(1.0) - 0.5, 0, 0),
        ]


def _drawn_pairs() -> tuple[Pairs, Pairs]:
    """The keys and values of all memories but binary ones."""
    rng = np.random.default_rng(0)
    keys, values = (on_sphere(rng, _SEEDS, max(_LOADS), units) for units in (_UNITS, 3))
    return keys, values


def _errors_of_patterns(rng: np.random.Generator, empty: Memory) -> list[float]:
    """‖x − ξ‖²/N of the state that recall ends in, at each load, for binary patterns."""
    errors = []
    for load in _BINARY_LOADS:
        patterns = jnp.asarray(signs(rng, round(load * _BINARY_UNITS), _BINARY_UNITS))
        ends = empty.store(patterns, patterns).read(patterns[:32])
        errors.append(np.mean(np.asarray(ends - patterns[:32]) ** 2))
    return errors


def _panel(
    measured: Mapping[str, np.ndarray], expected: Mapping[str, Callable[[int], float]], highest: list[float]
) -> Panel:
    loads, counts = np.array(_LOADS) / _UNITS, np.arange(2, 65)
    series = []
    for name, errors in measured.items():
        x = _BINARY_LOADS if registry.memories[name].binary else loads
        series.append(Series(name, x, errors.mean(0), "marks", group=name))
        if name in expected:
            line = [expected[name](int(pairs)) for pairs in counts]
            series.append(Series("", counts / _UNITS, line, group=name))
    end = end_of_retrieval()
    below = np.linspace(0.03, end.load - 1e-9, 40)
    series += [
        Series("", below, [2 * (1 - overlap(a)) for a in below], group="hopfield"),
        Series("", loads, highest, group="softmax-hopfield"),
        Series("0.138 N: Hopfield's end of retrieval", [end.load] * 2, [0, 2], "dashed"),
        Series("rank bound N = R", [1, 1], [0, 2], "dashed"),
    ]
    title = f"Recall from the stored key, R = {_UNITS}; Hopfield: N = {_BINARY_UNITS}"
    return Panel(title, "load N/R", "squared error", series, x_scale="log")
