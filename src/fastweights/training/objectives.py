"""What outputs are worth: loss, error and log likelihood of answers, for classes and for real numbers."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class Scores(NamedTuple):
    """Of each answer."""

    error: Float[Array, "*answers"]
    log_likelihood: Float[Array, "*answers"]
    """In nats."""


class Classification:
    """Classes: the outputs are logits. The loss is the cross-entropy −log softmax(outputs)[target] in nats;
    an answer is the class of the largest output, its error 0 or 1.

    Shapes: outputs (…, classes), targets (…) of integers.
    """

    def loss(
        self, outputs: Float[Array, "*answers classes"], targets: Int[Array, "*answers"]
    ) -> Float[Array, "*answers"]:
        """What training makes small, for each answer."""
        log_probabilities = jax.nn.log_softmax(outputs)
        return -jnp.take_along_axis(log_probabilities, targets[..., None].astype(jnp.int32), axis=-1)[..., 0]

    def scores(self, outputs: Float[Array, "*answers classes"], targets: Int[Array, "*answers"]) -> Scores:
        """What evaluation reports, for each answer."""
        wrong = jnp.argmax(outputs, axis=-1) != targets
        return Scores(wrong.astype(outputs.dtype), -self.loss(outputs, targets))


class Regression:
    """Real vectors: loss and error are the squared error, its mean over the numbers of an answer. The log
    likelihood is that of a normal distribution of variance 1 around the outputs, −½ Σ (y − ŷ)² − ½ n log 2π.

    Shapes: outputs and targets (…, n).
    """

    def loss(
        self, outputs: Float[Array, "*answers outputs"], targets: Float[Array, "*answers outputs"]
    ) -> Float[Array, "*answers"]:
        """What training makes small, for each answer."""
        return jnp.mean((outputs - targets) ** 2, axis=-1)

    def scores(
        self, outputs: Float[Array, "*answers outputs"], targets: Float[Array, "*answers outputs"]
    ) -> Scores:
        """What evaluation reports, for each answer."""
        error = self.loss(outputs, targets)
        return Scores(error, -outputs.shape[-1] / 2 * (error + math.log(2 * math.pi)))


def objective_of(targets: Array) -> Classification | Regression:
    """Integer targets are classes, others real vectors."""
    return Classification() if jnp.issubdtype(targets.dtype, jnp.integer) else Regression()
