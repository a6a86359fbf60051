"""A linear function as a primitive, with a transpose that is written by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import PyTree

Arrays = Sequence[Any]


def linear(
    push: Callable[[Any, Arrays], Arrays],
    pull: Callable[[Any, Arrays], Arrays],
    known: PyTree,
    tangents: Arrays,
    results: Arrays,
) -> Arrays:
    """`push(known, tangents)`, of the results' shapes; transposed, `pull(known, cotangents)`, with None for
    cotangents that are 0."""
    known, form = jax.tree.flatten(known)
    count = len(known)

    def flat_push(*arrays):
        return push(form.unflatten(arrays[:count]), list(arrays[count:]))

    def flat_pull(*arrays):
        return pull(form.unflatten(arrays[:count]), list(arrays[count:]))

    shapes = tuple(jax.typeof(result) for result in results)
    return _linear.bind(*known, *tangents, push=flat_push, pull=flat_pull, count=count, shapes=shapes)


_linear = Primitive("fastweights_linear")
_linear.multiple_results = True


def _apply(*arrays, push, **_):
    return push(*arrays)


def _jvp(primals, tangents, *, push, **_):
    moving = [i for i, tangent in enumerate(tangents) if type(tangent) is not ad.Zero]

    def of_moving(*arrays):
        values = dict(zip(moving, arrays, strict=True))
        return push(*(values.get(i, primal) for i, primal in enumerate(primals)))

    return jax.jvp(of_moving, [primals[i] for i in moving], [tangents[i] for i in moving])


def _transpose(cotangents, *arrays, pull, count, **_):
    pulled = pull(*arrays[:count], *(None if type(d) is ad.Zero else d for d in cotangents))
    asked = [ad.is_undefined_primal(array) for array in arrays[count:]]
    return [None] * count + [d if wanted else None for d, wanted in zip(pulled, asked, strict=True)]


def _batch(arrays, axes, *, push, pull, count, shapes):
    size = next(a.shape[axis] for a, axis in zip(arrays, axes, strict=True) if axis is not None)
    known_axes = list(axes[:count])
    # Tangents all get the batch axis, so that cotangents have it too.
    tangents = [
        jnp.broadcast_to(a, (size, *a.shape)) if axis is None else jnp.moveaxis(a, axis, 0)
        for a, axis in zip(arrays[count:], axes[count:], strict=True)
    ]
    batched = [jax.ShapeDtypeStruct((size, *shape.shape), shape.dtype) for shape in shapes]
    outputs = _linear.bind(
        *arrays[:count],
        *tangents,
        push=jax.vmap(push, (*known_axes, *[0] * len(tangents))),
        pull=jax.vmap(pull, (*known_axes, *[0] * len(shapes))),
        count=count,
        shapes=tuple(batched),
    )
    return outputs, [0] * len(outputs)


_linear.def_impl(_apply)
_linear.def_abstract_eval(lambda *_, shapes, **__: [ShapedArray(s.shape, s.dtype) for s in shapes])
ad.primitive_jvps[_linear] = _jvp
ad.primitive_transposes[_linear] = _transpose
batching.primitive_batchers[_linear] = _batch
mlir.register_lowering(_linear, mlir.lower_fun(_apply, multiple_results=True))
