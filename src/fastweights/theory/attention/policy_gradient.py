"""The gradient of hard attention, by sampling places: unbiased, and noisy."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.networks import run_once
from fastweights.theory.rounding import roundings_apart, within_rounding

_PLACES = 5
Vector = Float[np.ndarray, " places"]


def estimates(shares: Vector, rewards: Vector, baseline: float) -> Float[np.ndarray, "place places"]:
    """(r − b) (e_j − p), a row for each place j that could be drawn."""
    return (rewards - baseline)[:, None] * (np.eye(len(shares)) - shares)


def best_baseline(shares: Vector, rewards: Vector) -> float:
    """Σ p_j ‖e_j − p‖² r_j / Σ p_j ‖e_j − p‖²."""
    sizes = shares * np.sum((np.eye(len(shares)) - shares) ** 2, axis=1)
    return float(sizes @ rewards / sizes.sum())


@register_check("policy-gradient", source="Williams 1992, Machine Learning 8; Mnih et al. 2014")
class PolicyGradient(Check):
    """Let a place j be drawn with p = softmax(z) and be rewarded with r_j. Then (r_j − b)(e_j − p) has the
    expectation ∂E[r]/∂z for every baseline b, and the least variance for
    b = Σ p_j ‖e_j − p‖² r_j / Σ p_j ‖e_j − p‖².

    All places are enumerated, so that the expectation is exact up to rounding; variances at neighbouring
    baselines must be larger by what the parabola says, to 10⁻⁹.
    """

    statement = (
        "Sampled places give an unbiased gradient for any baseline; one baseline makes it least noisy."
    )
    has_figure = True

    estimates: Callable[[Vector, Vector, float], Float[np.ndarray, "place places"]] = estimates
    """What is computed when each place is drawn, given p, r and b."""

    best_baseline: Callable[[Vector, Vector], float] = best_baseline
    """b, given p and r."""

    def examine(self) -> Finding:
        """Five places with random logits and rewards, eight times."""
        rng, apart, rises = np.random.default_rng(0), [], []
        for _ in range(8):
            logits, rewards = rng.standard_normal(_PLACES), rng.uniform(0, 2, _PLACES)
            shares = np.exp(logits) / np.exp(logits).sum()
            gradient = _gradient(logits, rewards)
            best = self.best_baseline(shares, rewards)
            for baseline in (0.0, 0.7, best):
                drawn = self.estimates(shares, rewards, baseline)
                sizes = shares @ abs(drawn) + abs(gradient) + abs(rewards).max() * shares
                apart.append(roundings_apart(shares @ drawn, gradient, sizes, 10 * _PLACES))
            step = 1e-2
            below, at, above = (_variance(shares, rewards, best + by) for by in (-step, 0, step))
            curvature = shares @ np.sum((np.eye(_PLACES) - shares) ** 2, axis=1)
            rises += [(below - at) / step**2 / curvature, (above - at) / step**2 / curvature]
        return Finding(
            within_rounding("expected estimate against ∂E[r]/∂z", *apart),
            Quantity("rise of the variance beside the best baseline: least", min(rises), lowest=1 - 1e-9),
            Quantity("the same: most", max(rises), highest=1 + 1e-9),
            panels=[_panel()],
        )


def _panel() -> Panel:
    """The parabola for three places, of which one is rewarded."""
    shares, rewards, baselines = (
        np.array([0.5, 0.25, 0.25]),
        np.array([0.0, 1.0, 0.0]),
        np.linspace(-0.5, 1.2, 60),
    )
    best = best_baseline(shares, rewards)
    parabola = Series(
        "p = (½, ¼, ¼), r = (0, 1, 0)", baselines, [_variance(shares, rewards, b) for b in baselines]
    )
    mark = Series("best baseline", [best], [_variance(shares, rewards, best)], "marks")
    return Panel("Noise of the sampled gradient", "baseline", "variance", [parabola, mark])


def _variance(shares: Vector, rewards: Vector, baseline: float) -> float:
    """Of the estimate, summed over its components."""
    drawn = estimates(shares, rewards, baseline)
    return float(shares @ np.sum((drawn - shares @ drawn) ** 2, axis=1))


@run_once
def _gradient(logits, rewards):
    return jax.grad(lambda z: jnp.dot(jax.nn.softmax(z), rewards))(logits)
