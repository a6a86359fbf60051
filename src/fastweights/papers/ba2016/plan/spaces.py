"""What the search of each model varies: as many settings for one as for another."""

from fastweights.studies.search import Dimension

LEARNING_RATE = Dimension(
    "training.learning_rate", (5e-4, 1e-3, 2e-3, 4e-3, 8e-3), interval=True, logarithmic=True
)

# Four values of what decides how well a model starts to remember: with the rates, twenty settings.
_OWN = {
    "irnn": [Dimension("cell.recurrent_scale", (0.25, 0.5, 0.75, 1.0), interval=True)],
    "lstm": [Dimension("cell.forget_bias", (0.0, 1.0, 2.0, 3.0), interval=True)],
    "associative-lstm": [Dimension("cell.forget_bias", (0.0, 1.0, 2.0, 3.0), interval=True)],
    "fast-weights": [
        Dimension("cell.decay", (0.9, 0.95), interval=True),
        Dimension("cell.write_rate", (0.25, 0.5), interval=True),
    ],
}


def space(model: str) -> list[Dimension]:
    """What is searched for a model; for one that is not of the paper's the learning rate alone."""
    return [LEARNING_RATE, *_OWN.get(model, ())]
