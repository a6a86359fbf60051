"""Statistics of a setting as text, for the cells of tables; empty where there is nothing to say."""

import math

from fastweights.report.error_units import UNITS, ErrorUnit
from fastweights.report.labels import Rounded, count, duration, model_label, share_of
from fastweights.studies.analysis.settings import Setting


def name_text(setting: Setting) -> str:
    """`LSTM`, or `LSTM, forget_bias 2.0` where there are several."""
    return ", ".join(filter(None, [model_label(setting.model), setting.label]))


def unit_of(setting: Setting) -> ErrorUnit:
    """How its errors are written."""
    return UNITS[setting.error_kind]


def error_text(setting: Setting) -> str:
    """`1.81 ± 0.20`, the one value of one seed, or `failed`."""
    if setting.test_error is not None:
        return unit_of(setting).text(setting.test_error, setting.half_interval)
    return "failed" if setting.failed and not setting.unfinished else ""


def mean_text(setting: Setting) -> str:
    """`1.81 ± 0.20 %`."""
    return "" if setting.test_error is None else f"{error_text(setting)}{unit_of(setting).sign}"


def range_text(setting: Setting) -> str:
    """`0.40–1.69`: the lowest and the highest test error."""
    errors = setting.test_errors
    return unit_of(setting).range_text(min(errors), max(errors)) if errors else ""


def seeds_text(setting: Setting) -> str:
    """How many are finished, and of how many if not all."""
    return share_of(setting.finished, setting.planned)


def length_text(setting: Setting) -> str:
    """How many updates each run has."""
    return count(setting.options["training"]["updates"]) if setting.planned else ""


def updates_text(setting: Setting) -> str:
    """`41,000`, `41,000 (4 of 5)`, `– (2 of 5)`: the median of the updates to the goal."""
    ended, updates = setting.finished + setting.failed, setting.updates_to_goal
    if updates is None:
        return ""
    text = "–" if updates == math.inf else f"{updates:,.0f}"
    text = text if setting.reached == ended else f"{text} ({setting.reached} of {ended})"
    return Rounded(text, {"": updates, "seeds there": setting.reached, "of seeds": ended})


def parameters_text(setting: Setting) -> str:
    """How many numbers are trained."""
    return "" if setting.parameters is None else count(setting.parameters)


def state_text(setting: Setting) -> str:
    """How many numbers a sequence's state has."""
    return "" if setting.state_size is None else count(setting.state_size)


def time_text(setting: Setting) -> str:
    """The mean of what a run took."""
    return "" if setting.seconds is None else duration(setting.seconds)
