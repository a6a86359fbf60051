"""The largest possible step of Adam, which exceeds the published bound."""

from collections.abc import Callable

import numpy as np
import optax
from jaxtyping import Float

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.optimisation.adam_sequences import DEFAULTS, steps_of
from fastweights.theory.rounding import UNIT

Times = Float[np.ndarray, " steps"]

_STEPS = 6000
_SETTINGS = (DEFAULTS, (0.9, 0.95), (0.9, 0.9))
_TINY = 1e-140
"""The first gradient of the worst sequence: neither its square nor the last one's under- or overflows."""
_SMALLEST = 1e-300
"""In place of ε = 0: the step for a zero gradient is then 0 and not NaN."""


def published_bound(first: float, second: float) -> float:
    """max(1, (1 − β1) / √(1 − β2)): the bound on |Δ| / α in section 2.1."""
    return max(1.0, (1 - first) / np.sqrt(1 - second))


def supremum(first: float, second: float, t: Times) -> Times:
    """The supremum of |m̂(t)| / √v̂(t) over all sequences of t gradients."""
    ratio = first**2 / second
    corrections = np.sqrt((1 - second**t) / (1 - second)) * (1 - first) / (1 - first**t)
    return corrections * np.sqrt((1 - ratio**t) / (1 - ratio))


def limit(first: float, second: float) -> float:
    """(1 − β1)/√((1 − β2)(1 − ρ)), ρ = β1²/β2: the supremum for t → ∞."""
    return (1 - first) / np.sqrt((1 - second) * (1 - first**2 / second))


def excess(first: float, second: float) -> float:
    """1/√(1 − ρ): the supremum for t → ∞ over the published bound, where the latter isn't 1."""
    return 1 / np.sqrt(1 - first**2 / second)


def of_a_spike(first: float, second: float, t: Times) -> Times:
    """|Δ(t)| / α for a gradient that was zero at all earlier steps."""
    return (1 - first) / (1 - first**t) * np.sqrt((1 - second**t) / (1 - second))


def first_step(gradient: Times, epsilon: float) -> Times:
    """Δ(1) / α = −g / (|g| + ε): ε stands outside the root, and is not corrected."""
    return -gradient / (abs(gradient) + epsilon)


@register_check(
    "adam-step-bound", source="Kingma & Ba 2014, arXiv:1412.6980, section 2.1, corrected in the chapter"
)
class AdamStepBound(Check):
    """With ε = 0, |Δ(t)| / α ≤ (1−β1)/(1−β1^t) √((1−β2^t)/(1−β2)) √((1−ρ^t)/(1−ρ)), ρ = β1²/β2, with
    equality for gradients that grow by β2/β1 in every step; so the published bound is exceeded by up to
    1/√(1−ρ). It is right for a gradient that was zero at all earlier steps, and attained by it: at the
    first of all steps, or for t → ∞. With ε the first step is α |g| / (|g| + ε).

    Both moments have relative errors of 3 roundings a step, t of them at most in geometric sums that are
    governed by their last 1 / (1 − β2) terms; 1 − β2^t has 1 / (1 − β2) more.
    """

    statement = "The supremum of Adam's steps exceeds the published bound, and is attained."
    has_figure = True

    supremum: Callable[[float, float, Times], Times] = supremum
    """The largest |Δ(t)| / α, given β1, β2 and t."""

    published: Callable[[float, float], float] = published_bound
    """The published bound, given β1 and β2."""

    limit: Callable[[float, float], float] = limit
    """The supremum for t → ∞, given β1 and β2."""

    excess: Callable[[float, float], float] = excess
    """The supremum over the published bound for the default β1 and β2, and t → ∞."""

    of_a_spike: Callable[[float, float, Times], Times] = of_a_spike
    """|Δ(t)| / α for a single gradient, given β1, β2 and t."""

    first_step: Callable[[Times, float], Times] = first_step
    """Δ(1) / α, given g and ε."""

    def examine(self) -> Finding:
        """The worst sequence, a sparse one and random ones, for settings in both of the paper's cases."""
        t = np.arange(1.0, _STEPS + 1)
        quantities, panels = [], []
        for first, second in _SETTINGS:
            sequences = _sequences(first, second)
            sizes = abs(steps_of(optax.adam(1.0, first, second, eps=_SMALLEST), sequences))
            bound, published = self.supremum(first, second, t), self.published(first, second)
            tolerance = 6 * (_STEPS + 1 / (1 - second)) * UNIT
            about = f"β = ({first:g}, {second:g})"
            ratios, worst = sizes / bound[:, None], sizes[:, 0] / bound
            quantities += [
                Quantity(f"{about}: largest |Δ| / supremum", ratios.max(), highest=1 + tolerance),
                Quantity(f"{about}: least |Δ| / supremum, worst sequence", worst.min(), lowest=1 - tolerance),
                # β2^t is what is left of the limit.
                Quantity.near(
                    f"{about}: largest |Δ| / limit of the supremum",
                    sizes.max() / self.limit(first, second),
                    1,
                    tolerance + second**_STEPS,
                ),
            ]
            if (first, second) == DEFAULTS:
                exceeded = sizes.max() / published / self.excess(first, second)
                name = f"{about}: largest |Δ| / published bound, over 1/√(1 − ρ)"
                quantities.append(Quantity.near(name, exceeded, 1, tolerance + second**_STEPS))
            panels.append(_panel(about, t, sizes, bound, published))
        spikes = [quantity for setting in _SETTINGS for quantity in self._of_a_spike(*setting)]
        return Finding(*quantities, *spikes, self._of_the_first_step(), panels=panels[:2])

    def _of_a_spike(self, first: float, second: float) -> tuple[Quantity, ...]:
        """A gradient that was zero until now, as in the paper's remark on sparsity."""
        t = np.array([1, 10, 100, 1000, _STEPS])
        spikes = (np.arange(1, _STEPS + 1)[:, None] == t).astype(float)
        adam = optax.adam(1.0, first, second, eps=_SMALLEST)
        sizes = abs(steps_of(adam, spikes))[t - 1, np.arange(len(t))]
        off = abs(sizes / self.of_a_spike(first, second, t.astype(float)) - 1).max()
        share = sizes.max() / self.published(first, second)
        tolerance = 6 / (1 - second) * UNIT
        about = f"a single gradient, β = ({first:g}, {second:g})"
        lowest = 1 - second**_STEPS - tolerance
        return (
            Quantity(f"{about}: |Δ| off its formula, relative", off, highest=tolerance),
            Quantity(f"{about}: largest |Δ| / published bound", share, lowest, 1 + tolerance),
        )

    def _of_the_first_step(self) -> Quantity:
        epsilon, sizes = 1e-8, np.geomspace(1e-12, 1e3, 40)
        gradients = np.where(np.arange(40) % 2, -1.0, 1.0) * sizes
        measured = steps_of(optax.adam(1.0, *DEFAULTS, eps=epsilon), gradients[None])[0]
        off = abs(measured / self.first_step(gradients, epsilon) - 1).max()
        return Quantity(
            "first step off −α g / (|g| + ε), relative", off, highest=6 / (1 - DEFAULTS[1]) * UNIT
        )


def _sequences(first: float, second: float) -> Float[np.ndarray, "steps sequences"]:
    """The worst sequence; one that stays the same; and random ones of several kinds."""
    rng = np.random.default_rng(0)
    growing = _TINY * (second / first) ** np.arange(_STEPS)
    normal = rng.standard_normal((_STEPS, 2))
    wild = rng.standard_normal((_STEPS, 2)) * np.exp(3 * rng.standard_normal((_STEPS, 2)))
    sparse = rng.standard_normal((_STEPS, 2)) * (rng.uniform(size=(_STEPS, 2)) < 0.01)
    return np.column_stack([growing, np.ones(_STEPS), normal, wild, sparse])


def _panel(
    title: str, t: Times, sizes: Float[np.ndarray, "steps sequences"], bound: Times, published: float
) -> Panel:
    shown = np.unique(np.geomspace(1, _STEPS, 120).astype(int)) - 1
    x = t[shown]
    series = [
        Series("worst sequence", x, sizes[shown, 0]),
        Series("random", x, sizes[shown, 2]),
        Series("supremum", x, bound[shown], "dashed"),
        Series("published bound", x, np.full(len(x), published), "marks"),
    ]
    return Panel(title, "t", "|Δ| / learning rate", series, x_scale="log")
