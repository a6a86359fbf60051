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
from fastweights.theory.samples import mean_of, signs

_UNITS, _MAX_PATTERNS, _SEEDS = 40, 14, 300
_PATTERNS = (4, 6, 9, 14)


def turned(units: int, patterns: int) -> float:
    """P(N − 1 + S < 0), where S is the sum of (N − 1)(p − 1) independent signs."""
    terms = (units - 1) * (patterns - 1)
    # S = 2 B − terms with B binomial; strictly below −(N − 1), as a unit without field stays as it is.
    return float(binom.cdf(np.ceil((terms - units + 1) / 2) - 1, terms, 0.5))


def write(memory: Hopfield, pattern: Float[Array, "units batch"]) -> Hopfield:
    """The memory's own rule, W + x xᵀ − I."""
    return memory.write(pattern, pattern)


@register_check("hopfield-stability", source="Hopfield 1982; Hertz, Krogh & Palmer 1991, section 2.2")
class HopfieldStability(Check):
    """A unit of one of p random patterns on N units is against its field with the probability that a sum of
    (N − 1)(p − 1) signs is below −(N − 1): exactly, at every size. It is near Φ(−√((N − 1)/(p − 1))).

    Shares are means over 300 networks, with four standard errors left. With two patterns nothing turns at
    all: the sum has as many terms as the signal has."""

    statement = "A unit of a stored random pattern turns with the probability of a binomial tail."

    turned: Callable[[int, int], float] = turned
    """The probability, given N and p."""

    write: Callable[[Hopfield, Array], Hopfield] = write
    """How a pattern is stored."""

    def examine(self) -> Finding:
        """While fourteen patterns are written, up to p/N = 0.35."""
        patterns = jnp.asarray(signs(np.random.default_rng(0), _MAX_PATTERNS, _UNITS, _SEEDS))
        shares = np.asarray(_shares_turned(self.write, Hopfield.empty(_UNITS, _UNITS, _SEEDS), patterns))
        quantities = [
            mean_of(f"share of units that turn, N = {_UNITS}, p = {p}", shares[p - 1], self.turned(_UNITS, p))
            for p in _PATTERNS
        ]
        quantities.append(Quantity("share of units that turn, p = 2", shares[1].max(), highest=0.0))
        counts = np.arange(4, _MAX_PATTERNS + 1)
        tail = [self.turned(_UNITS, int(p)) for p in counts]
        series = (
            Series("mean of 300 networks", counts / _UNITS, shares.mean(1)[3:], "marks"),
            Series("binomial tail", counts / _UNITS, tail, "dashed"),
            Series(
                "Φ(−√((N − 1)/(p − 1)))", counts / _UNITS, norm.cdf(-np.sqrt((_UNITS - 1) / (counts - 1)))
            ),
        )
        title = f"First step from a pattern, N = {_UNITS}"
        return Finding(
            *quantities, panels=[Panel(title, "load p/N", "units that turn", series, y_scale="log")]
        )


def _shares_turned(write: Callable, memory: Hopfield, patterns: Array) -> Array:
    """After each write and for each network, the share of the stored patterns' units against their field."""
    numbers = jnp.arange(len(patterns))

    def add(memory, numbered):
        number, pattern = numbered
        memory = write(memory, pattern)
        turned = (jax.vmap(memory.update_together)(patterns) != patterns).mean(1)
        return memory, jnp.sum(turned * (numbers <= number)[:, None], axis=0) / (number + 1)

    return jax.jit(lambda: jax.lax.scan(add, memory, (numbers, patterns))[1])()
