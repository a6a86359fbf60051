"""Multi-query associative recall: which value came with this key, last time?"""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from fastweights.errors import (
    LATER,
    InvalidValueError,
    check,
    check_between,
    check_positive,
    to_python_numbers,
)
from fastweights.registry import register_task
from fastweights.tasks.base import Example, Task


@register_task("associative-recall", source="Arora et al. 2023, arXiv:2312.04927, section 3.1")
@dataclass(frozen=True)
class AssociativeRecall(Task):
    """K keys with their values, k₁ v₁ k₂ v₂ …; later, among symbols 0, each key once more, where its value is
    asked: `5,8,3,9,0,0,3,0,0,0,5,0` → 9 at the 3 and 8 at the 5.

    Of V symbols, 0 says nothing, 1 … V/2 − 1 are keys, V/2 … V − 1 values; both are drawn without
    replacement. After the context, every second position is a slot, j = 0, 1, …; K of them are drawn one
    after the other without replacement, with probabilities ∝ (j + 1)^(a − 1), and take the keys in the order
    of the context: most are asked soon. An answer is a class of V.

    With `overwriting` every key comes twice in the context, in random order, and each time with another
    value; the answer is the later one. A memory that adds up what it stores keeps both.

    With `distractors`, every position after the context at which nothing is asked has a random key in place
    of 0, of those that the sequence has not: a memory that writes at every step fills with them.

    Raises: InvalidValueError if a number is outside its range, or if the sequence is too short: the context
    takes 2 K positions (4 K with overwriting), and there must be a slot for each key.
    Source: Arora et al. 2023; the protocol is that of their code (HazyResearch/zoology,
    data/multiquery_ar.py), without its option of random symbols in place of 0, which can be keys of the same
    sequence.
    """

    num_symbols: int = 8192  # type: ignore[override]
    """V, an even number from 4 to 65,536."""

    num_pairs: int = 4
    """K, the number of keys, from 1 to V/2 − 1."""

    length: int = 64  # type: ignore[override]
    """T, an even number of at least 4 K, of at least 6 K with overwriting."""

    power: float = 0.01
    """a: the smaller, the sooner most keys are asked; with 1 all slots are equally likely."""

    overwriting: bool = False
    """Whether each key comes twice, with two values, of which the later is the answer."""

    distractors: bool = field(default=False, metadata=LATER)
    """Whether keys without a value stand where nothing is asked; then K is at most V/2 − 2."""

    def __post_init__(self) -> None:
        to_python_numbers(self)
        check_between("num_symbols", self.num_symbols, 4, 65_536)
        check(self.num_symbols % 2 == 0, f"num_symbols must be even; got {self.num_symbols}")
        most = self.num_symbols // (4 if self.overwriting else 2)
        keys = self.num_symbols // 2 - 1 - self.distractors
        check_between("num_pairs", self.num_pairs, 1, min(most, keys))
        check_positive("power", self.power, zero=True)
        check_between("power", self.power, 0, 100)
        check_between("length", self.length, 2 * self.num_pairs + self._context, 100_000)
        check(self.length % 2 == 0, f"length must be even; got {self.length}")

    @property
    def num_classes(self) -> int:  # type: ignore[override]
        return self.num_symbols

    @property
    def num_answers(self) -> int:
        return self.num_pairs

    @property
    def _context(self) -> int:
        return 2 * self.num_pairs * (2 if self.overwriting else 1)

    def sample(self, key: Array) -> Example:
        pairs, context, half = self.num_pairs, self._context, self.num_symbols // 2
        written = context // 2
        key_draws, value_draws, order, slot_draws = jnp.split(
            jax.random.uniform(key, (pairs + 2 * written + (self.length - context) // 2,), jnp.float32),
            [pairs, pairs + written, pairs + 2 * written],
        )
        keys, filling = 1 + choose_distinct(key_draws, half - 1), jnp.zeros(self.length, jnp.int32)
        if self.distractors:
            keys, others = jnp.split(
                1 + jax.random.permutation(jax.random.fold_in(key, 0), half - 1), [pairs]
            )
            filling = jax.random.choice(jax.random.fold_in(key, 1), others, (self.length,)).astype(jnp.int32)
        values = half + choose_distinct(value_draws, half)
        # Which key is written when: in the given order, or each twice in a random one.
        which = jnp.argsort(order) % pairs if self.overwriting else jnp.arange(pairs)
        latest = jnp.max(jnp.where(which == jnp.arange(pairs)[:, None], jnp.arange(written), -1), axis=1)
        # To draw one after the other without replacement is to take the largest log p + Gumbel noise.
        weights = (self.power - 1) * jnp.log(jnp.arange(1, len(slot_draws) + 1))
        noise = -jnp.log(-jnp.log(jnp.maximum(slot_draws, 1e-30)))
        places = context + 2 * lax.top_k(weights + noise, pairs)[1]
        inputs = filling.at[:context].set(jnp.stack([keys[which], values], axis=1).reshape(-1))
        targets = jnp.zeros(self.length, jnp.int32).at[places].set(values[latest])
        return Example(
            inputs.at[places].set(keys), targets, jnp.zeros(self.length, bool).at[places].set(True)
        )

    def asked(self, inputs: np.ndarray) -> Bool[np.ndarray, " time"]:
        keys, later = inputs[: self._context : 2], np.arange(len(inputs)) >= self._context
        lost = np.flatnonzero(later & (inputs != 0) & ~np.isin(inputs, keys))
        for step in [] if self.distractors else lost:
            raise InvalidValueError(
                f"expected keys of the context, or 0, after it; got {inputs[step]} at step {step + 1}"
            )
        return later & np.isin(inputs, keys)

    def answered_by(self, inputs: np.ndarray, step: int) -> tuple[int, ...]:
        place = 2 * int(np.flatnonzero(inputs[: self._context : 2] == inputs[step])[-1])
        return (place, place + 1)

    def floor(self) -> float:
        """The error of the best answers from the values and their order alone, without their keys: 1 − 1/K.

        The pair in a given place belongs to the key that is asked with probability 1/K, so its value is the
        answer with at most that probability; with just that for the last value, which nothing has replaced.
        With overwriting, to know both values of each key but not which came later gives 1/2. To guess without
        any memory of the context gives 1 − 2/V.
        """
        return 1 - 1 / self.num_pairs


def choose_distinct(draws: Float[Array, " count"], population: int) -> Int[Array, " count"]:
    """Different numbers below `population`, every ordered choice equally likely, from uniform numbers: a task
    that draws all of these at once is the fastest.

    The first steps of Fisher and Yates' shuffle, of which only the places that were changed are kept: at step
    i the number at a random place p ≥ i is chosen, and the one at place i moves there.
    """
    count = len(draws)
    steps = jnp.arange(count)
    places = steps + jnp.floor(draws * (population - steps)).astype(jnp.int32)

    def choose_one(moved, step):
        def at(place):
            """The number that stands at the place: the one that was moved there last."""
            last = jnp.max(jnp.where((places == place) & (steps < step), steps, -1))
            return jnp.where(last < 0, place, moved[last])

        return moved.at[step].set(at(step)), at(places[step])

    return lax.scan(choose_one, jnp.zeros(count, jnp.int32), steps)[1]
