"""Associative retrieval: which digit followed this letter?"""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from fastweights.errors import InvalidValueError, check, check_between, check_choice, to_python_numbers
from fastweights.registry import register_task
from fastweights.tasks.base import Example, Task

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_ALPHABET = _LETTERS + _DIGITS + "?"
_FIRST_DIGIT, _MARK = len(_LETTERS), len(_ALPHABET) - 1


@register_task("associative-retrieval", source="Ba et al. 2016, arXiv:1610.06258, section 4.1")
@dataclass(frozen=True)
class AssociativeRetrieval(Task):
    """K pairs of a letter and a digit, then `??` and one of the letters: `c9k8j3f1??c` → 9.

    The letters are drawn without replacement, the query uniformly among them. T = 2 K + 3, 37 symbols,
    10 classes.

    Raises: InvalidValueError if K is not between 1 and 26, or above 10 with digits drawn without replacement.
    Source: Ba et al. 2016, section 4.1; K = 4 as in its example, and because the failures in its Table 1 have
    the error of `floor()` at K = 4.
    """

    num_symbols: ClassVar[int] = len(_ALPHABET)
    num_classes: ClassVar[int] = len(_DIGITS)

    num_pairs: int = 4
    """K, the number of letter-digit pairs, from 1 to 26."""

    digits: Literal["with-replacement", "without-replacement"] = "with-replacement"
    """Whether two letters may be followed by the same digit."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_choice("digits", self.digits, ("with-replacement", "without-replacement"))
        check_between("num_pairs", self.num_pairs, 1, len(_LETTERS))
        check(
            self.digits == "with-replacement" or self.num_pairs <= len(_DIGITS),
            "num_pairs must be between 1 and 10 (digits are drawn without replacement); "
            f"got {self.num_pairs}",
        )

    @property
    def length(self) -> int:
        return 2 * self.num_pairs + 3

    @property
    def question(self) -> str:
        letters = dict.fromkeys(f"ckjf{_LETTERS}")
        pairs = "".join(map("".join, zip(letters, 3 * "9831024567", strict=False)))
        return f"{pairs[: 2 * self.num_pairs]}??c"

    def sample(self, key: Array) -> Example:
        pairs = self.num_pairs
        # One draw for everything: the generator takes most of the time to compile and to run. Its precision
        # is fixed: `jax_enable_x64` must not change the data.
        letter_draw, digit_draw, query_draw = jnp.split(
            jax.random.uniform(key, (2 * pairs + 1,), jnp.float32), [pairs, 2 * pairs]
        )
        letters = _choose_distinct(letter_draw, len(_LETTERS))
        if self.digits == "with-replacement":
            digits = _choose(digit_draw, len(_DIGITS))
        else:
            digits = _choose_distinct(digit_draw, len(_DIGITS))
        asked = _choose(query_draw, pairs)[0]
        stored = jnp.stack([letters, _FIRST_DIGIT + digits], axis=1).reshape(-1)
        question = jnp.stack([jnp.asarray(_MARK), jnp.asarray(_MARK), letters[asked]])
        return Example(jnp.concatenate([stored, question]), digits[asked])

    def encode(self, text: str) -> Int[np.ndarray, " time"]:
        pairs = self.num_pairs
        if not re.fullmatch(r"([a-z][0-9])+\?\?[a-z]", text, re.ASCII):
            raise InvalidValueError(
                f"expected letter-digit pairs, ?? and a letter, such as c9k8j3f1??c; got {_short(text)}"
            )
        letters, query = text[:-3:2], text[-1]
        check(
            len(letters) == pairs,
            f"expected {pairs} letter-digit pairs; got {len(letters)} in {_short(text)}",
        )
        check(len(set(letters)) == pairs, f"expected different letters; got {_short(text)}")
        check(
            self.digits == "with-replacement" or len(set(text[1:-3:2])) == pairs,
            f"expected different digits; got {_short(text)}",
        )
        check(query in letters, f"the letter asked for, {query!r}, occurs in no pair of {_short(text)}")
        return np.array([_ALPHABET.index(symbol) for symbol in text], np.int8)

    def answered_by(self, inputs: np.ndarray, step: int) -> tuple[int, ...]:
        letters = np.flatnonzero(inputs[:step] == inputs[step])
        return tuple(int(place) + i for place in letters for i in (0, 1))

    def decode(self, inputs: Int[np.ndarray, " time"]) -> str:
        return "".join(_ALPHABET[symbol] for symbol in inputs)

    def class_name(self, target: int) -> str:
        # Of a softmax over all symbols, the outputs after the digits are the letters and the mark.
        return (_DIGITS + _LETTERS + "?")[target]

    def answer(self, text: str) -> int:
        """The class of a written sequence: the digit after the letter asked for."""
        self.encode(text)
        return int(text[text.index(text[-1]) + 1])

    def floor(self) -> float:
        """The error of the best guess from the digits alone, without their letters: 1 − E[m]/K, with m the
        number of times that the most frequent digit occurs.

        With replacement, P(m <= j) = K! / 10^K · [x^K] (Σ_{i<=j} x^i / i!)^10, from the number of sequences
        of K digits in which none occurs more than j times. Without, m = 1.
        """
        pairs = self.num_pairs
        if self.digits == "without-replacement":
            return float(1 - Fraction(1, pairs))
        # E[m] = Σ_j P(m > j)
        expected = sum(1 - _probability_of_at_most(j, pairs) for j in range(pairs))
        return float(1 - Fraction(expected, pairs))


def _probability_of_at_most(limit: int, length: int) -> Fraction:
    """The probability that no digit occurs more than `limit` times among `length` draws."""
    counts = [1] + [0] * length
    for _ in _DIGITS:
        counts = [
            sum(comb(n, i) * counts[n - i] for i in range(min(limit, n) + 1)) for n in range(length + 1)
        ]
    return Fraction(counts[length], len(_DIGITS) ** length)


def _choose(draws: Float[Array, " count"], population: int) -> Int[Array, " count"]:
    """Numbers below `population` from numbers in [0, 1); uneven by less than one in a million."""
    return jnp.floor(draws * population).astype(jnp.int32)


def _choose_distinct(draws: Float[Array, " count"], population: int) -> Int[Array, " count"]:
    """Different numbers below `population`, every ordered choice equally likely.

    Each draw gives a rank among the numbers that are left; counting past those chosen before it, from
    the lowest, turns the rank into a number.
    """
    chosen: list[Array] = []
    for i in range(len(draws)):
        number = jnp.floor(draws[i] * (population - i)).astype(jnp.int32)
        if chosen:
            for earlier in jnp.sort(jnp.stack(chosen)):
                number += number >= earlier
        chosen.append(number)
    return jnp.stack(chosen)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
