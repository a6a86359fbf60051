"""The method for Lyapunov exponents, on maps whose exponents are known."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from fastweights.theory import Check, Finding, Panel, Quantity, Series, register_check
from fastweights.theory.dynamics.lyapunov import HOUSEHOLDER, Jacobians, stretches
from fastweights.theory.rounding import UNIT

_STEPS, _SETTLING = 1000, 200
_RATES = np.array([1.5, -0.9, 0.5, 0.2])
_BEND = 0.5
_CAT = np.array([[2, 1], [1, 1]])
_GRID = 2**40


def golden() -> float:
    """log((3 + √5)/2): the first exponent of the cat map."""
    return float(np.log((3 + np.sqrt(5)) / 2))


def of_area(b: float) -> float:
    """log b: the sum of the Hénon map's exponents."""
    return float(np.log(b))


@register_check(
    "lyapunov-method",
    source="Benettin, Galgani, Giorgilli & Strelcyn 1980; Eckmann & Ruelle 1985, section V.C",
)
class LyapunovMethod(Check):
    """The exponents by the QR method are log |eigenvalue| for a linear map; they sum up to log b for the
    Hénon map (x, y) → (1 − a x² + y, b x), whose Jacobian has the determinant −b everywhere; and they are
    ± log((3 + √5)/2) for the cat map (x, y) → (2 x + y, x + y) modulo 1, in any coordinates.

    *Linear, N units.* The frame approaches the eigenvectors' like (0.9/1.5)^t, so that after 200 steps
    only rounding is left: a QR decomposition errs like a change of the matrix by c N² u ‖A‖_F, c a small
    constant (Higham 2002, theorem 19.4), which moves an eigenvalue by cond(V) times that (Bauer and
    Fike). *Hénon.* The same error changes a determinant relatively by N cond(J) times as much. *Cat.* In
    coordinates y = g(x) the Jacobian of n steps is Dg(x_n) Aⁿ Dg(x_0)⁻¹, and with g(x) = x + ε
    sin(2πx)/2π in each coordinate, Dg lies in [1 − ε, 1 + ε]. A frame that has settled has the first
    exponent within log((1 + ε)/(1 − ε))/n, and the sum within twice that, so the second within three
    times.
    """

    statement = "The QR method computes the Lyapunov exponents of maps whose exponents are known."
    has_figure = True

    method: Callable[[Jacobians], np.ndarray] = stretches
    """The logarithms of the stretching in every step and direction."""

    golden: Callable[[], float] = golden
    """The first exponent of the cat map."""

    of_area: Callable[[float], float] = of_area
    """The sum of the Hénon map's exponents, given b."""

    def examine(self) -> Finding:
        """A linear map, and two chaotic ones."""
        jacobians = {"linear": _linear(), "hénon": _henon(), "cat": _bent_cat()}
        logs = {name: self.method(along) for name, along in jacobians.items()}
        exponents, linear = logs["linear"][_SETTLING:].mean(0), jacobians["linear"][0]
        apart = np.abs(exponents - np.log(np.abs(_RATES))).max()
        error = HOUSEHOLDER * len(_RATES) ** 2 * UNIT
        condition = np.linalg.cond(np.linalg.eig(linear)[1])
        slack = error * np.linalg.norm(linear) * condition / np.abs(_RATES).min()
        total = np.abs(logs["hénon"].sum(1).mean() - self.of_area(0.3))
        rounding = 2 * HOUSEHOLDER * 2**2 * UNIT * np.linalg.cond(jacobians["hénon"]).max()
        dilation = np.log((1 + _BEND) / (1 - _BEND)) / (_STEPS - _SETTLING)
        first, second = logs["cat"][_SETTLING:].mean(0)
        return Finding(
            Quantity("linear map: exponents against log |eigenvalue|", apart, highest=slack),
            Quantity("Hénon map: sum of the exponents against log b", total, highest=rounding),
            Quantity("Hénon map: largest exponent", logs["hénon"][_SETTLING:, 0].mean(), lowest=0),
            Quantity.near("bent cat map: first exponent", first, self.golden(), dilation),
            Quantity.near("bent cat map: second", second, -self.golden(), 3 * dilation),
            panels=_panels(logs),
        )


def _linear() -> Jacobians:
    """A matrix with known eigenvalues and no right angles between its eigenvectors, at every step."""
    vectors = np.random.default_rng(1).standard_normal((4, 4))
    return np.broadcast_to(vectors @ np.diag(_RATES) @ np.linalg.inv(vectors), (_STEPS, 4, 4))


def _henon(a: float = 1.4, b: float = 0.3) -> Jacobians:
    x, y, jacobians = 0.1, 0.1, []
    for _ in range(_STEPS):
        jacobians.append([[-2 * a * x, 1.0], [b, 0.0]])
        x, y = 1 - a * x**2 + y, b * x
    return np.array(jacobians)


def _bent_cat() -> Jacobians:
    """Dg(A x) A Dg(x)⁻¹ along an orbit, which runs on a grid of integers: there, the map is exact."""
    points = [np.array([314159265358, 271828182845])]
    for _ in range(_STEPS):
        points.append(_CAT @ points[-1] % _GRID)
    slopes: Float[np.ndarray, "time 2"] = 1 + _BEND * np.cos(2 * np.pi * np.array(points) / _GRID)
    return slopes[1:, :, None] * _CAT / slopes[:-1, None, :]


def _panels(logs: dict[str, np.ndarray]) -> list[Panel]:
    times, panels = np.arange(1, _STEPS + 1), []
    for name, title, exact in (
        ("linear", "A linear map", np.log(np.abs(_RATES))),
        ("hénon", "The Hénon map", ()),
        ("cat", "The cat map in bent coordinates", (golden(), -golden())),
    ):
        means = np.cumsum(logs[name], axis=0) / times[:, None]
        series = [Series(f"exponent {i + 1}", times[::5], mean[::5]) for i, mean in enumerate(means.T)] + [
            Series("", [1, _STEPS], [value] * 2, "dashed", group=f"exponent {i + 1}")
            for i, value in enumerate(exact)
        ]
        panels.append(Panel(title, "steps", "mean of log |R_ii|", series))
    return panels
