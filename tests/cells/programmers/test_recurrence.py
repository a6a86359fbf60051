"""A memory over whole sequences: every form against a loop in NumPy, with its derivatives."""

from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fastweights as fw
from cases import quickly
from fastweights.errors import InvalidValueError

FORMS = ("chunks", "kernel", "steps")
RULES = ("additive", "delta", "general")
# A chunk has 64 writes, or 16 where a decay is a vector: whole ones, and a part of one.
BATCH, TIME, HEADS, KEY, VALUE = 2, 37, 2, 5, 3
# Each rule, each kind of decay, each number of writes at least once.
FEW = [("additive", KEY, 1), ("delta", 0, 2), ("delta", 1, 1), ("general", KEY, 3)]

pytestmark = pytest.mark.usefixtures("float64")


def arguments(rule, gates=0, writes=1, time=TIME, seed=0):
    """Queries, writes and a state; some gates are 0 and 1."""
    rng = np.random.default_rng(seed)
    shape = BATCH, time * writes, HEADS

    def normal(size, scale=0.5):
        return scale * rng.standard_normal((*shape, size))

    decay = None
    if gates:
        decay = rng.uniform(size=(*shape, gates))
        decay[0, 3], decay[1, 20] = 0, 1
    lookup = None if rule == "additive" else normal(KEY)
    erase = normal(KEY) if rule == "general" else None
    write = fw.Write(normal(KEY), normal(VALUE, 1), decay, lookup, erase)
    queries = rng.standard_normal((BATCH, time, HEADS, KEY))
    return jax.tree.map(jnp.asarray, (queries, write, rng.standard_normal((BATCH, HEADS, VALUE, KEY))))


def loop(queries, write, state, lengths=None, resets=None):
    """S ← S Diag(a) − (S r) eᵀ + v wᵀ, y = S q, for one sequence and head."""
    key, value, decay, lookup, erase = write
    writes, outputs = len(key) // len(queries), np.zeros((len(queries), value.shape[-1]))
    for t in range(len(queries) if lengths is None else lengths):
        if resets is not None and resets[t]:
            state = np.zeros_like(state)
        for i in range(t * writes, (t + 1) * writes):
            a = np.ones(state.shape[-1]) if decay is None else decay[i] * np.ones(state.shape[-1])
            r = np.zeros_like(key[i]) if lookup is None else lookup[i]
            e = key[i] if erase is None else erase[i]
            state = state @ np.diag(a) - np.outer(state @ r, e) + np.outer(value[i], key[i])
        outputs[t] = state @ queries[t]
    return outputs, state


def close(actual, expected):
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.max(np.abs(b)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("rule", "gates", "writes"),
    [
        pytest.param(*case, marks=[] if case in FEW else pytest.mark.thorough)
        for case in product(RULES, (0, 1, KEY), (1, 2, 3))
    ],
)
def test_every_form_is_the_loop(form, rule, gates, writes):
    queries, write, state = arguments(rule, gates, writes)
    lengths = jnp.array([TIME, 19])
    resets = jnp.asarray(np.random.default_rng(1).uniform(size=(BATCH, TIME)) < 0.1)
    # What stands behind a sequence's end is no number.
    ends = lengths[:, None] * writes <= np.arange(TIME * writes)

    @quickly
    def both(queries, write, state):
        whole = fw.unroll_memory(queries, write, state, form=form)
        padded = jax.tree.map(lambda a: jnp.where(ends[..., None, None], jnp.nan, a), write)
        return whole, fw.unroll_memory(queries, padded, state, lengths=lengths, resets=resets, form=form)

    whole, ragged = jax.tree.map(np.asarray, both(queries, write, state))
    queries, write, state = jax.tree.map(np.asarray, (queries, write, state))
    for b, h in np.ndindex(BATCH, HEADS):
        of_one = queries[b, :, h], jax.tree.map(lambda a, b=b, h=h: a[b, :, h], write), state[b, h]
        close((whole[0][b, :, h], whole[1][b, h]), loop(*of_one))
        close((ragged[0][b, :, h], ragged[1][b, h]), loop(*of_one, lengths[b], resets[b]))


@pytest.mark.parametrize(
    ("rule", "gates"),
    [
        pytest.param(*case, marks=[] if case in {few[:2] for few in FEW} else pytest.mark.thorough)
        for case in [*product(RULES, (0, 1, KEY))]
    ],
)
def test_every_form_has_the_same_derivatives(rule, gates):
    """At gates of 0 and 1, at resets, and behind a sequence's end, too."""
    given, lengths = arguments(rule, gates, writes=2, time=21), jnp.array([21, 12])
    resets = jnp.zeros((BATCH, 21), bool).at[0, 8:10].set(True).at[1, 0].set(True)
    rng = np.random.default_rng(2)
    d_outputs = rng.standard_normal((BATCH, 21, HEADS, VALUE))
    d_state = rng.standard_normal((BATCH, HEADS, VALUE, KEY))

    def gradients(form):
        def loss(given):
            outputs, state = fw.unroll_memory(*given, lengths=lengths, resets=resets, form=form)
            return jnp.vdot(outputs, d_outputs) + jnp.vdot(state, d_state)

        return quickly(jax.grad(loss))(given)

    expected = gradients("steps")
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(expected))
    for form in set(FORMS) - {"steps"}:
        close(gradients(form), expected)


@pytest.mark.parametrize("form", FORMS)
def test_wherever_a_sequence_is_split(form):
    queries, write, state = jax.tree.map(np.asarray, arguments("general", KEY, writes=2))
    unroll = quickly(partial(fw.unroll_memory, form=form))
    whole = unroll(queries, write, state)
    for end in (0, 16, TIME):
        first = unroll(queries[:, :end], jax.tree.map(lambda a, end=end: a[:, : 2 * end], write), state)
        second = unroll(queries[:, end:], jax.tree.map(lambda a, end=end: a[:, 2 * end :], write), first[1])
        close((np.concatenate([first[0], second[0]], axis=1), second[1]), whole)


@pytest.mark.parametrize("form", FORMS)
def test_a_decay_of_equal_numbers_is_that_number(form):
    queries, write, state = arguments("delta", gates=1)
    vector = write._replace(decay=jnp.broadcast_to(write.decay, write.key.shape))
    close(
        fw.unroll_memory(queries, vector, state, form=form),
        fw.unroll_memory(queries, write, state, form=form),
    )


@pytest.mark.parametrize("form", FORMS)
def test_long_sequences_stay_finite(form):
    """Unit keys, β = 2 (a reflection at every write), gates of 0 and 1, in single precision."""
    rng = np.random.default_rng(0)
    key = rng.standard_normal((10_000, 1, KEY)).astype(np.float32)
    key /= np.linalg.norm(key, axis=-1, keepdims=True)
    value = rng.standard_normal((10_000, 1, VALUE)).astype(np.float32)
    decay = np.where(rng.uniform(size=(10_000, 1, 1)) < 0.1, 0, 1).astype(np.float32)
    write = fw.Write(2 * key, value, decay, decay * key)
    outputs, state = quickly(partial(fw.unroll_memory, form=form))(key, write)
    expected, _ = loop(
        *jax.tree.map(lambda a: np.asarray(a[:, 0], float), (key, write)), np.zeros((VALUE, KEY))
    )
    assert outputs.dtype == np.float32
    assert np.max(np.abs(outputs[:, 0] - expected)) < 1e-4 * np.max(np.abs(expected))
    assert np.all(np.isfinite(state))


def test_numbers_of_16_bits_are_summed_in_32():
    queries, write, _ = jax.tree.map(lambda a: jnp.asarray(a, jnp.bfloat16), arguments("delta", gates=1))
    outputs, state = fw.unroll_memory(queries, write)
    precise, _ = fw.unroll_memory(*jax.tree.map(lambda a: a.astype(jnp.float32), (queries, write)))
    assert (outputs.dtype, state.dtype) == (jnp.bfloat16, jnp.float32)
    assert jnp.array_equal(outputs, precise.astype(jnp.bfloat16))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": (37, 2, 4)}, r"key must be \(2, 37, 2, 5\); got \(2, 37, 2, 4\)"),
        ({"key": (40, 2, 5)}, "as many writes at every step; got 40 writes and 37 steps"),
        ({"decay": (37, 2, 2)}, r"decay must be \(2, 37, 2, 1\) or \(2, 37, 2, 5\); got \(2, 37, 2, 2\)"),
        ({"lookup": None}, "erase needs lookup"),
        ({"value": (1, 2, 3)}, r"value must be \(2, 37, 2, 3\); got \(2, 1, 2, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    queries, write, state = arguments("general")
    changed = {name: shape and jnp.zeros((BATCH, *shape)) for name, shape in changes.items()}
    with pytest.raises(InvalidValueError, match=message):
        fw.unroll_memory(queries, write._replace(**changed), state)


def test_a_state_of_another_shape_is_refused():
    queries, write, state = arguments("general")
    with pytest.raises(InvalidValueError, match=r"state must be \(2, 2, 3, 5\); got \(2, 3, 5\)"):
        fw.unroll_memory(queries, write, state[:, 0])
    with pytest.raises(InvalidValueError, match=r"form must be .*; got 'fast'"):
        fw.unroll_memory(queries, write, form="fast")
