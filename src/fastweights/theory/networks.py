"""Networks for checks: programs that run once, and numbers in generic position where none may be special."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

Tree = TypeVar("Tree")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def run_once(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compiled as by `eqx.filter_jit`, but without optimisation: for a program that runs once or twice on a
    few numbers, compiling is all the time it takes, and this way takes a third of it."""
    options: Any = {"compiler_options": {"xla_backend_optimization_level": 0}}
    return eqx.filter_jit(function, **options)


def built(make: Callable[[], Tree]) -> Tree:
    """What the function makes, by one program: one for each random array would take longer."""
    return run_once(make)()


def moved(tree: Tree, seed: int, by: float = 0.3) -> Tree:
    """The tree with every array moved at random, so that none is zero, one or the identity; single numbers,
    such as λ and η, stay."""
    rng = np.random.default_rng(seed)

    def move(leaf):
        if not eqx.is_inexact_array(leaf) or not leaf.ndim:
            return leaf
        return jnp.asarray(np.asarray(leaf) + by * rng.standard_normal(leaf.shape))

    return jax.tree.map(move, tree)
