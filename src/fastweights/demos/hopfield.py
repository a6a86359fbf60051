"""Hopfield's network: what it recalls of how many patterns, and the energy while it does."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.demos.base import Curve, Demo, Demonstration, Graph, counts_up_to
from fastweights.errors import check_between, to_python_numbers
from fastweights.memories import Hopfield
from fastweights.memories.perturbations import flip_signs
from fastweights.registry import register_demo
from fastweights.theory.hopfield.hopfield_energy import recall_along
from fastweights.theory.hopfield.mean_field import end_of_retrieval, overlap
from fastweights.theory.plot import Series
from fastweights.theory.samples import Pairs, signs, standard_error

_QUERIES = 16  # recalls of a network, each from signs of its own; of the first patterns, if there are more
_SWEEPS, _POINTS = 6, 40  # of the energy's curve, and its points a sweep
_FEW = 0.05  # patterns a unit, of the network that is shown beside the one with all patterns


@register_demo("hopfield", source="Hopfield 1982; Amit, Gutfreund & Sompolinsky 1987")
@dataclass(frozen=True)
class HopfieldRecall(Demo):
    """The overlap m = xᵀξ/N of a stored pattern ξ with the state x that asynchronous recall ends in, from ξ
    with a share of its signs turned; the line is the retrieval state of the mean-field theory, which ends at
    α_c = 0.138 patterns a unit. And −½ xᵀ W x over six sweeps of two recalls, one with few patterns and one
    with all, in units of the energy (N² − N)/2 that a stored pattern has below 0 in the mean.

    Raises: InvalidValueError if a knob is out of its range.
    """

    statement = "What Hopfield's network recalls of p patterns, beside theory, and the energy of a recall."

    units: int = 200
    """N, the units of a pattern."""

    patterns: int = 60
    """The largest number of patterns p."""

    flipped: float = 0.15
    """The share of a pattern's signs that are turned before it is recalled."""

    networks: int = 6
    """Networks, over which overlaps are averaged."""

    seed: int = 0
    """What patterns, turned signs and the order of units are drawn from."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("units", self.units, 20, 1000)
        check_between("patterns", self.patterns, 2, 400)
        check_between("flipped", self.flipped, 0, 1)
        check_between("networks", self.networks, 2, 50)
        check_between("seed", self.seed, 0, 2**32 - 1)

    def measure(self) -> Demonstration:
        """Recall with up to two dozen numbers of patterns; the energy with two of them."""
        rng = np.random.default_rng(self.seed)
        patterns = signs(rng, self.networks, self.patterns, self.units)
        counts = counts_up_to(self.patterns)
        overlaps = self._overlaps(patterns, counts)
        end = end_of_retrieval().load
        theory = [overlap(n / self.units) if n / self.units < end else np.nan for n in counts]
        name = f"mean of {self.networks} networks"
        recall = Curve(name, counts, overlaps.mean(0), standard_error(overlaps), theory)
        limit = end * self.units
        shown = limit <= self.patterns
        guides = [Series(f"0.138 N = {limit:.1f}", [limit] * 2, [0.0, 1.0], "dashed")] if shown else []
        title = f"Recall with {100 * self.flipped:.3g} % of the signs turned, N = {self.units}"
        energy = self._energy(patterns[0], rng)
        graphs = [Graph(title, "patterns p", "overlap m", [recall], guides), energy]
        note = "marks: measured; line: theory for N → ∞; dashed at −1: a stored pattern, in the mean"
        return Demonstration(graphs, note, f"{_seen(recall, limit)} {_seen_of_energy(energy.curves)}")

    def _overlaps(self, patterns: Pairs, counts: list[int]) -> Float[np.ndarray, "networks counts"]:
        """For each network and number of patterns the mean over some of them."""
        key, overlaps, memory, stored = jax.random.key(self.seed), [], Hopfield.empty(*[self.units] * 2), 0
        for count in counts:
            new = jnp.asarray(patterns[:, stored:count].swapaxes(0, 1))
            memory, stored = memory.store(new, new), count
            queries = jnp.asarray(patterns[:, np.arange(_QUERIES) % count].swapaxes(0, 1))
            starts = flip_signs(queries, self.flipped, key=jax.random.fold_in(key, count))
            overlaps.append(np.mean(np.asarray(memory.read(starts) * queries), axis=(0, 2)))
        return np.stack(overlaps, axis=1)

    def _energy(self, patterns: Float[np.ndarray, "patterns units"], rng: np.random.Generator) -> Graph:
        """Two recalls of one pattern, the first one, in the same order of units."""
        order = jnp.asarray(np.concatenate([rng.permutation(self.units) for _ in range(_SWEEPS)]))
        start = flip_signs(jnp.asarray(patterns[:1]), self.flipped, key=jax.random.key(self.seed))
        whole = self.units * (self.units - 1) / 2
        steps = np.unique(np.round(np.linspace(0, len(order), _SWEEPS * _POINTS + 1)).astype(int))
        curves = []
        for count in sorted({max(1, min(self.patterns, round(_FEW * self.units))), self.patterns}):
            stored = jnp.asarray(patterns[:count])
            memory = Hopfield.empty(self.units, self.units).store(stored, stored)
            batch = Hopfield(memory.matrix[None])
            energies, _, last = recall_along(batch, start, order)
            match = float(np.mean(np.asarray(last[0]) * patterns[0]))
            name = f"p = {count}: ends at m = {match:.2f}"
            along = np.asarray(energies[0])[steps] / whole
            curves.append(Curve(name, steps / self.units, along, joined=True))
        guides = [Series("a stored pattern, expected", [0, _SWEEPS], [-1.0, -1.0], "dashed")]
        return Graph("Energy of one recall", "sweeps over all units", "2E / (N² − N)", curves, guides)


def _seen(recall: Curve, limit: float) -> str:
    """Where less than 95 % of a pattern's signs are right."""
    good = [count for count, m in zip(recall.x, recall.y, strict=True) if m > 0.9]
    first = next((count for count, m in zip(recall.x, recall.y, strict=True) if m <= 0.9), None)
    if first is None:
        return f"In the mean at least 95 % of a pattern's signs are recalled right up to p = {recall.x[-1]}."
    upto = f"up to p = {max(n for n in good if n < first)}" if good and good[0] < first else "for no p"
    return (
        f"In the mean at least 95 % of a pattern's signs are recalled right {upto}, fewer at p = {first}; "
        f"theory has recall end at 0.138 N = {limit:.1f}."
    )


def _seen_of_energy(curves: Sequence[Curve]) -> str:
    """How deep the recalls end."""
    ends = "; ".join(f"{curve.name}, at {float(curve.y[-1]):.2f}" for curve in curves)
    return f"Energies, where a stored pattern has −1 in the mean: {ends}."
