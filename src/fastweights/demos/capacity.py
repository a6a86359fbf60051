"""What a memory holds: the error of recall against the number of pairs, by write rule."""

import inspect
from dataclasses import dataclass

import numpy as np

from fastweights import registry
from fastweights.demos.base import Curve, Demo, Demonstration, Graph, counts_up_to
from fastweights.errors import check, check_between, check_positive, to_python_numbers
from fastweights.memories.base import Memory
from fastweights.registry import register_demo
from fastweights.theory.memories.capacity import recall_errors, softmax_errors, theories
from fastweights.theory.plot import Series
from fastweights.theory.samples import on_sphere, standard_error

_VALUE_SIZE = 16


@register_demo(
    "capacity",
    source="Kohonen 1972; Penrose 1955; Ba et al. 2016, equation 1; Ramsauer et al. 2020, arXiv:2008.02217",
)
@dataclass(frozen=True)
class Capacity(Demo):
    """E ‖M k_n − v_n‖² over the pairs n = 1 … N that are stored, for keys drawn from the unit sphere in R
    dimensions and values of length 1: 1 is the error of an answer of 0. Each repeat is a memory with pairs of
    its own; lines are the exact expectations of the chapter, for the softmax memory those for the drawn keys.

    Raises: InvalidValueError if a knob is out of its range; UnknownNameError for a memory that is not known.
    """

    statement = "What memories of R units recall of N random pairs, by write rule, beside theory."

    units: int = 64
    """R, the units of a key."""

    pairs: int = 80
    """The largest number of pairs N."""

    decay: float = 0.95
    """λ of memories that decay."""

    beta: float = 8.0
    """The inverse temperature β of the softmax memory."""

    memories: tuple[str, ...] = (
        "outer-product",
        "decaying",
        "delta-rule",
        "pseudo-inverse",
        "softmax-hopfield",
    )
    """The memories to compare; Hopfield's network has a demo of its own."""

    repeats: int = 30
    """Memories of each kind, over which errors are averaged."""

    seed: int = 0
    """What keys and values are drawn from."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("units", self.units, 2, 256)
        check_between("pairs", self.pairs, 2, 512)
        check_between("decay", self.decay, 0, 1)
        check_positive("beta", self.beta)
        check_between("beta", self.beta, 0, 500)
        check_between("repeats", self.repeats, 2, 200)
        check_between("seed", self.seed, 0, 2**32 - 1)
        check(len(self.memories) > 0, "memories must name at least one")
        for name in self.memories:
            binary = registry.memories[name].binary
            check(not binary, f"memories must take keys of real numbers; {name} stores patterns of −1 and +1")

    def measure(self) -> Demonstration:
        """The error at some two dozen numbers of pairs, R among them."""
        rng = np.random.default_rng(self.seed)
        keys, values = (on_sphere(rng, self.repeats, self.pairs, size) for size in (self.units, _VALUE_SIZE))
        counts = counts_up_to(self.pairs, also=[self.units])
        expected = theories(self.units, self.decay)
        curves = []
        for name in dict.fromkeys(self.memories):
            errors = recall_errors(self._empty(name), keys, values, counts)
            theory = [expected[name](count) for count in counts] if name in expected else ()
            if name == "softmax-hopfield":
                theory = softmax_errors(keys, self.beta, counts).mean(0)
            curves.append(Curve(name, counts, errors.mean(0), standard_error(errors), theory))
        top = max(1.0, *(max(curve.y) for curve in curves))
        guides = [Series("error of an answer of 0", [1, self.pairs], [1.0, 1.0], "dashed")]
        if self.units <= self.pairs:
            guides.append(Series("rank bound N = R", [self.units] * 2, [0.0, top], "dashed"))
        graph = Graph(
            f"Recall from the stored key, R = {self.units}", "pairs N", "squared error", curves, guides
        )
        return Demonstration(
            [graph], f"marks: mean of {self.repeats} memories; lines: theory", _seen(curves, self.pairs)
        )

    def _empty(self, name: str) -> Memory:
        """The memory with nothing stored, and those of the knobs that it has."""
        make = registry.memories[name].empty
        knobs = {"decay": self.decay, "inverse_temperature": self.beta}
        known = inspect.signature(make).parameters
        return make(self.units, _VALUE_SIZE, **{knob: n for knob, n in knobs.items() if knob in known})


def _seen(curves: list[Curve], most: int) -> str:
    """From which number of pairs on half of a value is lost."""
    lost, kept = [], []
    for curve in curves:
        wrong = [count for count, error in zip(curve.x, curve.y, strict=True) if error > 0.5]
        if wrong:
            lost.append(f"{curve.name} from N = {wrong[0]} on")
        else:
            kept.append(curve.name)
    sentences = [f"The error exceeds ½ for {', '.join(lost)}."] if lost else []
    sentences += [f"It stays below ½ up to N = {most} for {', '.join(kept)}."] if kept else []
    return " ".join(sentences)
