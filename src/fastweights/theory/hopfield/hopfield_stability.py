"""The probability that a unit of a stored pattern is unstable."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from scipy.stats import binom, norm

from fastweights.memories import Hopfield
from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.samples import Pairs, for_each_seed, mean_of, mean_of_stored, signs

_SEEDS, _MAX_PATTERNS, _UNITS = 1000, 14, 40
_PATTERNS = (4, 6, 9, 14)


def turned(units: int, patterns: int) -> float:
    """P(N − 1 + S < 0), where S is the sum of (N − 1)(p − 1) independent signs."""
    terms = (units - 1) * (patterns - 1)
    # S = 2 B − terms with B binomial; strictly below −(N − 1), as a unit without field stays as it is.
    return float(binom.cdf(np.ceil((terms - units + 1) / 2) - 1, terms, 0.5))


def write(memory: Hopfield, pattern: Float[Array, " units"]) -> Hopfield:
    """The memory's own rule, W + x xᵀ − I."""
    return memory.write(pattern, pattern)


@register_check("hopfield-stability", source="Hopfield 1982; Hertz, Krogh & Palmer 1991, section 2.2")
class HopfieldStability(Check):
    """A unit of one of p random patterns on N units is against its field with the probability that a sum of
    (N − 1)(p − 1) signs is below −(N − 1): exactly, at every size. It is near Φ(−√((N − 1)/(p − 1))).

    Shares are means over 1,000 networks, with four standard errors left. With two patterns nothing turns at
    all: the sum has as many terms as the signal has."""

    statement = "A unit of a stored random pattern turns with the probability of a binomial tail."

    turned: Callable[[int, int], float] = turned
    """The probability, given N and p."""

    write: Callable[[Hopfield, Array], Hopfield] = write
    """How a pattern is stored."""

    def examine(self) -> Finding:
        """While fourteen patterns are written, up to p/N = 0.35."""
        shares = self._shares_turned(signs(np.random.default_rng(0), _SEEDS, _MAX_PATTERNS, _UNITS))
        name = f"share of units that turn, N = {_UNITS}, p = "
        quantities = [mean_of(f"{name}{p}", shares[:, p - 1], self.turned(_UNITS, p)) for p in _PATTERNS]
        counts = np.arange(4, _MAX_PATTERNS + 1)
        loads, tail = counts / _UNITS, [self.turned(_UNITS, int(p)) for p in counts]
        series = (
            Series("mean of 1,000 networks", loads, shares.mean(0)[3:], "marks"),
            Series("binomial tail", loads, tail, "dashed"),
            Series("Φ(−√((N − 1)/(p − 1)))", loads, norm.cdf(-np.sqrt((_UNITS - 1) / (counts - 1)))),
        )
        title = f"First step from a pattern, N = {_UNITS}"
        return Finding(
            *quantities,
            Quantity("share of units that turn, p = 2", shares[:, 1].max(), highest=0.0),
            panels=[Panel(title, "load p/N", "units that turn", series, y_scale="log")],
        )

    def _shares_turned(self, patterns: Pairs) -> Float[np.ndarray, "seeds written"]:
        """After each write the share of the stored patterns' units that are against their field."""

        def along(memory: Hopfield, patterns: Array, _: Array) -> Array:
            def add(memory, pattern):
                memory = self.write(memory, pattern)
                return memory, jnp.mean(memory.update_together(patterns) != patterns, axis=-1)

            return jax.lax.scan(add, memory, patterns)[1]

        empty = Hopfield.empty(_UNITS, _UNITS)
        return mean_of_stored(for_each_seed(along)(empty, patterns, patterns))
