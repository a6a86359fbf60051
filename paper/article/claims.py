"""What the text says in words of finished measurements, as conditions on the record.

The text marks such a sentence `#claim("NAME")[…]`. If its condition is false, the paper is not built and a
test fails; while the runs it needs have not ended, it is left out.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from article.other_numbers import TASKS, settings
from fastweights.papers.ba2016.names import DEFAULTS
from fastweights.papers.ba2016.page.ablation_tables import ablation_settings
from fastweights.papers.ba2016.page.figure_2 import figure_2_settings, losses
from fastweights.papers.ba2016.page.matched_tables import MatchedSettings, matched_settings
from fastweights.studies.analysis.settings import Setting

LEARNED, NEAR, FAR = 0.01, 0.05, 100
"""An error that counts as learned, a distance from the floor that counts as none, and a large factor."""

Variants = Mapping[tuple[str, str], Setting]


def claims(results: Mapping[str, Any]) -> dict[str, bool | None]:
    """Whether each holds; None if its runs have not ended."""
    variants = ablation_settings(results["runs"])
    return {
        **_fast_weights(variants["fast-weights"]),
        **_baselines(variants),
        "figure-2-order": _figure_2_order(figure_2_settings(results["runs"])),
        "state-favours-lstm": _state_favours_lstm(matched_settings(results["runs"])),
        **_tasks(),
    }


def _ended(*tried: Setting) -> bool:
    return all(setting.finished + setting.failed == setting.planned for setting in tried)


def _error(setting: Setting) -> float:
    """The mean, infinite where every run failed."""
    return math.inf if setting.test_error is None else setting.test_error


def _fast_weights(variants: Variants) -> dict[str, bool | None]:
    """Of one choice at a time, from the defaults."""
    default = variants[DEFAULTS, ""]

    def far_worse(*choices: tuple[str, str]) -> bool | None:
        tried = [variants[choice] for choice in choices]
        bound = FAR * _error(default)
        return all(_error(setting) > bound for setting in tried) if _ended(default, *tried) else None

    def learned(*choices: tuple[str, str]) -> bool | None:
        tried = [variants[choice] for choice in choices]
        return all(_error(setting) < LEARNED for setting in tried) if _ended(*tried) else None

    shared, own = variants["inner steps S", "3"], variants["LN parameters at S = 3", "one set a step"]
    without = [variants["LN", value] for value in ("none", "LN[W h + C x] + A h")]
    return {
        "normalising-h0-hurts": far_worse(("LN on h_0", "shared"), ("LN on h_0", "separate")),
        "paper-embedding-slow": far_worse(("embedding", "50 to 100, uniform (the paper's)")),
        "no-normalisation-fails": all(each.finished == 0 for each in without) if _ended(*without) else None,
        "one-step-matters": far_worse(*(("inner steps S", value) for value in ("0", "3", "10"))),
        "own-parameters-help": _error(own) < _error(shared) if _ended(own, shared) else None,
        "second-method-differs": far_worse(("method", "2")),
        "these-do-not-matter": learned(
            ("decay λ", "0.95"),
            ("A when h(t+1) is computed", "one step late"),
            ("softmax", "37 symbols"),
            ("read-out", "none"),
            ("W at the start", "0 · I"),
            ("W at the start", "1 · I"),
            ("LN bias", "0"),
            ("LN bias", "1"),
        ),
    }


def _baselines(variants: Mapping[str, Variants]) -> dict[str, bool | None]:
    def better(model: str, choice: str, value: str) -> bool | None:
        changed, default = variants[model][choice, value], variants[model][DEFAULTS, ""]
        return _error(changed) < _error(default) if _ended(changed, default) else None

    both = better("irnn", "LN", "on"), better("lstm", "LN", "on")
    return {
        "normalisation-helps-baselines": None if None in both else all(both),
        "identity-helps-irnn": better("irnn", "W at the start", "1 · I"),
    }


def _figure_2_order(models: Mapping[str, Setting]) -> bool | None:
    """Whether every seed of fast weights ends below every seed of an IRNN and of an LSTM."""
    compared = [models[model] for model in ("fast-weights", "irnn", "lstm") if model in models]
    if len(compared) < 3 or not _ended(*compared):
        return None
    ours, *theirs = [[curve[max(curve)] for run in each.runs if (curve := losses(run))] for each in compared]
    return all(max(ours) < min(losses_of_model) for losses_of_model in theirs)


def _state_favours_lstm(matched: MatchedSettings) -> bool | None:
    """Whether an LSTM with as large a state as fast weights errs less, at the largest state at which both
    have runs; None, and the sentence is left out, without such runs or if they turn that around."""
    budgets = [
        budget
        for criterion, budget, model in matched
        if (criterion, model) == ("state", "lstm") and ("state", budget, "fast-weights") in matched
    ]
    if not budgets:
        return None
    pair = [matched["state", max(budgets), model] for model in ("lstm", "fast-weights")]
    return True if _ended(*pair) and _error(pair[0]) < _error(pair[1]) else None


def _tasks() -> dict[str, bool | None]:
    found = {where: setting for task in TASKS for where, setting in settings(task).items()}
    eight, twelve = ([found[f"many-pairs.{pairs}.{model}"] for model in _MODELS] for pairs in (8, 12))
    parity = [found[f"parity.{model}"] for model in ("lstm", "irnn", "fast-weights")]
    adding, recall = found["adding.irnn"], found["recall.fast-weights"]
    return {
        "eight-pairs-apart": _apart(eight) if _ended(*eight) else None,
        "twelve-pairs-lead": _leads(twelve) if _ended(*twelve) else None,
        "parity-lstm-only": _error(parity[0]) == 0 and all(map(_guesses, parity[1:]))
        if _ended(*parity)
        else None,
        "adding-solved": max(adding.test_errors) < (adding.goal or 0) if _ended(adding) else None,
        "recall-not-learned": _error(recall) > recall.floor if _ended(recall) else None,
    }


_MODELS = ("fast-weights", "lstm", "mgu")


def _apart(models: Sequence[Setting]) -> bool:
    """Whether every seed of the first is below every seed of the others."""
    return max(models[0].test_errors) < min(min(other.test_errors) for other in models[1:])


def _leads(models: Sequence[Setting]) -> bool:
    return _error(models[0]) < min(map(_error, models[1:]))


def _guesses(setting: Setting) -> bool:
    return abs(_error(setting) - setting.floor) < NEAR
