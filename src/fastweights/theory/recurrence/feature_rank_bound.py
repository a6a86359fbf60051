"""How many pairs a memory holds under keys that went through a feature map."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import field

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import qr

from fastweights.cells.programmers.features import features
from fastweights.cells.programmers.options import ProgrammerOptions
from fastweights.memories import DeltaRule
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.memories.rank_bound import residual
from fastweights.theory.networks import run_once
from fastweights.theory.samples import mean_of

_UNITS, _POOL, _VALUES, _ROUNDS = 4, 400, 300, 1500
_MAPS = {
    "elu": ProgrammerOptions(key_map="elu"),
    "softmax": ProgrammerOptions(key_map="softmax"),
    "relu": ProgrammerOptions(key_map="relu"),
    **{f"dpfp-{order}": ProgrammerOptions(key_map="dpfp", dpfp_order=order) for order in (1, 2, 3, 5)},
}


def as_many_as_units(units: int, _order: int) -> int:
    """d."""
    return units


def of_dpfp(units: int, order: int) -> int:
    """2 d min(ν, d − 1): beyond ν = d − 1 features are 0 or come twice."""
    return 2 * units * min(order, units - 1)


def one(_units: int, _order: int) -> int:
    """1: features that are all positive have positive products."""
    return 1


def dimensions() -> Mapping[str, Callable[[int, int], int]]:
    """How many independent features a map has, given d and ν."""
    return {"elu": as_many_as_units, "softmax": as_many_as_units, "relu": as_many_as_units, "dpfp": of_dpfp}


def orthogonal() -> Mapping[str, Callable[[int, int], int]]:
    """How many keys can have orthogonal features."""
    return {"elu": one, "softmax": one, "relu": as_many_as_units, "dpfp": of_dpfp}


@register_check("feature-rank-bound", source="Schlag, Irie & Schmidhuber 2021, arXiv:2102.11174, section 4.1")
class FeatureRankBound(Check):
    """A memory that is written and read through φ holds as many pairs as φ has independent features, d_φ.

    Of 400 random keys those with the most independent features come first (QR with pivots), so that
    rounding is magnified by a condition number below 10³; then the best matrix, by least squares, must
    answer the first d_φ pairs exactly and not one more, for 300 sets of random values; with 2 d_φ pairs its
    mean squared error is 1 − d_φ/N, four standard errors left. Presented 1,500 times, the delta rule
    comes to 10⁻⁶ of the values with d_φ pairs, and to no less than the best matrix with one more. The most
    orthogonal features are counted among keys with one or two entries ±1: they are disjoint there, so that
    taking them one after another finds the largest set. All for d = 4."""

    statement = "Under a feature map φ a memory holds as many pairs as φ has independent features."
    has_figure = True

    dimensions: Mapping[str, Callable[[int, int], int]] = field(default_factory=dimensions)
    orthogonal: Mapping[str, Callable[[int, int], int]] = field(default_factory=orthogonal)

    residual: Callable[[int, int], float] = residual
    """The least mean squared error of random values, given N and d_φ."""

    def examine(self) -> Finding:
        """Four maps, DPFP at four orders."""
        rng, quantities, series = np.random.default_rng(0), [], []
        pool = rng.standard_normal((_POOL, _UNITS))
        for name, options in _MAPS.items():
            kind, order = name.partition("-")[0], options.dpfp_order
            expected = self.dimensions[kind](_UNITS, order)
            keys = _most_independent_first(_features(pool, options))
            most = min(len(keys), 2 * int(expected))
            values = rng.standard_normal((most, _VALUES))
            errors = np.array([_least_errors(keys[:n], values[:n]) for n in range(1, most + 1)])
            exact = errors.max(1) < 1e-18
            held = int(np.argmin(exact)) if not exact.all() else most
            count = _orthogonal_keys(options)
            quantities += [
                Quantity.near(f"{name}: pairs held", held, expected, 0),
                Quantity.near(f"{name}: orthogonal keys", count, self.orthogonal[kind](_UNITS, order), 0),
                mean_of(f"{name}: squared error, N = {most}", errors[-1], self.residual(most, int(expected))),
            ]
            counts = range(1, most + 1)
            if name in ("elu", "dpfp-1", "dpfp-2", "dpfp-3"):
                line = [self.residual(n, int(expected)) for n in counts]
                series += [
                    Series(f"{name}: d_φ = {expected}", counts, errors.mean(1), "marks", group=name),
                    Series("", counts, line, group=name),
                ]
            if name == "dpfp-1":
                quantities += _of_delta_rule(keys, values, held, errors)
        title = f"The best memory under features of {_UNITS} units"
        return Finding(*quantities, panels=[Panel(title, "pairs N", "squared error", series)])


def _features(keys: np.ndarray, options: ProgrammerOptions) -> np.ndarray:
    """Those that aren't all 0, of length 1."""
    mapped = np.asarray(features(jnp.asarray(keys), options))
    lengths = np.linalg.norm(mapped, axis=1)
    return mapped[lengths > 0] / lengths[lengths > 0, None]


def _most_independent_first(keys: np.ndarray) -> np.ndarray:
    *_, order = qr(keys.T, mode="r", pivoting=True)
    return keys[order]


def _least_errors(keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean squared error of the best matrix, for each set of values."""
    left, singular, _ = np.linalg.svd(keys, full_matrices=False)
    left = left[:, singular > 1e-9 * singular[0]]
    return np.mean((values - left @ (left.T @ values)) ** 2, axis=0)


def _orthogonal_keys(options: ProgrammerOptions) -> int:
    """How many of the sparse keys have features that are orthogonal to those of all before."""
    sparse = [
        key for key in itertools.product((-1.0, 0.0, 1.0), repeat=_UNITS) if 1 <= np.count_nonzero(key) <= 2
    ]
    found: list[np.ndarray] = []
    for key in _features(np.array(sorted(sparse, key=lambda key: sum(map(abs, key)))), options):
        if all(key @ other == 0 for other in found):
            found.append(key)
    return len(found)


def _of_delta_rule(keys: np.ndarray, values: np.ndarray, held: int, least: np.ndarray) -> list[Quantity]:
    """Presented again and again."""
    quantities = []
    for pairs in (held, held + 1):
        answers = _presented(keys[:pairs], values[:pairs])
        errors = np.mean((answers - values[:pairs]) ** 2, axis=0)
        if pairs == held:
            quantities.append(
                Quantity("delta rule: largest error, N = d_φ", np.max(errors) ** 0.5, highest=1e-6)
            )
        else:
            ratio = np.min(errors / least[pairs - 1])
            quantities.append(Quantity("the same with one more / least possible", ratio, lowest=1 - 1e-6))
    return quantities


@run_once
def _presented(keys, values):
    """The delta rule's answers after many rounds at β = 1."""

    def write(memory, pair):
        return memory.write(*pair), None

    def present(memory, _):
        return jax.lax.scan(write, memory, (keys, values))[0], None

    empty = DeltaRule.empty(keys.shape[1], values.shape[1])
    return jax.lax.scan(present, empty, None, _ROUNDS)[0].read(keys)
