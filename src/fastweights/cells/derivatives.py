"""Fast functions with every derivative: the first one backward by hand, all others by the plain form.

`jax.custom_vjp` gives a fast function a derivative backward and no other: forward-mode and second
derivatives end in an error. Here the tangents of the outputs are a primitive that JAX may evaluate, as
the derivative of the plain form, or transpose, which calls the derivative written by hand. So a gradient
costs what it costs with `jax.custom_vjp`, and whatever else is asked for is right.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, PyTree

from fastweights.native.calls import Kernel


def by_kernel(
    kernel_of: Callable[[Any], Kernel],
    plain: Callable[[Any, PyTree, PyTree], Array],
    cell: Any,
    inputs: PyTree,
    constants: PyTree,
) -> Array:
    """`plain(cell, inputs, constants)` by the cell's kernel, with all derivatives for cell and inputs.

    The functions may not close over values that JAX is tracing: a kernel takes its arrays from the cell.
    """
    trained, others = eqx.partition(cell, eqx.is_inexact_array)
    others, static = eqx.partition(others, eqx.is_array)

    def rebuilt(arrays, constants):
        return eqx.combine(arrays[0], constants[0], static)

    def call(function, arrays, constants):
        kernel = kernel_of(rebuilt(arrays, constants))
        return getattr(kernel, function)(arrays[1], constants[1], kernel.operands)

    def backward(arrays, constants, kept, d_outputs):
        def operands_of(trained):
            return kernel_of(rebuilt((trained,), constants)).operands

        operands, pull_back = jax.vjp(operands_of, arrays[0])
        kernel = kernel_of(rebuilt(arrays, constants))
        d_inputs, d_operands = kernel.backward(arrays[1], constants[1], operands, kept, d_outputs)
        return pull_back(d_operands)[0], d_inputs

    return with_derivatives(
        lambda arrays, constants: plain(rebuilt(arrays, constants), arrays[1], constants[1]),
        partial(call, "evaluate"),
        partial(call, "forward"),
        backward,
    )((trained, inputs), (others, constants))


def with_derivatives(
    plain: Callable[[PyTree, PyTree], Array],
    evaluate: Callable[[PyTree, PyTree], Array],
    forward: Callable[[PyTree, PyTree], tuple[Array, PyTree]],
    backward: Callable[[PyTree, PyTree, PyTree, Array], PyTree],
) -> Callable[[PyTree, PyTree], Array]:
    """`evaluate`, differentiable any number of times in either direction.

    `plain`, `evaluate` and `forward` are the same function of floating-point arrays and constants; `forward`
    also returns what `backward(arrays, constants, kept, cotangent)` needs for the cotangents of the arrays.
    `plain` is in pure JAX. No function may close over values that JAX is tracing.
    """

    def push_forward(arrays, constants, tangents):
        return jax.jvp(lambda arrays: plain(arrays, constants), (arrays,), (tangents,))[1]

    def pull_back(arrays, constants, cotangent):
        return jax.vjp(lambda arrays: plain(arrays, constants), arrays)[1](cotangent)[0]

    fast, fast_forward = jax.custom_jvp(evaluate), jax.custom_jvp(forward)
    fast_backward = jax.custom_jvp(backward)

    @fast.defjvp
    def _(primals, tangents):
        output, kept = fast_forward(*primals)

        def push(known, tangents):
            return push_forward(known[0], known[1], tangents)

        def pull(known, cotangent):
            return fast_backward(*known, cotangent)

        return output, _linear(push, pull, (*primals, kept), tangents[0], output)

    @fast_forward.defjvp
    def _(primals, tangents):
        output, kept = fast_forward(*primals)
        # What is kept has no derivative of its own: `backward` has the whole of it, below.
        return (output, kept), (
            push_forward(primals[0], primals[1], tangents[0]),
            jax.tree.map(jnp.zeros_like, kept),
        )

    @fast_backward.defjvp
    def _(primals, tangents):
        arrays, constants, _, cotangent = primals
        moved = (tangents[0], tangents[3])
        _, change = jax.jvp(lambda a, c: pull_back(a, constants, c), (arrays, cotangent), moved)
        return fast_backward(*primals), change

    return fast


def _linear(
    push: Callable[[Any, Any], Array],
    pull: Callable[[Any, Array], Any],
    known: PyTree,
    tangents: PyTree,
    output: Array,
) -> Array:
    """`push(known, tangents)`, of the output's shape; transposed, `pull(known, cotangent)`."""
    known, known_form = jax.tree.flatten(known)
    tangents, tangents_form = jax.tree.flatten(tangents)
    count = len(known)

    def flat_push(*arrays):
        return [push(known_form.unflatten(arrays[:count]), tangents_form.unflatten(arrays[count:]))]

    def flat_pull(*arrays):
        return jax.tree.leaves(pull(known_form.unflatten(arrays[:count]), arrays[count]))

    shapes = (jax.typeof(output),)
    return _linear_p.bind(*known, *tangents, push=flat_push, pull=flat_pull, count=count, shapes=shapes)[0]


_linear_p = Primitive("fastweights_linear")
_linear_p.multiple_results = True


def _apply(*arrays, push, **_):
    return push(*arrays)


def _jvp(primals, tangents, *, push, **_):
    moving = [i for i, tangent in enumerate(tangents) if type(tangent) is not ad.Zero]

    def of_moving(*arrays):
        values = dict(zip(moving, arrays, strict=True))
        return push(*(values.get(i, primal) for i, primal in enumerate(primals)))

    return jax.jvp(of_moving, [primals[i] for i in moving], [tangents[i] for i in moving])


def _transpose(cotangents, *arrays, pull, count, shapes, **_):
    (cotangent,), (shape,) = cotangents, shapes
    if type(cotangent) is ad.Zero:
        cotangent = jnp.zeros(shape.shape, shape.dtype)
    pulled = pull(*arrays[:count], cotangent)
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
    outputs = _linear_p.bind(
        *arrays[:count],
        *tangents,
        push=jax.vmap(push, (*known_axes, *[0] * len(tangents))),
        pull=jax.vmap(pull, (*known_axes, 0)),
        count=count,
        shapes=tuple(batched),
    )
    return outputs, [0] * len(outputs)


_linear_p.def_impl(_apply)
_linear_p.def_abstract_eval(lambda *_, shapes, **__: [ShapedArray(s.shape, s.dtype) for s in shapes])
ad.primitive_jvps[_linear_p] = _jvp
ad.primitive_transposes[_linear_p] = _transpose
batching.primitive_batchers[_linear_p] = _batch
mlir.register_lowering(_linear_p, mlir.lower_fun(_apply, multiple_results=True))
