"""Random choices from uniform numbers: a task that draws them all at once is the fastest."""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int


def choose_distinct(draws: Float[Array, " count"], population: int) -> Int[Array, " count"]:
    """Different numbers below `population`, every ordered choice equally likely.

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
