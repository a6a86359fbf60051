"""Names that the plan gives to its runs and the findings look them up by. Nothing here imports JAX."""

from enum import StrEnum


class Stage(StrEnum):
    """A stage of the study, in the order of the page: `part` in the tags of its runs, `--parts` on the
    command line; and what it is about.

    Records also have runs that the plan named before it was changed: they belong to none.
    """

    about: str

    def __new__(cls, name: str, about: str) -> "Stage":
        stage = str.__new__(cls, name)
        stage._value_, stage.about = name, about
        return stage

    SEARCH = "search", "settings tried, with few updates"
    HORIZON = "horizon", "those that survive, with all updates"
    TABLE = "table", "Table 1"
    LETTER_SEARCH = "letter-search", "rates tried beyond the four"
    AS_PUBLISHED = "letter", "the paper to the letter"
    """The paper's own choices; records have called it so from the beginning."""
    HEADS_SEARCH = "heads-search", "rates tried with other heads"
    HEADS = "heads", "an associative LSTM with one head, or the mean of three"
    DATA_SEARCH = "data-search", "rates tried with more sequences"
    DATA = "more-data", "more training sequences"
    LONGER_SEARCH = "updates-search", "rates tried for as long"
    LONGER = "more-updates", "as long as Figure 2"
    PATTERN = "pattern", "to the letter, at four rates"
    ASSUMPTIONS = "assumptions", "to the letter but for one assumption"
    AGAIN = "again", "the closest numbers, with fresh seeds"
    MATCHED_SEARCH = "matched-search", "rates tried at matched sizes"
    MATCHED = "matched", "matched parameters and state"
    FIGURE_2 = "figure-2", "Figure 2"
    ABLATIONS = "ablations", "what the paper leaves open"
    HEAT_MAP = "heat-map", "decay × write rate"


FIGURE_SIZE = 50
"""The units R of Figure 2, and of the ablations."""

DEFAULTS, PAIRS, STEPS = "the defaults", "pairs K", "inner steps S"
"""Choices of the ablations."""

OTHER_HEADS = "one head", "mean of three"
"""Of an associative LSTM, which has the sum of three heads' answers in the table."""

AT_BEST, TO_THE_LETTER = "at best", "to the letter"
"""Of what runs with more data, or with more updates, are the same but for these."""

RATE_SEARCHED = "to the letter, rate searched"
"""On those data, not on fewer."""

PAPERS_EMBEDDING = "50 to 100, uniform (the paper's)"
"""One of the embeddings tried."""
