"""Ba, Hinton, Mnih, Leibo & Ionescu 2016, Using fast weights to attend to the recent past.

What the rest of the package sees of the paper; its plan needs JAX, and is imported on demand.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastweights.papers.ba2016.published import BA_2016, WAYMAN_MATHEW_2017
from fastweights.registry import register_paper
from fastweights.studies.papers import Paper, StudyReport

if TYPE_CHECKING:
    from fastweights.studies.study import Preset


@register_paper("ba2016", source=BA_2016.citation)
class Ba2016(Paper):
    """Section 4.1: associative retrieval, with 12 published test errors."""

    title = "Fast weights at associative retrieval"
    question = (
        "Does a fast associative memory beat an IRNN and an LSTM of equal size at retrieving what it has "
        "just seen? Each model reads letters paired with digits and one of the letters again, as in "
        "c9k8j3f1??c, and has to answer with the digit that followed it, 9."
    )
    publications = (BA_2016, WAYMAN_MATHEW_2017)
    presets = ("quick", "paper", "paper-smoke")

    def preset(self, name: str) -> "Preset":
        if name == "quick":
            from fastweights.studies.description import StudyDescription

            return StudyDescription.read(Path(__file__).parent / "plan" / "quick.toml")
        from fastweights.papers.ba2016.plan.comparison import PAPER, PAPER_SMOKE

        return {"paper": PAPER, "paper-smoke": PAPER_SMOKE}[name]

    def report(self, results: Mapping[str, Any]) -> StudyReport | None:
        """Verdicts, conclusions and their grounds, for a study with stages; `quick` has none."""
        if not any(run.get("roles") for run in results["runs"]):
            return None
        from fastweights.papers.ba2016.page.report import Verification

        return Verification(results)
