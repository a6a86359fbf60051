"""The protocol of section 4.1 in two minutes: one seed, one learning rate, what fast weights need."""

from fastweights.studies.presets import GridPreset


def _updates(hidden_size: int) -> int:
    return 30_000 if hidden_size < 35 else 10_000 if hidden_size < 75 else 5_000


QUICK = GridPreset(
    summary="one seed, one learning rate, a budget that fast weights need: two minutes on two cores",
    updates=_updates,
)
