"""Names that the plan gives to its runs and the findings look them up by. Nothing here imports JAX."""

from collections.abc import Mapping
from enum import StrEnum


class Stage(StrEnum):
    """A stage of the study, as `part` in the tags of its runs and as `--parts` calls it."""

    SEARCH = "search"
    TABLE = "table"
    FIGURE_2 = "figure-2"
    ABLATIONS = "ablations"
    HEAT_MAP = "heat-map"
    AS_PUBLISHED = "letter"
    """The paper's own choices; records have called it so from the beginning."""
    INITIALISATION = "initialisation"
    BEST_INITIALISATION = "best-initialisation"
    REGULARISATION = "regularisation"
    BEST_REGULARISATION = "best-regularisation"
    LONGER = "longer"
    RATES = "rates"
    BEST_RATES = "best-rates"
    DATA = "data"
    MATCHED_SEARCH = "matched-search"
    MATCHED = "matched"


ABOUT: Mapping[Stage, str] = {
    Stage.SEARCH: "settings tried",
    Stage.TABLE: "Table 1",
    Stage.FIGURE_2: "Figure 2",
    Stage.ABLATIONS: "what the paper leaves open",
    Stage.HEAT_MAP: "decay × write rate",
    Stage.AS_PUBLISHED: "the paper to the letter",
    Stage.INITIALISATION: "embeddings tried",
    Stage.BEST_INITIALISATION: "the best embedding",
    Stage.REGULARISATION: "weight decays tried",
    Stage.BEST_REGULARISATION: "the best weight decay",
    Stage.LONGER: "as long as Figure 2",
    Stage.RATES: "lower rates tried",
    Stage.BEST_RATES: "the best lower rate",
    Stage.DATA: "ten times the training sequences",
    Stage.MATCHED_SEARCH: "rates tried at matched sizes",
    Stage.MATCHED: "matched parameters and state",
}
"""What each stage is about, in the order of the page."""

DEFAULTS, PAIRS, STEPS = "the defaults", "pairs K", "inner steps S"
"""Choices of the ablations."""

PAPERS_EMBEDDING = "50 to 100, uniform (the paper's)"
"""One of the embeddings tried."""

EMBEDDING, WEIGHT_DECAY, RATE = "embedding", "weight_decay", "rate"
"""Tags of what is tried around the selected setting."""
