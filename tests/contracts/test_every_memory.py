"""What every registered memory keeps to: one contract for storage and recall, and clear errors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fastweights import registry
from fastweights.errors import FastweightsError, InvalidValueError
from fastweights.memories import EnergyMemory, Memory
from fastweights.memories.perturbations import add_noise, erase, flip_signs

KEY, VALUE, BATCH = 32, 5, (2, 3)
every = pytest.mark.parametrize("name", list(registry.memories))
energetic = pytest.mark.parametrize(
    "name", [name for name, memory in registry.memories.items() if issubclass(memory, EnergyMemory)]
)


@pytest.fixture(autouse=True)
def double(float64):
    """All of it in double precision."""


def empty(name):
    memory = registry.memories[name]
    return memory.empty(KEY, KEY if memory.auto_associative else VALUE)


def pairs(name, count, batch=(), seed=0):
    """Keys of length 1, or patterns of −1 and +1, and their values."""
    memory, rng = registry.memories[name], np.random.default_rng(seed)
    keys = rng.standard_normal((count, *batch, KEY))
    keys = np.sign(keys) if memory.binary else keys / np.linalg.norm(keys, axis=-1, keepdims=True)
    values = keys if memory.auto_associative else rng.standard_normal((count, *batch, VALUE))
    return jnp.asarray(keys), jnp.asarray(values)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


@partial(jax.jit, static_argnums=0)
def stored_three_ways(name, keys, values):
    """One pair after the other, all at once, and in two parts: as one program, which is sooner compiled."""
    one_by_one = empty(name)
    for key, value in zip(keys, values, strict=True):
        one_by_one = one_by_one.write(key, value)
    at_once = empty(name).store(keys, values)
    return one_by_one, at_once, empty(name).store(keys[:2], values[:2]).store(keys[2:], values[2:])


@every
@pytest.mark.parametrize("batch", [(), pytest.param((2,), marks=pytest.mark.thorough), BATCH])
def test_storing_several_is_writing_one_after_the_other(name, batch):
    one_by_one, at_once, twice = stored_three_ways(name, *pairs(name, 5, batch))
    assert jax.tree.structure(at_once) == jax.tree.structure(one_by_one)
    jax.tree.map(close, at_once, one_by_one)
    jax.tree.map(close, twice, one_by_one)


@every
def test_a_subclass_stores_by_its_own_write(name):
    parent = registry.memories[name]

    class Halved(parent):
        def write(self, key, value):
            half = key if parent.binary else key / 2
            memory = parent.write(self, half, half if parent.auto_associative else value)
            # Parents return their own kind.
            child = object.__new__(Halved)
            for field, array in vars(memory).items():
                object.__setattr__(child, field, array + 1 if parent.binary else array)
            return child

    keys, values = pairs(name, 3)
    memory = empty(name)
    one_by_one = child = object.__new__(Halved)
    for field, array in vars(memory).items():
        object.__setattr__(child, field, array)
    for key, value in zip(keys, values, strict=True):
        one_by_one = one_by_one.write(key, value)
    at_once = child.store(keys, values)
    assert isinstance(at_once, Halved)
    jax.tree.map(close, at_once, one_by_one)


@every
def test_nothing_is_changed_in_place(name):
    keys, values = pairs(name, 2)
    memory = empty(name).store(keys, values)
    before = jax.tree.map(np.array, memory)
    memory.write(keys[0], values[0])
    memory.read(keys[0])
    jax.tree.map(np.testing.assert_array_equal, before, memory)


@every
@pytest.mark.parametrize("batch", [(), BATCH])
def test_sizes_shapes_and_types(name, batch):
    keys, values = pairs(name, 1, batch)
    memory = empty(name).write(keys[0], values[0])
    assert memory.sizes == empty(name).sizes == (KEY, values.shape[-1])
    assert (empty(name).batch_shape, memory.batch_shape) == ((), batch)
    answer = memory.read(keys[0])
    assert (answer.shape, answer.dtype) == (values[0].shape, values.dtype)


@every
def test_a_single_pair_is_recalled_from_its_key_a_part_of_it_and_a_noisy_one(name):
    keys, values = pairs(name, 1)
    memory, cue = empty(name).write(keys[0], values[0]), jax.random.key(0)
    clean, partial = memory.read(keys[0]), memory.read(erase(keys[0], 0.25, key=cue))
    if registry.memories[name].binary:
        noisy = memory.read(flip_signs(keys[0], 0.25, key=cue))
    else:
        noisy = memory.read(add_noise(keys[0], 0.05, key=cue))
    close(clean, values[0])
    for answer in (partial, noisy):  # the value, if perhaps weaker
        along = answer @ values[0] / np.linalg.norm(values[0])
        np.testing.assert_allclose(along, np.linalg.norm(answer), rtol=1e-6)
        assert along > 0.3


@partial(jax.jit, static_argnums=0)
def recall(name, keys, values, query):
    """A memory's whole life, and what it answers: its arrays, its answer, and energy and update if any."""
    memory = empty(name).store(keys[:-1], values[:-1]).write(keys[-1], values[-1])
    answers = [memory, memory.read(query)]
    if isinstance(memory, EnergyMemory):
        answers += [memory.energy(query), memory.update(query)]
    return answers


@every
def test_every_memory_of_a_batch_is_as_it_is_alone(name):
    keys, values = pairs(name, 4, BATCH)
    together = recall(name, keys, values, keys[1])
    for place in ((0, 0), (1, 2)):
        alone = recall(name, keys[:, *place], values[:, *place], keys[1, *place])
        jax.tree.map(lambda many, one, place=place: close(at(many, one.ndim, place), one), together, alone)


def at(array, axes, place):
    """The array of one memory; a number that all share has no leading axes."""
    return array[place] if array.ndim > axes else array


@every
def test_a_batch_is_what_vmap_makes(name):
    """Over memories, and over queries of one."""
    keys, values = pairs(name, 4, BATCH)
    memory, *answers = recall(name, keys, values, keys[1])
    life = jax.vmap(jax.vmap(lambda *pair: recall(name, *pair, pair[0][1]), 1), 1)
    mapped, *theirs = life(keys, values)
    jax.tree.map(close, theirs, answers)
    close(*(each.write(keys[2], values[2]).read(keys[0]) for each in (mapped, memory)))
    one = empty(name).store(keys[:, 0, 0], values[:, 0, 0])
    close(jax.vmap(jax.vmap(one.read))(keys[3]), one.read(keys[3]))


@every
def test_one_memory_takes_any_leading_axes(name):
    """As `jnp.matmul` does: queries share it, a batch of pairs makes a batch of it, axes of 1 stretch."""
    keys, values = pairs(name, 4)
    memory = empty(name).store(keys, values)
    together = memory.read(keys.reshape(2, 2, KEY))
    for n in range(4):
        close(together[n // 2, n % 2], memory.read(keys[n]))
    new, their_values = pairs(name, 3, seed=1)
    grown = memory.write(new, their_values)
    assert grown.batch_shape == (3,)
    for n in range(3):
        close(grown.read(keys[0])[n], memory.write(new[n], their_values[n]).read(keys[0]))
    stretched = grown.read(keys[:2, None])
    assert stretched.shape == (2, 3, values.shape[-1])
    close(stretched[1], grown.read(keys[1]))


@every
def test_compiled_it_answers_the_same(name):
    keys, values = pairs(name, 3)
    answer = jax.jit(lambda keys, values: empty(name).store(keys, values).read(keys[0]))(keys, values)
    close(answer, empty(name).store(keys, values).read(keys[0]))


@energetic
def test_an_update_never_raises_the_energy(name):
    keys, values = pairs(name, 6)
    memory = empty(name).store(keys, values)
    assert isinstance(memory, EnergyMemory)
    state = jnp.sign(jnp.asarray(np.random.default_rng(1).standard_normal((*BATCH, KEY))))
    energies = [memory.energy(state)]
    for _ in range(8):
        state = memory.update(state)
        energies.append(memory.energy(state))
    assert np.all(np.diff(energies, axis=0) <= 1e-12)


def refused(action, *words):
    with pytest.raises(InvalidValueError) as error:
        action()
    assert isinstance(error.value, FastweightsError)
    message = str(error.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


@every
def test_wrong_shapes_are_refused(name, untyped):
    keys, values = pairs(name, 3, (2,))
    memory = empty(name).store(keys, values)
    refused(lambda: memory.write(keys[0, :, :-1], values[0]), "key", f"(..., {KEY})", f"(2, {KEY - 1})")
    refused(lambda: memory.write(keys[0], values[0, :, :-1]), "value", f"(..., {values.shape[-1]})")
    refused(lambda: memory.read(keys[0].T), "query", f"(..., {KEY})", f"({KEY}, 2)")
    refused(lambda: memory.read(keys[0, 0, 0]), "query", "()")
    refused(lambda: memory.store(keys[0, 0], values[0, 0]), "pairs", f"({KEY},)")
    refused(lambda: memory.store(keys, values[:2]), "values", "3", str(values[:2].shape))
    refused(lambda: memory.store(keys[..., :-1], values), "keys", f"(..., {KEY})")
    refused(lambda: memory.store(keys, values[..., :-1]), "values", f"(..., {values.shape[-1]})")
    for sizes in ((0, VALUE), (KEY, 0)):
        refused(lambda sizes=sizes: type(memory).empty(*sizes), "at least 1; got 0")


@every
def test_leading_axes_that_do_not_broadcast_are_refused(name, untyped):
    keys, values = pairs(name, 3, (2,))
    memory, three = empty(name).store(keys, values), pairs(name, 3)
    for action in (memory.write, lambda *pair: memory.store(pair[0][None], pair[1][None])):
        refused(lambda action=action: action(*three), "broadcast", "memory (2,)", "(3,)")
        refused(lambda action=action: action(keys[0], three[1]), "broadcast", "(2,)", "(3,)")
    refused(lambda: memory.read(three[0]), "broadcast", "memory (2,)", "query (3,)")


@every
def test_no_patterns_and_no_numbers_are_refused(name):
    keys, values = pairs(name, 3)
    refused(lambda: empty(name).store(keys[:0], values[:0]), "at least one pair")
    for bad in (np.nan, np.inf):
        refused(lambda bad=bad: empty(name).store(keys.at[1, 2].set(bad), values), "finite")


@every
@pytest.mark.parametrize("dtype", ["int8", "int32", "bool", "list"])
def test_whole_numbers_are_stored_and_read_as_if_they_were_real(name, dtype, untyped):
    """In the arithmetic of eight bits, 100 · 100 is 16."""
    memory, rng = registry.memories[name], np.random.default_rng(0)
    largest = 1 if memory.binary else {"bool": 1, "int32": 2**20}.get(dtype, 100)
    if memory.binary and dtype == "bool":
        pytest.skip("patterns of -1 and +1 are no truth values")
    keys = largest * np.sign(rng.standard_normal((3, KEY)))
    values = keys if memory.auto_associative else largest * np.sign(rng.standard_normal((3, VALUE)))
    if dtype == "bool":
        keys, values = keys > 0, values > 0

    def given(x):
        return np.asarray(x).tolist() if dtype == "list" else jnp.asarray(x).astype(dtype)

    def real(x):
        return jnp.asarray(x, float)

    for convert in (given, real):
        written = empty(name).write(convert(keys[0]), convert(values[0]))
        stored = empty(name).store(convert(keys), convert(values))
        answers = [memory.read(convert(keys[0])) for memory in (written, stored)]
        if isinstance(stored, EnergyMemory):
            answers += [stored.energy(convert(keys[0])), stored.update(convert(keys[0]))]
        if convert is given:
            actual = written, stored, answers
    assert all(leaf.dtype == jnp.float64 for leaf in jax.tree.leaves(actual))
    jax.tree.map(np.testing.assert_array_equal, actual, (written, stored, answers))


parametrised = pytest.mark.parametrize("name", ["decaying", "delta-rule", "softmax-hopfield"])


@parametrised
def test_whole_parameters_make_a_memory_of_real_numbers(name):
    memory = registry.memories[name].empty(2, 2, 1).write(jnp.array([0.5, 0.25]), jnp.ones(2))
    np.testing.assert_allclose(memory.read(jnp.array([1.0, 0.0])) > 0, True)
    assert all(leaf.dtype == jnp.float64 for leaf in jax.tree.leaves(memory))


@parametrised
def test_memories_of_a_batch_may_have_parameters_of_their_own(name, untyped):
    """As `jax.vmap` of `empty` makes them; they are then used with and without it."""
    numbers, (keys, values) = jnp.array([0.3, 0.9]), pairs(name, 4)
    memory = registry.memories[name]
    mapped = jax.vmap(lambda number: memory.empty(KEY, VALUE, number))(numbers)
    answers = mapped.store(keys, values).read(keys[1])
    for n, number in enumerate(numbers):
        close(answers[n], memory.empty(KEY, VALUE, number).store(keys, values).read(keys[1]))
    refused(lambda: memory.empty(KEY, VALUE, numbers), "one number", "(2,)")


def test_hopfield_takes_patterns_of_signs_alone():
    keys, _ = pairs("hopfield", 3)
    memory = empty("hopfield").store(keys, keys)
    refused(lambda: memory.write(keys[0] * 0.5, keys[0] * 0.5), "-1, 1", "0.5")
    refused(lambda: memory.store(keys.at[0, 0].set(0), keys.at[0, 0].set(0)), "-1, 1")
    refused(lambda: memory.write(keys[0], keys[1]), "value must be the key")
    refused(lambda: memory.read(keys[0] * 2), "-1, 0, 1")
    refused(lambda: type(memory).empty(KEY, KEY + 1), "own value", str(KEY + 1))


def test_other_numbers_out_of_range_are_refused():
    for bad in (-1.0, np.inf, np.nan):
        refused(lambda bad=bad: registry.memories["delta-rule"].empty(2, 2, bad), "write_rate")
        refused(lambda bad=bad: registry.memories["decaying"].empty(2, 2, 0.9, bad), "write_rate")
        refused(lambda bad=bad: registry.memories["decaying"].empty(2, 2, bad), "decay")
    for bad in (0.0, -1.0, np.inf, np.nan):
        refused(lambda bad=bad: registry.memories["softmax-hopfield"].empty(2, 2, bad), "inverse_temperature")
    refused(lambda: empty("softmax-hopfield").read(jnp.ones(KEY)), "nothing is stored")


class TestPerturbations:
    pattern = jnp.asarray(np.sign(np.random.default_rng(0).standard_normal((3, 40))))

    @pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
    def test_so_many_units_of_every_pattern_others_in_each(self, share):
        for cue, expected in ((erase, 0.0), (flip_signs, -1.0)):
            changed = cue(self.pattern, share, key=jax.random.key(1))
            where = changed != self.pattern
            assert np.all(np.sum(where, axis=-1) == round(share * 40))
            np.testing.assert_array_equal(changed[where], expected * self.pattern[where])
        if 0 < share < 1:
            assert len({tuple(changes) for changes in np.asarray(where)}) == 3

    def test_noise_has_the_deviation_asked_for(self):
        noise = add_noise(jnp.zeros((100, 100)), 0.3, key=jax.random.key(0))
        assert abs(float(jnp.std(noise)) - 0.3) < 0.01
        np.testing.assert_array_equal(add_noise(self.pattern, 0.0, key=jax.random.key(0)), self.pattern)

    def test_shares_and_deviations_out_of_range_are_refused(self):
        for cue in (erase, flip_signs):
            for bad in (-0.1, 1.1, float("nan")):
                refused(lambda cue=cue, bad=bad: cue(self.pattern, bad, key=jax.random.key(0)), "share")
        for bad in (-0.1, float("inf"), float("nan")):
            refused(lambda bad=bad: add_noise(self.pattern, bad, key=jax.random.key(0)), "deviation")


def test_the_contract_is_abstract():
    with pytest.raises(TypeError):
        Memory()  # pyright: ignore[reportAbstractUsage]
