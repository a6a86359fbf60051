"""The rules by which the paper's conclusions survive, each once for all conclusions that it is about."""

from collections.abc import Iterable
from typing import NamedTuple

from fastweights.papers.ba2016.findings.conclusions import Conclusion
from fastweights.studies.analysis.runs import grouped


class RuleOf(NamedTuple):
    """A rule, and the conclusions that it decides."""

    claims: str
    rule: str


def rules_of(conclusions: Iterable[Conclusion]) -> list[RuleOf]:
    """In the order in which the conclusions need them."""
    return [
        RuleOf(
            " ".join(each.claim for each in alike),
            f"{'They survive' if len(alike) > 1 else 'It survives'} if {rule}.",
        )
        for rule, alike in grouped(conclusions, lambda each: each.rule).items()
    ]
