"""Fast recurrences with every derivative and every mapping.

`jax.custom_vjp` gives a fast function a derivative backward and no other, and a `custom_vmap` around it none
at all. So the recurrence is a primitive here. Mapped over sequences it is one call for more sequences, to be
differentiated like any other; mapped over models it is a loop. Of its derivatives the first one backward is
written by hand. All others are those of the plain form: the tangents of the results are a primitive that JAX
may evaluate, as the derivative of the plain form, or transpose, which calls what is written by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self, TypeVar

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import PyTree

from fastweights.native.calls import Cotangents, Results
from fastweights.native.tangents import linear

Arrays = Sequence[Any]


class Mergeable(Protocol):
    """A pytree of a batch of sequences, in which every array has the batch as its first axis, or is known to
    `merged`."""

    def merged(self, is_mapped: Self, size: int) -> Self:
        """The sequences of `size` batches as one, one after the other; what is mapped has one more axis, the
        first one."""
        ...


Batch = TypeVar("Batch", bound=Mergeable)


def recurrence(
    plain: Callable[[PyTree, Batch], Results],
    evaluate: Callable[[PyTree, Batch], Results],
    forward: Callable[[PyTree, Batch], tuple[Results, PyTree]],
    backward: Callable[[PyTree, Batch, PyTree, Cotangents], tuple[PyTree, PyTree]],
    are_few: Callable[[Batch], bool] = lambda sequences: False,
) -> Callable[[PyTree, Batch], Results]:
    """`evaluate`, to be differentiated any number of times in either direction, and mapped.

    `plain`, `evaluate` and `forward` are the same function of a model's arrays and of sequences, with the
    batch as the first axis of all results; `plain` is in pure JAX. `forward` also returns what
    `backward(model, sequences, kept, cotangents)` needs for the cotangents of model and sequences: None for
    what is not real. Given cotangents are None where they are 0. No function may close over values that JAX
    is tracing. Sequences that `are_few`, asked of all that are mapped, take the plain form.
    """

    def fast(model: PyTree, sequences: Batch) -> Results:
        arrays, form = jax.tree.flatten((model, sequences))
        real = tuple(i for i, array in enumerate(arrays) if jnp.issubdtype(array.dtype, jnp.inexact))
        functions = _Functions(plain, evaluate, forward, backward, are_few, form, real)
        outputs, last = _recurrence.bind(*arrays, functions=functions)
        return outputs, last

    return fast


@dataclass(frozen=True, eq=False)
class _Functions:
    """The functions, of flat lists of the arrays: the real ones, and all."""

    plain_of_trees: Callable
    evaluate_of_trees: Callable
    forward_of_trees: Callable
    backward_of_trees: Callable
    are_few: Callable
    form: Any
    real: tuple[int, ...]

    def evaluate(self, *arrays: Any) -> Arrays:
        model, sequences = self.form.unflatten(arrays)
        function = self.plain_of_trees if self.are_few(sequences) else self.evaluate_of_trees
        return list(function(model, sequences))

    def plain(self, arrays: Arrays, moving: tuple[int, ...], values: Arrays) -> Arrays:
        """The results where some of the arrays have these values."""
        arrays = list(arrays)
        for i, value in zip(moving, values, strict=True):
            arrays[i] = value
        return list(self.plain_of_trees(*self.form.unflatten(arrays)))

    def push(self, moving: tuple[int, ...], arrays: Arrays, tangents: Arrays) -> Arrays:
        values = [arrays[i] for i in moving]
        return jax.jvp(partial(self.plain, arrays, moving), (values,), (tangents,))[1]

    def pull(self, arrays: Arrays, cotangents: Arrays) -> Arrays:
        """The cotangents of all real arrays, by the plain form."""
        values = [arrays[i] for i in self.real]
        results, pull_back = jax.vjp(partial(self.plain, arrays, self.real), values)
        pairs = zip(results, cotangents, strict=True)
        return pull_back([jnp.zeros_like(result) if d is None else d for result, d in pairs])[0]

    def forward(self, arrays: Arrays) -> tuple[Arrays, PyTree]:
        """The results, and what `backward` needs."""

        @jax.custom_jvp
        def function(arrays):
            model, sequences = self.form.unflatten(arrays)
            if self.are_few(sequences):
                return list(self.plain_of_trees(model, sequences)), None
            results, kept = self.forward_of_trees(model, sequences)
            return list(results), kept

        @function.defjvp
        def _(primals, tangents):
            results, kept = function(*primals)
            change = list(self.push(self.real, primals[0], [tangents[0][i] for i in self.real]))
            # What is kept has no derivative of its own: `backward` has the whole of it, below.
            return (results, kept), (change, jax.tree.map(jnp.zeros_like, kept))

        return function(list(arrays))

    def backward(self, arrays: Arrays, kept: PyTree, cotangents: Arrays) -> Arrays:
        """The cotangents of all real arrays."""

        @jax.custom_jvp
        def function(arrays, kept, cotangents):
            if kept is None:
                return self.pull(arrays, cotangents)
            trees = self.form.unflatten(arrays)
            return jax.tree.leaves(self.backward_of_trees(*trees, kept, tuple(cotangents)))

        @function.defjvp
        def _(primals, tangents):
            arrays, _, cotangents = primals

            def pull(values, cotangents):
                changed = dict(zip(self.real, values, strict=True))
                return self.pull([changed.get(i, a) for i, a in enumerate(arrays)], cotangents)

            known = [arrays[i] for i in self.real], cotangents
            moved = [tangents[0][i] for i in self.real], tangents[2]
            return function(*primals), jax.jvp(pull, known, moved)[1]

        return function(list(arrays), kept, cotangents)


_recurrence = Primitive("fastweights_recurrence")
_recurrence.multiple_results = True


def _evaluate(*arrays, functions):
    return functions.evaluate(*arrays)


def _shapes_of(*arrays, functions):
    return [ShapedArray(s.shape, s.dtype) for s in jax.eval_shape(functions.evaluate, *arrays)]


def _differentiate(arrays, tangents, *, functions):
    moving = tuple(i for i in functions.real if type(tangents[i]) is not ad.Zero)
    results, kept = functions.forward(arrays)

    def push(known, tangents):
        return functions.push(moving, known[0], tangents)

    def pull(known, cotangents):
        pulled = dict(zip(functions.real, functions.backward(*known, cotangents), strict=True))
        return [pulled[i] for i in moving]

    tangents = [tangents[i] for i in moving]
    return results, linear(push, pull, (list(arrays), kept), tangents, results)


def _map(arrays, axes, *, functions):
    """Of a model for all: one call for the sequences of all. Of a model each: one call after the other."""
    size = next(a.shape[axis] for a, axis in zip(arrays, axes, strict=True) if axis is not None)
    arrays = [a if axis is None else jnp.moveaxis(a, axis, 0) for a, axis in zip(arrays, axes, strict=True)]
    mapped = [i for i, axis in enumerate(axes) if axis is not None]
    model, sequences = functions.form.unflatten(arrays)
    if any(i < len(jax.tree.leaves(model)) for i in mapped):

        def one(values):
            known = dict(zip(mapped, values, strict=True))
            return _recurrence.bind(*(known.get(i, a) for i, a in enumerate(arrays)), functions=functions)

        results = lax.map(one, [arrays[i] for i in mapped])
    else:
        _, is_mapped = functions.form.unflatten([i in mapped for i in range(len(arrays))])
        merged = jax.tree.leaves((model, sequences.merged(is_mapped, size)))
        results = _recurrence.bind(*merged, functions=functions)
        results = [result.reshape(size, len(result) // size, *result.shape[1:]) for result in results]
    return results, [0] * len(results)


_recurrence.def_impl(_evaluate)
_recurrence.def_abstract_eval(_shapes_of)
ad.primitive_jvps[_recurrence] = _differentiate
batching.primitive_batchers[_recurrence] = _map
mlir.register_lowering(_recurrence, mlir.lower_fun(_evaluate, multiple_results=True))
