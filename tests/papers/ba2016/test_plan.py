"""Plans: what follows from which results, and that nothing selects what is reported."""

import math
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

import pytest

from fastweights.errors import InvalidValueError, UnknownNameError
from fastweights.models import count_parameters
from fastweights.papers.ba2016.plan.ablations import variants
from fastweights.papers.ba2016.plan.matched import largest, num_parameters, state_size
from fastweights.papers.ba2016.plan.spaces import space
from fastweights.papers.ba2016.plan.stages import MODELS, STAGES
from fastweights.runs.specification import RunSpecification
from fastweights.studies.description import get_preset
from fastweights.studies.overrides import override
from fastweights.studies.plans import Choice, select_best
from fastweights.studies.search import candidates
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from outcomes import RESULT

FAST = RunSpecification(AssociativeRetrieval(), "fast-weights", 50)
SOME = Choice(models=("irnn", "fast-weights"), hidden_sizes=(20, 50))


def record(specification, error=0.5, state="finished"):
    return {
        "id": specification.identifier,
        "specification": specification.to_json(),
        "floor": 0.6,
        "state": state,
        "curve": [[10, 1.0, error, -1.0]] if state == "finished" else [],
        "result": RESULT if state == "finished" else None,
    }


def goodness(specification):
    """An error with one lowest setting for each model and size, that the seed does not change; the more
    updates, the lower is the best rate."""
    best_rate = 2e-3 if specification.training.updates < 100 else 1e-3
    rate = abs(math.log(specification.training.learning_rate / best_rate))
    own = {"fast-weights": "write_rate", "irnn": "recurrent_scale"}.get(specification.model)
    embedding, decay = specification.classifier.embedding_scale, specification.training.weight_decay
    alternative = 0.01 / embedding - 0.01 * decay
    return 0.1 + 0.01 * rate + 0.01 * (getattr(specification.cell, own) if own else 0) + alternative


def parts(planned):
    found = defaultdict(list)
    for each in planned:
        found[each.tags["part"]].append(each.specification)
    return found


def rounds(preset, choice, judge=goodness):
    """What the plan asks for, round after round, when every run ends with the error that it is given."""
    plan, known = get_preset(preset).plan(choice), {}
    while True:
        planned = plan(known)
        new = {each.specification for each in planned if each.specification.identifier not in known}
        yield planned
        if not new:
            return
        known |= {each.identifier: record(each, judge(each)) for each in new}


def test_the_plan_grows_and_never_changes_its_mind():
    asked = list(rounds("paper-smoke", SOME))
    assert len(asked) == 5  # search; what it selects; rates for what did not learn; the best of them; no more
    for before, after in pairwise(asked):
        assert [each in after for each in before] == [True] * len(before)
    assert asked[-1] == asked[-2]
    assert set(parts(asked[-1])) == {
        *STAGES,
        "matched-search",
        "best-initialisation",
        "best-regularisation",
        "best-rates",
    }


def test_what_is_reported_has_seeds_that_selected_nothing():
    *_, planned = rounds("paper-smoke", SOME)
    found = parts(planned)
    seeds = {part: {each.seed for each in runs} for part, runs in found.items()}
    selecting = set().union(
        *(seeds[each] for each in ("search", "initialisation", "regularisation", "rates", "matched-search"))
    )
    best = {"best-initialisation", "best-regularisation", "best-rates"}
    for part in ("table", "figure-2", "letter", *best, "longer", "data", "matched"):
        assert not seeds[part] & selecting, part
    assert len(seeds["table"]) == 5


def test_the_table_has_the_setting_that_the_search_selects():
    *_, planned = rounds("paper-smoke", SOME)
    tables = parts(planned)["table"]
    assert Counter((each.model, each.hidden_size) for each in tables) == {
        (model, size): 5 for model in SOME.models for size in SOME.hidden_sizes
    }
    for each in tables:
        best = min(
            (
                run
                for run in parts(planned)["search"]
                if (run.model, run.hidden_size) == (each.model, each.hidden_size)
            ),
            key=goodness,
        )
        assert each.cell == best.cell
        assert each.training.learning_rate == best.training.learning_rate
        assert each.training.updates > best.training.updates


@pytest.mark.parametrize(
    ("errors", "count"),
    [
        ((0.1, 0.19), 5),
        ((0.1, 0.21), 10),
        ((0.0, 0.009), 5),  # below what counts as having learned the task
        ((0.0, 0.011), 10),
    ],
)
def test_seeds_that_differ_get_more_seeds(errors, count):
    """By validation errors alone, and not if the user has said how many."""

    def judge(run):
        return errors[run.seed == 13] if run.seed in range(10, 20) else goodness(run)

    choice = Choice(models=("irnn",), hidden_sizes=(20,), parts=("table",))
    for chosen, seeds in ((choice, count), (replace(choice, seeds=5), 5)):
        *_, planned = rounds("paper-smoke", chosen, judge)
        assert [each.seed for each in parts(planned)["table"]] == list(range(10, 10 + seeds))


def test_a_failed_seed_gets_more_seeds():
    choice = Choice(models=("irnn",), hidden_sizes=(20,), parts=("table",))
    plan = get_preset("paper-smoke").plan(choice)
    *_, planned = rounds("paper-smoke", choice)
    known = {
        each.specification.identifier: record(each.specification, goodness(each.specification))
        for each in planned
    }
    one = parts(planned)["table"][2]
    known[one.identifier] = record(one, state="failed")
    assert len(parts(plan(known))["table"]) == 10


def test_only_what_did_not_learn_the_task_is_trained_longer():
    def judge(run):
        return goodness(run) * (0.05 if run.model == "fast-weights" else 1)

    *_, planned = rounds("paper-smoke", replace(SOME, parts=("longer",)), judge)
    found = parts(planned)
    assert set(found) == {"search", "table", "longer"}
    cells = [("irnn", size) for size in SOME.hidden_sizes]
    assert [(each.model, each.hidden_size) for each in found["longer"]] == [
        cell for cell in cells for _ in range(3)
    ]
    table_of = {
        (each.model, each.hidden_size): replace(each, seed=0)
        for each in found["table"]
        if each.model == "irnn"
    }
    for each in found["longer"]:
        table = table_of[each.model, each.hidden_size]
        assert replace(each, seed=0, training=table.training) == table
        assert replace(each.training, updates=1, evaluate_every=1) == replace(
            table.training, updates=1, evaluate_every=1
        )
        assert each.training.updates == 7 * table.training.updates


def test_a_search_with_few_updates_is_followed_by_lower_rates():
    *_, planned = rounds("paper-smoke", replace(SOME, parts=("rates",)))
    found = parts(planned)
    assert set(found) == {"search", "table", "rates", "best-rates"}
    tables = {(each.model, each.hidden_size): each for each in found["table"]}
    for (model, size), table in tables.items():
        tried = [each for each in found["rates"] if (each.model, each.hidden_size) == (model, size)]
        assert {each.training.learning_rate for each in tried} == {2e-3, 1e-3, 5e-4, 2.5e-4}
        assert {each.training.updates for each in tried} == {table.training.updates}
        best = [each for each in found["best-rates"] if (each.model, each.hidden_size) == (model, size)]
        assert len(best) == 3
        for each in best:
            assert each.training == replace(table.training, learning_rate=1e-3)
            assert replace(each, seed=0, training=table.training) == replace(table, seed=0)


def test_more_data_have_the_best_rate():
    def judge(run):
        return goodness(run) * (0.05 if run.model == "fast-weights" else 1)

    *_, planned = rounds("paper-smoke", replace(SOME, parts=("data",)), judge)
    found = parts(planned)
    assert set(found) == {"search", "table", "rates", "best-rates", "data"}
    assert Counter((each.model, each.hidden_size) for each in found["data"]) == {
        ("irnn", size): 3 for size in SOME.hidden_sizes
    }
    for each in found["data"]:
        (best,) = {replace(run, seed=0) for run in found["best-rates"] if run.hidden_size == each.hidden_size}
        assert replace(each, seed=0, data=best.data) == best
        assert each.data == replace(best.data, train=10 * best.data.train)


def test_every_model_gets_as_many_trials():
    searched = parts(get_preset("paper").plan(Choice())({}))["search"]
    counts = Counter((each.model, each.hidden_size) for each in searched)
    assert set(counts) == {(model, size) for model in MODELS for size in (20, 50, 100)}
    assert len(set(counts.values())) == 1
    assert len({each.training.learning_rate for each in searched}) >= 4


def test_a_failed_setting_is_not_selected_and_a_missing_one_is_waited_for():
    good, bad = FAST, override(FAST, {"cell.decay": 0.5})
    known = {each.identifier: record(each, 0.3) for each in (good, bad)}
    known[bad.identifier] = record(bad, state="failed")
    assert select_best([bad, good], known) == good
    assert select_best([bad, good], {bad.identifier: known[bad.identifier]}) is None
    waiting = {**known, good.identifier: record(good, state="waiting")}
    assert select_best([bad, good], waiting) is None


def test_parts_bring_the_search_that_they_rest_on():
    def found(*names):
        return set(parts(get_preset("paper").plan(replace(SOME, parts=names))({})))

    assert found("table") == found("matched") == found("longer") == found("search") == {"search"}
    assert found("ablations", "heat-map", "letter") == {"ablations", "heat-map", "letter"}
    assert found("as-published") == {"letter"}


def test_the_papers_own_task_may_be_named():
    names, unnamed = (
        [entry.specification.identifier for entry in get_preset("paper-smoke").plan(choice)({})]
        for choice in (Choice(task=AssociativeRetrieval()), Choice())
    )
    assert names == unnamed


@pytest.mark.parametrize(
    ("preset", "choice", "words"),
    [
        ("paper", Choice(parts=("tables",)), "search"),
        ("paper", Choice(seeds=0), "at least 1"),
        ("paper", Choice(task=AssociativeRetrieval(3)), "always use the paper's task; leave out --task"),
        ("paper", Choice(seeds=11), "at most 10"),
        ("paper", Choice(models=("fast-weight",)), "did you mean 'fast-weights'"),
        ("paper", Choice(sampler="annealing"), "tpe"),
        ("quick", Choice(sampler="tpe"), "grid"),
        ("quick", Choice(parts=("table",)), "no parts"),
        ("quick", Choice(seeds=0), "at least 1"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_before_anything_runs(preset, choice, words):
    with pytest.raises((InvalidValueError, UnknownNameError), match=words):
        get_preset(preset).plan(choice)


@pytest.mark.parametrize("model", ["irnn", "fast-weights"])
def test_tpe_asks_for_as_many_settings_in_rounds_and_nears_the_best(model):
    base, known, sizes = replace(FAST, model=model, cell=None), {}, []
    while True:
        found = candidates(base, space(model), (0, 1), "tpe", known)
        assert [each.identifier for each in found[: len(known)]] == list(known)
        if len(found) == len(known):
            break
        sizes.append(len(found) - len(known))
        known |= {each.identifier: record(each, goodness(each)) for each in found}
    total = len(candidates(base, space(model), (0, 1), "grid", {}))
    assert sizes == [8] * (total // 8)
    for dimension in space(model):
        for each in found:
            value = attrgetter(dimension.place)(each)
            assert min(dimension.values) <= value <= max(dimension.values)
    first, last = (min(map(goodness, part)) for part in (found[:8], found))
    assert last < first


def test_tpe_goes_on_where_a_setting_failed():
    base, known = replace(FAST, model="irnn", cell=None), {}
    for _ in range(3):
        found = candidates(base, space("irnn"), (0,), "tpe", known)
        known = {each.identifier: record(each, state="failed") for each in found}
    assert len(found) == 12


def test_variants_change_one_choice_each():
    for model in ("irnn", "lstm", "fast-weights"):
        base = replace(FAST, model=model, cell=None)
        found = list(variants(base))
        assert found[0][2] == base
        assert len({each for _, _, each in found}) == len(found)
        assert len({(choice, value) for choice, value, _ in found}) == len(found)


def test_sizes_are_the_largest_within_the_budget():
    for model in ("irnn", "lstm", "fast-weights"):
        base = replace(FAST, model=model, cell=None)
        for measure, budget in ((num_parameters, 20_000), (state_size, 420)):
            found = largest(base, measure, budget)
            assert found is not None
            assert measure(found) <= budget < measure(replace(found, hidden_size=found.hidden_size + 1))
    assert largest(FAST, state_size, 5) is None


def test_sizes_of_states():
    sizes = {
        model: state_size(replace(FAST, model=model, cell=None)) for model in ("irnn", "lstm", "fast-weights")
    }
    assert sizes == {"irnn": 50, "lstm": 100, "fast-weights": 50 + 50 * 50}
    assert num_parameters(FAST) == count_parameters(FAST.build_model())
