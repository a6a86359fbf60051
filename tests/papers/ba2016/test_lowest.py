"""The lowest mean that the record has of a model and size, and what was tried for it."""

from fastweights.papers.ba2016.findings.lowest import lowest
from fastweights.papers.ba2016.page.lowest_table import lowest_table
from papers.ba2016.comparisons import comparison, run


def seeds(stage, rate, errors, **more):
    return [
        run("lstm", 100, i, stage, test_error=error, learning_rate=rate, **more)
        for i, error in enumerate(errors)
    ]


def row(runs):
    table = lowest_table(runs)
    (texts,) = table.rows
    return dict(zip((column.heading for column in table.columns), texts, strict=True))


def test_the_lowest_mean_of_three_seeds_whichever_stage_they_are_of():
    better = seeds("horizon", 0.002, (0.01, 0.02, 0.03))
    found = row([*seeds("table", 0.001, (0.05, 0.05, 0.05, 0.05)), *better])
    assert (found["R"], found["model"], found["paper %"]) == ("100", "LSTM", "0")
    assert (found["mean %"], found["lowest–highest %"]) == ("2.00 ± 2.48", "1.00–3.00")
    assert (found["seeds"], found["training sets"], found["updates"]) == ("3", "1", "1,000")
    assert (found["settings tried"], found["runs"], found["with 3 seeds"]) == ("2", "7", "2")
    assert (found["setting"], found["options tried"]) == ("learning_rate 0.002", "learning_rate")


def test_what_may_not_be_the_lowest():
    few = seeds("search", 0.002, (0.0, 0.0))
    failed = [
        *seeds("table", 0.004, (0.0,) * 3),
        run("lstm", 100, 3, "table", state="failed", learning_rate=0.004),
    ]
    more_data, other_task = (seeds("more-data", 0.008, (0.0,) * 3) for _ in range(2))
    for each in more_data:
        each["specification"]["data"]["train"] = 1_000_000
    for each in other_task:
        each["specification"]["task"]["num_pairs"] = 2
    waiting = [run("lstm", 100, i, "table", state="waiting", learning_rate=0.016) for i in range(3)]
    kept = seeds("table", 0.001, (0.05, 0.06, 0.07))
    found = row([*few, *failed, *more_data, *other_task, *waiting, *kept])
    assert (found["mean %"], found["settings tried"], found["runs"]) == ("6.00 ± 2.48", "3", "9")
    assert lowest([*few, *failed], "lstm", 100).setting is None
    assert not lowest_table([*few, *failed]).rows


def test_seeds_with_data_of_their_own_are_of_the_same_setting():
    own, shared = seeds("table", 0.001, (0.01,) * 3), seeds("horizon", 0.001, (0.03,) * 3)
    (setting,) = lowest([*own, *shared], "lstm", 100).tried
    assert (setting.finished, setting.test_error) == (6, 0.02)


def test_a_row_for_each_of_the_two_and_a_legend_that_says_its_bias():
    table = lowest_table(comparison()["runs"])
    assert [texts[:2] for texts in table.rows] == [["100", "IRNN"], ["100", "LSTM"]]
    assert "biased downward" in table.legend and "no verdict rests on it" in table.legend
