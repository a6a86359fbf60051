"""The probability that a unit of a stored pattern is unstable."""

import itertools
from collections.abc import Callable
from operator import index

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.stats import binom, norm

from fastweights.memories import Hopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.rounding import UNIT
from fastweights.theory.samples import Pairs, for_each_seed, mean_of, mean_of_stored, signs

_SEEDS, _MAX_PATTERNS, _UNITS = 1000, 14, 40
_PATTERNS = (4, 6, 9, 14)
_EVERY = ((3, 2), (3, 3), (3, 4), (4, 3), (5, 3))  # units and patterns, of which all choices are tried
_MANY = ((2001, 1001), (8001, 2001))
_BERRY_ESSEEN = 0.4748  # Shevtsova 2011


def turned(units: int, patterns: int) -> float:
    """P(N − 1 + S < 0), where S is the sum of (N − 1)(p − 1) independent signs."""
    terms = (units - 1) * (patterns - 1)
    # S = 2 B − terms with B binomial; strictly below −(N − 1), as a unit without field stays as it is.
    return float(binom.cdf(index((terms - units) // 2), index(terms), 0.5))


def normal(units: int, patterns: int) -> float:
    """Φ(−√((N − 1)/(p − 1)))."""
    return float(norm.cdf(-np.sqrt((units - 1) / (patterns - 1))))


def write(memory: Hopfield, pattern: Float[Array, " units"]) -> Hopfield:
    """The memory's own rule, W + x xᵀ − I."""
    return memory.write(pattern, pattern)


@register_check("hopfield-stability", source="Hopfield 1982; Hertz, Krogh & Palmer 1991, section 2.2")
class HopfieldStability(Check):
    """A unit of one of p random patterns on N units is against its field with the probability that a sum
    of (N − 1)(p − 1) signs is below −(N − 1): exactly, at every size. It is near Φ(−√((N − 1)/(p − 1))):
    by the theorem of Berry and Esseen within 0.4748/√((N − 1)(p − 1)).

    For small N and p the share must be the probability over all choices of p patterns: whole numbers over
    a power of 2, so that nothing but the binomial tail is rounded; and √((N − 1)/(p − 1)) the mean of all
    fields over their standard deviation. At N = 40 shares are means over 1,000 networks, with four
    standard errors left. With two patterns nothing turns at all: the sum has as many terms as the signal
    has."""

    statement = "A unit of a stored random pattern turns with the probability of a binomial tail."
    has_figure = True

    turned: Callable[[int, int], float] = turned
    """The probability, given N and p."""

    normal: Callable[[int, int], float] = normal
    """What it is near to, given N and p."""

    write: Callable[[Hopfield, Array], Hopfield] = write
    """How a pattern is stored."""

    def examine(self) -> Finding:
        """All choices of few patterns; then while fourteen are written, up to p/N = 0.35; and the
        limit."""
        shares = self._shares_turned(signs(np.random.default_rng(0), _SEEDS, _MAX_PATTERNS, _UNITS))
        name = f"share of units that turn, N = {_UNITS}, p = "
        quantities = [mean_of(f"{name}{p}", shares[:, p - 1], self.turned(_UNITS, p)) for p in _PATTERNS]
        counts = np.arange(4, _MAX_PATTERNS + 1)
        loads, tail = counts / _UNITS, [self.turned(_UNITS, int(p)) for p in counts]
        series = (
            Series("mean of 1,000 networks", loads, shares.mean(0)[3:], "marks"),
            Series("binomial tail", loads, tail, "dashed"),
            Series("Φ(−√((N − 1)/(p − 1)))", loads, [self.normal(_UNITS, int(p)) for p in counts]),
        )
        title = f"First step from a pattern, N = {_UNITS}"
        return Finding(
            *(quantity for sizes in _EVERY for quantity in self._of_all(*sizes)),
            *quantities,
            *(self._near_normal(*sizes) for sizes in _MANY),
            Quantity("share of units that turn, p = 2", shares[:, 1].max(), highest=0.0),
            panels=[Panel(title, "load p/N", "units that turn", series, y_scale="log")],
        )

    def _of_all(self, units: int, patterns: int) -> tuple[Quantity, Quantity]:
        """The share of units that turn, over all choices of the patterns; and the argument of Φ, the mean
        of the fields over their standard deviation."""
        drawn = np.array(list(itertools.product((-1.0, 1.0), repeat=units * patterns)))
        share = self._shares_turned(drawn.reshape(-1, patterns, units))[:, -1].mean()
        name = f"share over all choices, N = {units}, p = {patterns}"
        slack = 2 * units * patterns * UNIT
        stored = drawn.reshape(-1, patterns, units)
        weights = stored.swapaxes(1, 2) @ stored - patterns * np.eye(units)
        fields = stored * (stored @ weights)
        limit = norm.cdf(-fields.mean() / fields.std())
        about = f"Φ(−mean/deviation of all fields), N = {units}, p = {patterns}"
        return (
            Quantity.near(name, share, self.turned(units, patterns), slack),
            Quantity.near(about, limit, self.normal(units, patterns), slack),
        )

    def _near_normal(self, units: int, patterns: int) -> Quantity:
        off = self.turned(units, patterns) - self.normal(units, patterns)
        name = f"binomial tail − Φ, N = {units:,}, p = {patterns:,}"
        return Quantity.near(name, off, 0, _BERRY_ESSEEN / np.sqrt((units - 1) * (patterns - 1)))

    def _shares_turned(self, patterns: Pairs) -> Float[np.ndarray, "seeds written"]:
        """After each write the share of the stored patterns' units that are against their field."""

        def along(memory: Hopfield, patterns: Array, _: Array) -> Array:
            def add(memory, pattern):
                memory = self.write(memory, pattern)
                return memory, jnp.mean(memory.update_together(patterns) != patterns, axis=-1, dtype=float)

            return jax.lax.scan(add, memory, patterns)[1]

        units = patterns.shape[-1]
        empty = Hopfield.empty(units, units)
        return mean_of_stored(for_each_seed(along)(empty, patterns, patterns))
