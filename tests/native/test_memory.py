"""The kernel of memories: sizes that fill vectors and strips or don't, and every derivative and mapping."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fastweights as fw
from cases import quickly
from fastweights.errors import InvalidValueError
from fastweights.native import library, memory, sizes

pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture(autouse=True)
def _kernels_run_here():
    assert memory.runs(jnp.dtype("float32")), "no C++ compiler? the kernels cannot be tested"


def general(batch, time, heads, keys, values, writes=1):
    """Queries, writes of every kind, and a state."""
    rng = np.random.default_rng(0)
    shape = batch, time * writes, heads

    def normal(size):
        return rng.standard_normal((*shape, size)) / np.sqrt(size)

    write = fw.Write(
        normal(keys), normal(values), rng.uniform(size=(*shape, keys)), normal(keys), normal(keys)
    )
    queries = rng.standard_normal((batch, time, heads, keys))
    state = rng.standard_normal((batch, heads, values, keys))
    return jax.tree.map(jnp.asarray, (queries, write, state))


def number(form, queries, write, state, **options):
    """A number that depends on all results."""
    outputs, last = fw.unroll_memory(queries, write, state, form=form, **options)
    return jnp.sum(jnp.sin(outputs)) + jnp.sum(jnp.cos(last))


def close(actual, expected, tolerance=1e-12):
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * np.max(np.abs(b), initial=1e-3))


def assert_as_in_steps(given, dtype=float, tolerance=1e-12, **options):
    """Results and gradients of the kernel in this precision are those of the steps in float64."""

    def of(form, given):
        results = fw.unroll_memory(*given, form=form, **options)
        return results, jax.grad(partial(number, form, **options), (0, 1, 2))(*given)

    rounded = jax.tree.map(lambda a: a.astype(dtype), given)
    actual = quickly(partial(of, "kernel"))(rounded)
    assert all(a.dtype == dtype for a in jax.tree.leaves(actual))
    close(actual, quickly(partial(of, "steps"))(jax.tree.map(lambda a: a.astype(float), rounded)), tolerance)


@pytest.mark.parametrize(
    ("keys", "values"),
    [(1, 1), (19, 70)]
    + [pytest.param(*s, marks=pytest.mark.thorough) for s in [(3, 3), (64, 64), (300, 40)]],
)
def test_all_sizes(keys, values):
    """Not of whole vectors; values for several strips, wide and narrow; keys for which they are narrow."""
    given = general(2, 18, 2, keys, values)
    assert_as_in_steps(given, lengths=jnp.array([18, 7]))


def test_single_precision_too():
    assert_as_in_steps(general(1, 9, 2, 19, 33), jnp.float32, 1e-6)


@pytest.mark.parametrize("erases", [False, True], ids=["Hebb", "delta"])
@pytest.mark.parametrize("decay", [None, 1], ids=["constant", "decaying"])
@pytest.mark.parametrize("writes", [1, pytest.param(2, marks=pytest.mark.thorough)])
def test_backward_in_chunks(erases, decay, writes):
    """Keys and values that fill neither lines nor a strip; chunks that end at resets, lengths, kept states;
    decays of 0; infinite numbers before a reset; a sequence with more resets than chunks are worth."""
    start = 5 * writes
    queries, write, state = general(3, 90, 2, 37, 33 if writes == 1 else 131, writes)
    write = write._replace(
        decay=decay and write.decay[..., :1].at[:, 30 * writes].set(0),
        lookup=write.lookup if erases else None,
        erase=None,
        value=write.value.at[0, start - 1, 0, 1].set(jnp.inf),
    )
    resets = jnp.zeros((3, 90), bool).at[0, jnp.array([5, 20])].set(True).at[1, ::5].set(True)
    sizes = {"lengths": jnp.array([90, 90, 71]), "resets": resets}

    def of(form, queries, write, state):
        outputs, last = fw.unroll_memory(queries, write, state, form=form, **sizes)
        return jnp.sum(jnp.sin(outputs[:, 5:])) + jnp.sum(jnp.cos(last)), (outputs[:, 5:], last)

    def results(form):
        gradients, results = quickly(jax.grad(partial(of, form), (0, 1, 2), has_aux=True))(
            queries, write, state
        )
        d_queries, d_write, d_state = gradients
        return results, d_queries[:, 5:], jax.tree.map(lambda a: a[:, start:], d_write), d_state

    expected = results("steps")
    assert all(bool(jnp.all(jnp.isfinite(a))) for a in jax.tree.leaves(expected))
    close(results("kernel"), expected, 1e-11)


@pytest.mark.parametrize("form", ["kernel", "steps", pytest.param("chunks", marks=pytest.mark.thorough)])
def test_no_state_is_one_of_zeros(form):
    """A state that is not given, and a last state that nobody asks for, are not computed with."""
    queries, write, state = general(1, 20, 1, 33, 35)
    write = write._replace(erase=None, decay=write.decay[..., :1])

    def outputs(queries, write, state):
        return jnp.sum(jnp.sin(fw.unroll_memory(queries, write, state, form=form)[0]))

    def results(state):
        return jax.value_and_grad(outputs, (0, 1))(queries, write, state)

    close(results(None), results(jnp.zeros_like(state)))


def test_a_long_sequence_keeps_so_many_states_and_no_more(monkeypatch):
    assert [sizes.kept_every(writes) for writes in (0, 64 * 256, 64 * 256 + 1, 100_000)] == [64, 64, 128, 448]
    monkeypatch.setattr(sizes, "_KEPT_EVERY", 24)
    monkeypatch.setattr(sizes, "_MOST_KEPT", 2)
    given = general(1, 75, 1, 5, 3)  # the state before write 48, besides the given one
    _, (states, found) = memory.forward(memory.Memories(given[0], *given[1], given[2]))
    assert states.shape == (1, 1, 1, 5, 3)
    _, before = fw.unroll_memory(given[0][:, :48], jax.tree.map(lambda a: a[:, :48], given[1]), given[2])
    np.testing.assert_allclose(states[:, :, 0], jnp.swapaxes(before, -1, -2), rtol=1e-12)
    assert found.shape == (1, 75, 1, 3)
    resets = jnp.zeros((1, 75), bool).at[0, jnp.array([20, 48])].set(True)
    assert_as_in_steps(given, lengths=jnp.array([70]), resets=resets)


def transformations(form):
    """By name, everything that is asked of a function; each a function of nothing."""
    queries, write, state = general(3, 4, 2, 3, 2, writes=2)
    of = partial(number, form)
    arguments = (queries, write, state)
    direction = jax.tree.map(jnp.cos, arguments)
    # Heads as the first axis: (heads, batch, time, 1, size).
    heads = jax.tree.map(lambda a: jnp.moveaxis(a, -2, 0)[..., None, :], (queries, write))
    by_head = (*heads, jnp.moveaxis(state, 1, 0)[:, :, None])
    lengths, resets = jnp.array([4, 0, 3]), jnp.zeros((3, 4), bool).at[1:, 2].set(True)

    def of_state(state):
        return of(queries, write, state)

    def ragged(queries, write, state, lengths, resets):
        return of(queries, write, state, lengths=lengths, resets=resets)

    def in_a_loop(state):
        def step(state, _):
            return fw.unroll_memory(queries, write, state, form=form)[1], None

        return jnp.sum(jnp.sin(jax.lax.scan(step, state, length=3)[0]))

    return {
        "forward": lambda: jax.jvp(of, arguments, direction),
        "gradient": lambda: jax.grad(of, (0, 1, 2))(*arguments),
        "forward over reverse": lambda: jax.jvp(jax.grad(of, (0, 1, 2)), arguments, direction),
        "reverse over reverse": lambda: jax.jacrev(jax.grad(of_state))(state),
        "reverse over forward": lambda: jax.grad(lambda *a: jax.jvp(of, a, direction)[1], (0, 2))(*arguments),
        "mapped": lambda: jax.vmap(of)(*arguments),
        "mapped, ragged": lambda: jax.vmap(ragged)(*arguments, lengths, resets),
        "mapped over heads": lambda: jax.vmap(of)(*by_head),
        "mapped over the last axis of one": lambda: jax.vmap(of, (0, 0, -1))(
            *arguments[:2], jnp.moveaxis(state, 0, -1)
        ),
        "mapped over states alone": lambda: jax.vmap(of, (None, None, 0))(
            queries[:1], jax.tree.map(lambda a: a[:1], write), state[:, None]
        ),
        "mapped twice": lambda: jax.vmap(jax.vmap(of))(*jax.tree.map(lambda a: jnp.stack([a, -a]), by_head)),
        "gradients of each": lambda: jax.vmap(jax.grad(of, (0, 1, 2)))(*arguments),
        "gradients of each ragged": lambda: jax.vmap(jax.grad(ragged, (0, 1, 2)))(
            *arguments, lengths, resets
        ),
        "gradient of mapped": lambda: jax.grad(lambda *a: jnp.sum(jnp.sin(jax.vmap(of)(*a))), (0, 1, 2))(
            *by_head
        ),
        "checkpointed": lambda: jax.grad(jax.checkpoint(of), (0, 1, 2))(*arguments),
        "in a loop": lambda: jax.grad(in_a_loop)(state),
    }


@pytest.fixture(scope="module")
def compiled():
    """What the kernel gives, and what the steps give."""
    with jax.enable_x64(True):
        return tuple(
            quickly(lambda form=form: {name: f() for name, f in transformations(form).items()})()
            for form in ("kernel", "steps")
        )


@pytest.mark.parametrize("name", transformations("steps"))
def test_every_derivative_and_mapping_is_that_of_the_steps(name, compiled):
    actual, expected = compiled
    close(actual[name], expected[name], 1e-10)


def test_heads_mapped_over_are_one_call_and_their_gradient_another():
    queries, write, state = general(3, 4, 2, 3, 2)
    heads = jax.tree.map(lambda a: a[:, :, :, None], (queries, write))
    mapped = jax.vmap(partial(number, "kernel"), (2, 2, 1))
    gradient = jax.grad(lambda *given: jnp.sum(mapped(*given)), (0, 1, 2))
    program = jax.jit(gradient).lower(*heads, state[:, :, None]).as_text()
    assert program.count("custom_call @fastweights_Write") == 2
    assert "while" not in program


@pytest.mark.parametrize(
    ("time", "keys", "values", "decays", "other"),
    [
        (16, 32, 32, True, "chunks"),
        (16, 31, 33, True, "steps"),
        (15, 64, 64, True, "steps"),
        (16, 16, 4, False, "chunks"),
        (16, 7, 9, False, "steps"),
    ],
)
def test_the_best_form_is_the_kernel_else_chunks_of_large_memories_and_steps_of_small_ones(
    monkeypatch, time, keys, values, decays, other
):
    queries, write, state = general(1, time, 1, keys, values)
    given = queries, write if decays else write._replace(decay=None), state

    def lowered(form):
        return jax.jit(partial(number, form)).lower(*given).as_text()

    assert lowered("best") == lowered("kernel") != lowered(other)
    monkeypatch.setenv(library.SWITCH, "0")
    assert lowered("chunks") != lowered("steps")
    assert lowered("best") == lowered(other)
    with pytest.raises(InvalidValueError, match="there is no kernel for float64 here"):
        lowered("kernel")
