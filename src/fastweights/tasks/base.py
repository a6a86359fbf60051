"""The contract of a task."""

from abc import ABC, abstractmethod
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt

from fastweights.errors import check, check_choice

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
# Shares of the space of sequences, in thirteenths: Ba et al. take 100,000, 10,000 and 20,000 sequences.
_SHARES = {"train": range(10), "validation": range(10, 11), "test": range(11, 13)}
_BLOCK = 65_536
_MAX_BLOCKS = 200


class Example(NamedTuple):
    """One sequence of symbols, and the class that is asked for."""

    inputs: Int[Array, " time"]
    target: Int[Array, ""]


class Dataset(NamedTuple):
    """Many sequences, one a row, and their classes."""

    inputs: Int[np.ndarray, "sequences time"]
    targets: Int[np.ndarray, " sequences"]


class Task(ABC):
    """A distribution over labelled sequences. Subclasses are frozen dataclasses: their fields are the
    task's options, and say all that there is to know about it."""

    num_symbols: ClassVar[int]
    num_classes: ClassVar[int]

    @property
    @abstractmethod
    def length(self) -> int:
        """T, the number of symbols in a sequence."""

    @abstractmethod
    def sample(self, key: Array) -> Example:
        """One example; traceable, so that `jax.vmap` makes many."""

    @abstractmethod
    def encode(self, text: str) -> Int[np.ndarray, " time"]:
        """The symbols of a written sequence. Raises InvalidValueError if it is none of this task's."""

    @abstractmethod
    def decode(self, inputs: Int[np.ndarray, " time"]) -> str:
        """The written form of a sequence of symbols."""

    @abstractmethod
    def class_name(self, target: int) -> str:
        """The written form of a class."""

    @abstractmethod
    def floor(self) -> float:
        """The error, between 0 and 1, of the best answer that binds nothing."""

    def split(self, name: Split, count: int, seed: int = 0) -> Dataset:
        """`count` examples of one split, drawn independently from the sequences that belong to it.

        Every possible sequence belongs to exactly one split: a hash of the sequence and the seed deals
        them out in the proportions 10 : 1 : 2. So the splits of one seed never share a sequence, however
        many examples are drawn, and a longer split begins with the shorter one.

        Raises InvalidValueError if the name is unknown, the count or the seed negative, or the split
        holds no sequence at all (tiny tasks).
        """
        check_choice("split", name, SPLITS)
        check(count >= 0, f"count must be at least 0; got {count}")
        check(0 <= seed < 2**32, f"seed must be between 0 and 2^32 - 1; got {seed}")
        key = jax.random.fold_in(jax.random.key(seed), SPLITS.index(name))
        found: list[Dataset] = [Dataset(np.empty((0, self.length), np.int8), np.empty(0, np.int8))]
        missing = count
        for block in range(-(-count * 13 // (_BLOCK * len(_SHARES[name]))) + _MAX_BLOCKS):
            if missing <= 0:
                break
            keys = jax.random.split(jax.random.fold_in(key, block), _BLOCK)
            inputs, targets = (np.asarray(a, np.int8) for a in _draw(self, keys))
            mine = np.isin(_deal(inputs, seed), _SHARES[name])
            found.append(Dataset(inputs[mine][:missing], targets[mine][:missing]))
            missing -= len(found[-1].targets)
        check(missing <= 0, f"the {name} split of {self} holds too few sequences to draw {count}")
        return Dataset(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


@partial(jax.jit, static_argnums=0)
def _draw(task: Task, keys: Array) -> Example:
    return jax.vmap(task.sample)(keys)


def _deal(inputs: Int[np.ndarray, "sequences time"], seed: int) -> UInt[np.ndarray, " sequences"]:
    """A number from 0 to 12 for each sequence: an FNV-1a hash of seed and symbols, mixed (murmur3)."""
    value = np.full(len(inputs), 2_166_136_261 ^ seed, np.uint32)
    for symbol in np.vstack([np.zeros(len(inputs), np.uint32), inputs.T.astype(np.uint32)]):
        value = (value ^ symbol) * np.uint32(16_777_619)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = (value ^ (value >> np.uint32(shift))) * np.uint32(factor)
    return (value ^ (value >> np.uint32(16))) % np.uint32(13)


def columns(dataset: Dataset) -> tuple[Int[Array, "time sequences"], Int[Array, " sequences"]]:
    """The dataset as a model takes it: one sequence a column."""
    return jnp.asarray(dataset.inputs.T, jnp.int32), jnp.asarray(dataset.targets, jnp.int32)
