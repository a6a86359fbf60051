"""The contract of a task: sequences, and what is asked of them."""

import re
from abc import ABC, abstractmethod
from functools import lru_cache, partial
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt

from fastweights.errors import MAX_SCALE, MAX_SEED, check, check_between, check_choice, shown

Split = Literal["train", "validation", "test"]
ErrorKind = Literal["share", "squared"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
# Shares of the space of sequences, in thirteenths: Ba et al. take 100,000, 10,000 and 20,000 sequences.
_SHARES = {"train": range(10), "validation": range(10, 11), "test": range(11, 13)}
_BLOCK_SIZE, _BLOCK_NUMBERS, _MAX_EXTRA_BLOCKS = 65_536, 64 * 65_536, 200
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?(e[-+]?\d{1,3})?", re.ASCII)


class Example(NamedTuple):
    """One sequence, and what is asked of it.

    Without a mask, one answer is asked, after the last step: targets are () or (outputs,). With a mask, an
    answer is asked at every step where it is true: targets are (time,) or (time, outputs), and what they hold
    elsewhere is not looked at. Where sequences differ in length, each stands at the beginning of `inputs`,
    and `lengths` counts its steps.
    """

    inputs: Int[Array, " time"] | Float[Array, "time channels"]
    """Symbols, or real vectors."""
    targets: Int[Array, "*time"] | Float[Array, "*time outputs"]
    """Classes, or real vectors."""
    mask: Bool[Array, " time"] | None = None
    lengths: Int[Array, ""] | None = None


class Dataset(NamedTuple):
    """Sequences and what is asked of them: as `Example`, with a leading axis."""

    inputs: Int[np.ndarray, "sequences time"] | Float[np.ndarray, "sequences time channels"]
    targets: Int[np.ndarray, "sequences *time"] | Float[np.ndarray, "sequences *time outputs"]
    mask: Bool[np.ndarray, "sequences time"] | None = None
    lengths: Int[np.ndarray, " sequences"] | None = None


class Task(ABC):
    """A distribution over sequences with answers.

    Inputs are symbols 0 … num_symbols − 1 or real vectors, answers are classes 0 … num_classes − 1 or real
    vectors. `sample` draws one sequence, `length` and `floor` say how long it is and how good an answer
    without the ability in question can be; all else follows, and may be overridden.

    Subclasses are frozen dataclasses. Their fields are the task's options: two tasks with equal fields
    are the same task. A field may be called `length`, `num_symbols` or `num_classes`.
    """

    num_symbols: ClassVar[Any]
    """How many symbols there are, or None: the inputs are real vectors."""
    num_classes: ClassVar[Any]
    """How many classes there are, or None: the answers are real vectors."""

    @property
    @abstractmethod
    def length(self) -> int:
        """T, the number of steps of a sequence, of the longest if they differ."""

    @abstractmethod
    def sample(self, key: Array) -> Example:
        """One example; traceable, so that `jax.vmap` makes many. It depends on the key alone."""

    @abstractmethod
    def floor(self) -> float:
        """The error of the best answer without the ability that the task tests: the share of wrong answers,
        or the mean squared error."""

    @property
    def error_kind(self) -> ErrorKind:
        """What its errors are: shares of wrong answers, or mean squared errors of real vectors."""
        return "share" if self.num_classes is not None else "squared"

    @property
    def question(self) -> str | None:
        """A written sequence to try a model on, if they can be typed."""
        return None

    @property
    def num_channels(self) -> int | None:
        """The size of the vectors that are its inputs; None for symbols."""
        return None if self.num_symbols is not None else shapes_of(self).inputs.shape[1]

    @property
    def num_outputs(self) -> int:
        """How many classes there are, or numbers in an answer."""
        return self.num_classes if self.num_classes is not None else shapes_of(self).targets.shape[-1]

    @property
    def num_answers(self) -> int:
        """The most answers that a sequence asks for: by default one, or with a mask one at each step."""
        return 1 if shapes_of(self).mask is None else self.length

    def asked(self, inputs: np.ndarray) -> Bool[np.ndarray, " time"] | None:
        """Where a written sequence asks: None, after its last step, or with a mask at every step."""
        return None if shapes_of(self).mask is None else np.ones(len(inputs), bool)

    def answered_by(self, inputs: np.ndarray, step: int) -> tuple[int, ...]:
        """The positions that hold the answer asked at this step, as a pair does; by default ()."""
        return ()

    def encode(self, text: str) -> np.ndarray:
        """The inputs of a sequence in its written form, as many steps as it has.

        Raises: InvalidValueError if it is not one of this task's.
        """
        steps = [step.split(":") for step in text.split(",")]
        vectors, width = self.num_symbols is None, self.num_channels or 1
        good = all(len(step) == width and all(map(_NUMBER.fullmatch, step)) for step in steps)
        expected = f"vectors of {width} numbers such as {':'.join(['0.5'] * width)}" if vectors else "symbols"
        check(good, f"expected {expected}, with commas between them; got {shown(text)}")
        if vectors:
            numbers = np.array(steps, np.float64)
            check(abs(numbers).max() < MAX_SCALE, f"expected smaller numbers; got {shown(text)}")
            inputs = numbers.astype(np.float32)
        else:
            good = all(step[0].isdigit() and int(step[0]) < self.num_symbols for step in steps)
            check(good, f"expected symbols from 0 to {self.num_symbols - 1}; got {shown(text)}")
            inputs = np.array(steps, np.int64)[:, 0]
        varies = shapes_of(self).lengths is not None
        good = len(inputs) <= self.length if varies else len(inputs) == self.length
        check(good, f"expected {'at most ' * varies}{self.length} steps; got {len(inputs)} in {shown(text)}")
        return inputs

    def decode(self, inputs: np.ndarray) -> str:
        """The written form of a sequence: by default its symbols, or its vectors as `0.5:1`, with commas."""
        return ",".join(":".join(map(str, np.atleast_1d(step))) for step in inputs)

    def class_name(self, target: int) -> str:
        """The written form of a class: by default its number."""
        return str(target)

    def split(self, name: Split, count: int, seed: int = 0) -> Dataset:
        """`count` examples of one split, drawn independently from the sequences that belong to it.

        Sequences of symbols: a hash of the sequence and the seed assigns every possible one to one split, in
        the proportions 10 : 1 : 2, so that the splits of one seed never share a sequence. Sequences of real
        vectors: each split has a key of its own, and draws what another has drawn with probability zero.
        Either way a longer split begins with the shorter one. Arrays are of the smallest signed integer types
        that hold the task's symbols and classes, or float32; after a sequence's end its inputs are 0, where
        nothing is asked its targets.

        Raises: InvalidValueError if the name is unknown, the count or the seed out of range, the split
        holds no sequence at all (tiny tasks), or the task draws what it does not have.
        """
        check_choice("split", name, SPLITS)
        check(count >= 0, f"count must be at least 0; got {count}")
        check_between("seed", seed, 0, MAX_SEED)
        shapes, share = shapes_of(self), _SHARES[name] if self.num_symbols is not None else range(13)
        key = jax.random.fold_in(jax.random.key(seed), SPLITS.index(name))
        size = min(_BLOCK_SIZE, max(1, _BLOCK_NUMBERS // shapes.inputs.size))
        nothing = jax.tree.map(lambda array: np.zeros((0, *array.shape), array.dtype), shapes)
        parts, missing = [_converted(self, Dataset(*nothing))], count
        for block in range(-(-count * 13 // (size * len(share))) + _MAX_EXTRA_BLOCKS):
            if missing <= 0:
                break
            keys = jax.random.split(jax.random.fold_in(key, block), size)
            drawn = _converted(self, Dataset(*jax.tree.map(np.asarray, _draw(self, keys))))
            if len(share) < 13:
                chosen = np.isin(_share_numbers(drawn, seed), share)
                drawn = jax.tree.map(lambda array, chosen=chosen: array[chosen], drawn)
            parts.append(jax.tree.map(lambda array, most=missing: array[:most], drawn))
            missing -= len(parts[-1].targets)
        check(missing <= 0, f"the {name} split of {self} holds too few sequences to draw {count}")
        return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)


@lru_cache(maxsize=64)
def shapes_of(task: Task) -> Example:
    """The shapes and types of what the task draws; nothing is drawn.

    Raises: InvalidValueError if they are not those of an `Example`.
    """
    drawn = jax.eval_shape(lambda: Example(*task.sample(jax.random.key(0))))
    time, integers, reals = (task.length,), np.integer, np.floating
    asked = () if drawn.mask is None else time
    kinds = [
        (integers, time) if task.num_symbols is not None else (reals, (*time, "channels")),
        (integers, asked) if task.num_classes is not None else (reals, (*asked, "outputs")),
        (np.bool_, time),
        (integers, ()),
    ]
    for name, array, (kind, shape) in zip(Example._fields, drawn, kinds, strict=True):
        if array is not None:
            pairs = list(zip(array.shape, shape, strict=False))
            check(
                array.ndim == len(shape)
                and all(size == expected for size, expected in pairs if isinstance(expected, int))
                and np.issubdtype(array.dtype, kind),
                f"{type(task).__name__}.sample must give {name} of shape {shape}, {kind.__name__}; "
                f"got {array.dtype} of shape {array.shape}",
            )
    return drawn


def integer_type(count: int) -> np.dtype:
    """The smallest signed integer type that holds 0 … count − 1: int8 for up to 128 symbols."""
    return np.min_scalar_type(-count)


def _converted(task: Task, drawn: Dataset) -> Dataset:
    """What was drawn as a dataset, in the smallest types that hold it, with zeros where nothing stands."""
    inputs, targets, mask, lengths = drawn
    if lengths is not None:
        lengths = lengths.astype(np.int32)
        got = min(lengths[(lengths < 1) | (lengths > task.length)], default=None)
        check(got is None, f"{task} drew the length {got}; expected 1 to {task.length}")
        ended = np.arange(task.length) >= lengths[:, None]
        inputs = np.where(ended[..., None] if inputs.ndim > 2 else ended, 0, inputs)
        check(mask is None or not (mask & ended).any(), f"{task} asked for an answer after a sequence's end")
    if mask is not None:
        targets = np.where(mask[..., None] if task.num_classes is None else mask, targets, 0)
    inputs = _smallest(task, "symbol", inputs, task.num_symbols)
    return Dataset(inputs, _smallest(task, "class", targets, task.num_classes), mask, lengths)


def _smallest(task: Task, name: str, array: np.ndarray, count: int | None) -> np.ndarray:
    if count is None:
        check(bool(np.isfinite(array).all()), f"{task} drew a number that is not finite")
        return array.astype(np.float32)
    got = min(array[(array < 0) | (array >= count)], default=None)
    check(got is None, f"{task} drew the {name} {got}; expected 0 to {count - 1}")
    return array.astype(integer_type(count))


@partial(jax.jit, static_argnums=0)
def _draw(task: Task, keys: Array) -> Example:
    return jax.vmap(lambda key: Example(*task.sample(key)))(keys)


def _share_numbers(data: Dataset, seed: int) -> UInt[np.ndarray, " sequences"]:
    """0 to 12 for each sequence: an FNV-1a hash of seed, symbols and length, mixed (murmur3)."""
    count, symbols = len(data.inputs), data.inputs.T.astype(np.uint32)
    value = np.full(count, 2_166_136_261 ^ seed, np.uint32)
    ends = [] if data.lengths is None else [data.lengths.astype(np.uint32)]
    for symbol in (np.zeros(count, np.uint32), *symbols, *ends):
        value = (value ^ symbol) * np.uint32(16_777_619)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = (value ^ (value >> np.uint32(shift))) * np.uint32(factor)
    return (value ^ (value >> np.uint32(16))) % np.uint32(13)
