"""The sentences on data, updates, rates and assumptions, against made-up runs."""

import re

import pytest

from fastweights.papers.ba2016.findings import effects
from fastweights.papers.ba2016.findings.table_entries import table_entries
from fastweights.papers.ba2016.names import AT_BEST, RATE_SEARCHED, TO_THE_LETTER
from papers.ba2016.comparisons import run, table

MANY, FEWER = 10_000_000, 1_000_000


def five(middle):
    return [middle * factor for factor in (0.9, 0.95, 1, 1.05, 1.1)]


def arm(part, model, size, errors, reading=AT_BEST, sequences=MANY, first=280, **more):
    tags = {"reading": reading, "sequences": sequences}
    return [
        run(model, size, first + i, part, errors=(0.6, each), **tags, **more) for i, each in enumerate(errors)
    ]


def letter(model, size, errors):
    return [run(model, size, 240 + i, "letter", errors=(0.6, each)) for i, each in enumerate(errors)]


BASE = [
    *table("irnn", 100, five(0.02)),
    *table("lstm", 50, five(0.03)),
    *table("fast-weights", 20, five(0.01)),
    *letter("irnn", 100, five(0.1)),
]


def of_data(*arms):
    return effects.of_data(table_entries([*BASE, *(each for runs in arms for each in runs)]))


def test_whose_errors_are_lower_higher_or_not_clearly_different():
    told = of_data(
        arm("more-data", "irnn", 100, five(0.008)),
        arm("more-data", "irnn", 100, five(0.001), sequences=FEWER),
        arm("more-data", "lstm", 50, five(0.06)),
        arm("more-data", "fast-weights", 20, five(0.0101)),
        arm("more-data", "irnn", 100, five(0.4), RATE_SEARCHED),
        arm("more-data", "irnn", 100, five(0.001), TO_THE_LETTER, learning_rate=0.0003),
    )
    best, letters = told.split(" With ")
    assert best == (
        "With 10,000,000 training sequences, at best, errors are lower for IRNN of 100 units (0.80 ± 0.08 %, "
        "before 2.00 ± 0.20 %); higher for LSTM of 50 units (6.00 ± 0.59 %, before 3.00 ± 0.29 %); not "
        "clearly different for fast weights of 20 units (1.01 ± 0.10 %, before 1.00 ± 0.10 %)."
    )
    assert letters == (
        "10,000,000 training sequences, to the letter, rate searched, errors are higher for IRNN of 100 "
        "units (40.0 ± 3.9 %, before 10.0 ± 1.0 %)."
    )


@pytest.mark.parametrize("which", ["waiting", "shared"])
def test_nothing_is_said_of_what_is_not_complete(which):
    more = arm("more-data", "irnn", 100, five(0.008))
    if which == "waiting":
        more[0] |= {"state": "waiting", "result": None}
    for each in more if which == "shared" else ():
        each["specification"]["data"]["seed"] = 3
    assert of_data(more) == "" == of_data()


def test_a_run_that_failed_guesses():
    more = arm("more-data", "irnn", 100, five(0.008))
    more[0] |= {"state": "failed", "result": None, "failure": "the loss is not finite at update 7"}
    assert "errors are not clearly different for IRNN of 100 units" in of_data(more)


def test_a_difference_of_five_hundredths_of_a_point_is_none():
    base, more = table("lstm", 100, five(0.0006)), arm("more-data", "lstm", 100, five(0.0002))
    assert "not clearly different for LSTM of 100 units" in effects.of_data(table_entries([*base, *more]))


def test_more_updates_are_compared_with_fewer_on_as_many_sequences():
    def longer(error, reading, sequences):
        return arm("more-updates", "irnn", 100, five(error)[:3], reading, sequences, updates=700_000)

    runs = [
        *BASE,
        *arm("more-data", "irnn", 100, five(0.008)),
        *arm("more-data", "irnn", 100, five(0.04), RATE_SEARCHED),
        *longer(0.016, AT_BEST, MANY),
        *longer(0.08, TO_THE_LETTER, MANY),
        *longer(0.05, TO_THE_LETTER, 100_000),
    ]
    told = effects.of_updates(table_entries(runs))
    words = re.findall(r"updates on ([\d,]+) sequences, ([^,]+), errors are (\w+) .*?before ([\d.]+)", told)
    assert words == [
        ("10,000,000", "at best", "higher", "0.80"),
        ("100,000", "to the letter", "lower", "10.0"),
        ("10,000,000", "to the letter", "higher", "4.00"),
    ]
    assert told.startswith("With 700,000 updates on")


def pattern(model, error, part="pattern", updates=2_000, **more):
    made = run(model, 20, 320, part, errors=(error,), **more)
    made["curve"][0][0] = updates
    return made


LETTERS = [run(model, 20, 240, "letter", errors=(0.5,)) for model in ("irnn", "lstm")]


def test_the_nearest_rate_is_told_and_whether_it_is_near():
    """The paper has 62.11 and 60.81 %."""
    far = [pattern("irnn", 0.6211), pattern("lstm", 0.05)]
    near = [pattern(model, 0.5, learning_rate=0.003) for model in ("irnn", "lstm")]
    told = effects.of_rates([*LETTERS, *far, *near])
    assert told == (
        "Of all rates and numbers of updates, the nearest is 0.003 after 2,000 updates. The paper's pattern "
        "is back there: the odds of 2 validation errors differ from those of the published errors by a "
        "factor of 1.59 (geometric mean), at most by 1.64, for IRNN of 20 units."
    )
    learned = [pattern(model, 0.15, learning_rate=0.003) for model in ("irnn", "lstm")]
    told = effects.of_rates([*LETTERS, *learned])
    assert "The paper's pattern is not back there" in told
    assert "at most by 9.29, for IRNN of 20 units" in told
    assert effects.of_rates([]) == ""


def test_the_nearest_assumption_is_told():
    usual = [pattern("irnn", 0.3), pattern("lstm", 0.3)]
    better = pattern("lstm", 0.6, "assumptions", assumption="forget biases of 0")
    worse = pattern("lstm", 0.1, "assumptions", assumption="clipping at norm 5")
    told = effects.of_assumptions([*LETTERS, *usual, better, worse])
    assert told == (
        "Of 2 assumptions the nearest is: forget biases of 0. The paper's pattern is not back there: the "
        "odds of 2 validation errors differ from those of the published errors by a factor of 1.99 "
        "(geometric mean), at most by 3.82, for IRNN of 20 units. With none changed, the mean factor is 3.72."
    )
    told = effects.of_assumptions([*LETTERS, *usual, worse])
    assert told.startswith(
        "No assumption of 1 comes nearer than the paper as it is read. The paper's pattern"
    )
    assert effects.of_assumptions([*LETTERS, *usual]) == ""
