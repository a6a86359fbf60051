"""Names that the plan gives to its runs and the findings look them up by. Nothing here imports JAX."""

from enum import StrEnum
from typing import NamedTuple


class Stage(StrEnum):
    """A stage of the study, in the order of the page: `part` in the tags of its runs, `--parts` on the
    command line; and what it is about."""

    about: str

    def __new__(cls, name: str, about: str) -> "Stage":
        stage = str.__new__(cls, name)
        stage._value_, stage.about = name, about
        return stage

    SEARCH = "search", "settings tried"
    TABLE = "table", "Table 1"
    FIGURE_2 = "figure-2", "Figure 2"
    ABLATIONS = "ablations", "what the paper leaves open"
    HEAT_MAP = "heat-map", "decay × write rate"
    AS_PUBLISHED = "letter", "the paper to the letter"
    """The paper's own choices; records have called it so from the beginning."""
    INITIALISATION = "initialisation", "embeddings tried"
    BEST_INITIALISATION = "best-initialisation", "the best embedding"
    REGULARISATION = "regularisation", "weight decays tried"
    BEST_REGULARISATION = "best-regularisation", "the best weight decay"
    LONGER = "longer", "as long as Figure 2"
    RATES = "rates", "lower rates tried"
    BEST_RATES = "best-rates", "the best lower rate"
    DATA = "data", "ten times the training sequences"
    MATCHED_SEARCH = "matched-search", "rates tried at matched sizes"
    MATCHED = "matched", "matched parameters and state"


class Alternative(NamedTuple):
    """One thing that the search leaves alone, of which other values are tried in the setting it selected."""

    tag: str
    """Of the runs, with the name of the value."""
    stage: Stage
    best_stage: Stage
    """Fresh seeds of the value that validation selects."""
    own: str
    """The search's own value."""
    other: str
    """How a setting with another value differs, in words."""
    best: str
    """The same of the best value."""


EMBEDDING = Alternative(
    *("embedding", Stage.INITIALISATION, Stage.BEST_INITIALISATION),
    *("N(0, 1)", "with another embedding", "with the best embedding"),
)
WEIGHT_DECAY = Alternative(
    *("weight_decay", Stage.REGULARISATION, Stage.BEST_REGULARISATION),
    *("0", "with weight decay", "with the best weight decay"),
)
RATE = Alternative("rate", Stage.RATES, Stage.BEST_RATES, "1", "with a lower rate", "with a lower rate")
ALTERNATIVES = (EMBEDDING, WEIGHT_DECAY, RATE)

DEFAULTS, PAIRS, STEPS = "the defaults", "pairs K", "inner steps S"
"""Choices of the ablations."""

PAPERS_EMBEDDING = "50 to 100, uniform (the paper's)"
"""One of the embeddings tried."""
