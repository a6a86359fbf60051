"""The contract of a task."""

from abc import ABC, abstractmethod
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Int, UInt

from fastweights.errors import MAX_SEED, InvalidValueError, check, check_between, check_choice

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
# Shares of the space of sequences, in thirteenths: Ba et al. take 100,000, 10,000 and 20,000 sequences.
_SHARES = {"train": range(10), "validation": range(10, 11), "test": range(11, 13)}
_BLOCK_SIZE = 65_536
_MAX_EXTRA_BLOCKS = 200


class Example(NamedTuple):
    """One sequence of symbols, and its class."""

    inputs: Int[Array, " time"]
    target: Int[Array, ""]


class Dataset(NamedTuple):
    """Sequences of symbols, one a row, and their classes."""

    inputs: Int[np.ndarray, "sequences time"]
    targets: Int[np.ndarray, " sequences"]


class Task(ABC):
    """A distribution over labelled sequences: symbols are 0 … num_symbols − 1, classes 0 … num_classes − 1.

    Subclasses are frozen dataclasses. Their fields are the task's options: two tasks with equal fields
    are the same task.
    """

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
        """The symbols of a sequence in its written form. Raises InvalidValueError if it is not one of this
        task's."""

    @abstractmethod
    def decode(self, inputs: Int[np.ndarray, " time"]) -> str:
        """The written form of a sequence of symbols."""

    @abstractmethod
    def class_name(self, target: int) -> str:
        """The written form of a class."""

    @abstractmethod
    def floor(self) -> float:
        """The error, between 0 and 1, of the best answer without the ability that the task tests."""

    def split(self, name: Split, count: int, seed: int = 0) -> Dataset:
        """`count` examples of one split, drawn independently from the sequences that belong to it.

        Every possible sequence belongs to exactly one split: a hash of the sequence and the seed assigns
        them in the proportions 10 : 1 : 2. So the splits of one seed never share a sequence, however
        many examples are drawn, and a longer split begins with the shorter one. The arrays are of the
        smallest signed integer types that hold the task's symbols and classes.

        Raises: InvalidValueError if the name is unknown, the count or the seed out of range, the split
        holds no sequence at all (tiny tasks), or the task draws a symbol or a class that it does not have.
        """
        check_choice("split", name, SPLITS)
        check(count >= 0, f"count must be at least 0; got {count}")
        check_between("seed", seed, 0, MAX_SEED)
        key = jax.random.fold_in(jax.random.key(seed), SPLITS.index(name))
        parts = [_converted(self, np.empty((0, self.length), int), np.empty(0, int))]
        missing = count
        for block in range(-(-count * 13 // (_BLOCK_SIZE * len(_SHARES[name]))) + _MAX_EXTRA_BLOCKS):
            if missing <= 0:
                break
            keys = jax.random.split(jax.random.fold_in(key, block), _BLOCK_SIZE)
            drawn = _converted(self, *map(np.asarray, _draw(self, keys)))
            chosen = np.isin(_share_numbers(drawn.inputs, seed), _SHARES[name])
            parts.append(Dataset(drawn.inputs[chosen][:missing], drawn.targets[chosen][:missing]))
            missing -= len(parts[-1].targets)
        check(missing <= 0, f"the {name} split of {self} holds too few sequences to draw {count}")
        return Dataset(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def integer_type(count: int) -> np.dtype:
    """The smallest signed integer type that holds 0 … count − 1: int8 for up to 128 symbols."""
    return np.min_scalar_type(-count)


def _converted(task: Task, inputs: np.ndarray, targets: np.ndarray) -> Dataset:
    """The arrays as a dataset, in the smallest types that hold the task's symbols and classes."""
    arrays = []
    for name, array, count in (("symbol", inputs, task.num_symbols), ("class", targets, task.num_classes)):
        outside = array[(array < 0) | (array >= count)]
        if outside.size:
            raise InvalidValueError(f"{task} drew the {name} {outside[0]}; expected 0 to {count - 1}")
        arrays.append(array.astype(integer_type(count)))
    return Dataset(*arrays)


@partial(jax.jit, static_argnums=0)
def _draw(task: Task, keys: Array) -> Example:
    return jax.vmap(task.sample)(keys)


def _share_numbers(inputs: Int[np.ndarray, "sequences time"], seed: int) -> UInt[np.ndarray, " sequences"]:
    """A number from 0 to 12 for each sequence: an FNV-1a hash of seed and symbols, mixed (murmur3)."""
    value = np.full(len(inputs), 2_166_136_261 ^ seed, np.uint32)
    for symbol in np.vstack([np.zeros(len(inputs), np.uint32), inputs.T.astype(np.uint32)]):
        value = (value ^ symbol) * np.uint32(16_777_619)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = (value ^ (value >> np.uint32(shift))) * np.uint32(factor)
    return (value ^ (value >> np.uint32(16))) % np.uint32(13)
